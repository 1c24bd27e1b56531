"""The review of an order, and placing it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import requests
import time_machine
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import AssetFactory, OrderFactory, PositionFactory
from tests.trading.conftest import answer_orders, refusal
from tests.trading.views.conftest import review_url, shown
from trading.models import Bar, BarSeries, Order, Quote

pytestmark = pytest.mark.django_db


def test_review_places_once_and_shows_the_order(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, account)
    url = review_url(account)

    first, second = owner.post(url, {"seen_price": "200.1"}), owner.post(url, {"seen_price": "200.1"})

    order = Order.objects.get()
    assert first["Location"] == second["Location"] == account_url(account, "trading:order", order.pk)
    assert owner.get(url)["Location"] == first["Location"]
    assert broker.count("POST") == 1
    page = owner.get(first["Location"]).content.decode()
    assert REQUEST_ID in page
    assert str(order.pk) in page
    assert "data-live-url" in page


def test_review_that_borrows_says_how_much_and_what_that_means(
    owner: Client, on_margin: BrokerageAccount
) -> None:
    page = shown(owner.get(review_url(on_margin, notional="8000")))

    assert "This order borrows about $3,000.00 from the broker" in page
    assert "From your own cash</dt><dd>$5,000.00" in page
    assert "You owe the broker after</dt><dd>about $3,000.00" in page
    assert "You pay interest" in page
    assert "a margin call" in page
    assert 'type="checkbox" name="borrow"' in page
    assert "−$3,000.00" not in page


def test_review_that_borrows_is_not_placed_without_the_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    url = review_url(on_margin, notional="8000")

    page = shown(owner.post(url, {"seen_price": "200.1", "seen_borrowing": "3000"}))

    assert "Nothing was sent: this order borrows about $3,000.00 from the broker." in page
    assert "Place buy order" in page
    assert not Order.objects.exists()
    assert broker.count("POST") == 0


def test_review_that_borrows_more_than_was_seen_is_asked_again(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    url = review_url(on_margin, notional="8000")

    page = shown(owner.post(url, {"seen_price": "200.1", "seen_borrowing": "100", "borrow": "on"}))

    assert "now borrows about $3,000.00 from the broker, and you agreed to $100.00" in page
    assert not Order.objects.exists()


def test_review_that_borrows_is_placed_with_the_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, on_margin)
    url = review_url(on_margin, notional="8000")

    owner.post(url, {"seen_price": "200.1", "seen_borrowing": "3000", "borrow": "on"})

    assert Order.objects.get().notional == Decimal(8000)


def test_review_from_own_cash_asks_for_no_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, on_margin)
    url = review_url(on_margin, notional="5000")

    assert "orrow" not in shown(owner.get(url)).split("<main")[1].replace("seen_borrowing", "")
    owner.post(url, {"seen_price": "200.1"})

    assert Order.objects.exists()


def test_review_of_one_share_is_in_the_singular(owner: Client, account: BrokerageAccount) -> None:
    page = shown(owner.get(review_url(account, qty="1")))

    assert "Buy 1 share of" in page
    assert "after</dt><dd>1 share<" in page


def test_review_in_dollars(owner: Client, account: BrokerageAccount) -> None:
    page = owner.get(review_url(account, notional="250")).content.decode()

    assert "Buy about 1.249375312 shares of Apple Inc. Common Stock for $250.00 at market" in page
    assert "unit=DOLLARS&amp;amount=250" in page


def test_review_that_no_longer_passes_cannot_be_placed(owner: Client, account: BrokerageAccount) -> None:
    page = owner.get(review_url(account, qty="100")).content.decode()

    assert "Not enough buying power" in page
    assert "Place buy order" not in page
    for words in ("Borrowed", "You owe", " after</dt>"):
        assert words not in page  # nothing comes of it


def test_review_price_moved_is_asked_again(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    page = owner.post(review_url(account), {"seen_price": "190"}).content.decode()

    assert "The price has moved from $190.00 to $200.10" in page
    assert 'value="200.1"' in page
    assert not Order.objects.exists()


def test_review_stale_quote_says_last_known(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", status=500, json={})

    assert "Last known, " in owner.get(review_url(account)).content.decode()


def test_review_too_old_goes_back_to_the_ticket_as_it_was(owner: Client, account: BrokerageAccount) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        url = review_url(account)

    response = owner.post(url)

    ticket = account_url(account, "trading:ticket", "AAPL")
    assert response["Location"] == f"{ticket}?side=BUY&unit=SHARES&amount=0.42"
    assert not Order.objects.exists()


def test_review_outcome_unknown_says_do_not_resend(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_orders("POST", account, body=requests.exceptions.ReadTimeout())

    page = owner.post(review_url(account), follow=True).content.decode()

    assert "We are checking; do not re-send" in page


def test_review_refused_by_the_broker_in_plain_words(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_orders("POST", account, status=403, json=refusal("insufficient buying power"))

    page = owner.post(review_url(account), follow=True).content.decode()

    assert "There is not enough buying power for this order." in page
    assert REQUEST_ID in page


LIMIT = {"type": "LIMIT", "limit_price": "230", "qty": "1"}


def test_review_of_a_sale_says_fees_by_name(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal(5))

    page = shown(owner.get(review_url(account, side="SELL", qty="5")))

    assert "Regulatory fees</dt><dd>about $0.05" in page
    assert "SEC fee $0.03, FINRA trading activity fee $0.01" in page
    assert "Cash after</dt><dd>about $1,999.45" in page


def test_review_of_a_limit_order_says_it_and_when_it_trades(owner: Client, account: BrokerageAccount) -> None:
    page = shown(
        owner.get(review_url(account, qty="1", type="LIMIT", limit_price="195", time_in_force="GTC"))
    )

    assert "Buy 1 share of Apple Inc. Common Stock at $195.00 or less" in page
    assert "Good for</dt><dd>Until canceled, at most to" in page
    assert "up to 90 days" in page
    assert 'name="read"' not in page


def test_review_caution_is_not_placed_without_the_tick(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, account)
    url = review_url(account, **LIMIT)

    page = shown(owner.get(url))
    assert "Your limit of $230.00 is 15% above the last price, $200.00." in page
    assert 'name="read"' in page
    refused = shown(owner.post(url, {"seen_price": "200.1"}))
    assert "tick that you have" in refused
    assert not Order.objects.exists()

    owner.post(url, {"seen_price": "200.1", "read": "on"})
    assert Order.objects.get().limit_price == 230


def test_review_first_order_outside_regular_hours_asks_to_read_once(
    owner: Client, account: BrokerageAccount
) -> None:
    url = review_url(account, **{**LIMIT, "limit_price": "200", "extended_hours": "True"})

    assert "Your first order for trading outside regular hours" in shown(owner.get(url))
    OrderFactory.create(
        account, status="canceled", qty=Decimal(1), type="LIMIT", limit_price=Decimal(1), extended_hours=True
    )
    assert "Your first order" not in shown(owner.get(url))


def test_review_of_a_large_order_warns_of_the_days_volume(owner: Client, account: BrokerageAccount) -> None:
    series = BarSeries.objects.create(asset=AssetFactory.create(), timeframe="1Day")
    for day in range(3):
        at = timezone.now() - timedelta(days=day)
        prices = dict.fromkeys(("open", "high", "low", "close"), Decimal(200))
        Bar.objects.create(series=series, at=at, volume=Decimal(90), **prices)

    assert "about 90 shares change hands" in shown(owner.get(review_url(account, qty="1")))


def test_review_with_an_old_price_asks_once_more(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, account)
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", status=500, json={})
    url = review_url(account)

    page = shown(owner.post(url, {"seen_price": "200.1"}))
    assert "we could not get a fresh price just now" in page
    assert 'name="seen_old_price" value="1"' in page
    assert not Order.objects.exists()

    owner.post(url, {"seen_price": "200.1", "seen_old_price": "1"})
    assert Order.objects.exists()


def test_review_in_the_way_of_an_open_order_leads_to_it(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal(5))
    other = OrderFactory.create(account, status="new", side="SELL", qty=Decimal(1))

    page = shown(owner.get(review_url(account)))

    assert "a wash trade" in page
    assert account_url(account, "trading:order", other.pk) in page
    assert "Place buy order" not in page


@pytest.mark.parametrize(
    "data",
    [
        {"qty": "2", "type": "TRAILING_STOP", "trail_percent": "1.5"},
        {"qty": "2", "order_class": "BRACKET", "take_profit_price": "250", "stop_loss_price": "150"},
        {"notional": "20", "type": "LIMIT", "limit_price": "199"},
    ],
)
def test_review_edit_brings_everything_back(
    owner: Client, account: BrokerageAccount, data: dict[str, str]
) -> None:
    edit = owner.get(review_url(account, **data)).context["edit_url"]
    form = owner.get(edit).context["form"]

    again = owner.post(
        edit.split("?")[0], {name: form[name].value() or "" for name in form.fields} | {"more": "1"}
    )

    assert again.status_code == 302, again.context["form"].errors
    found = owner.get(again["Location"]).context["ticket"]
    assert {name: value for name, value in found.data().items() if name in data} == data
