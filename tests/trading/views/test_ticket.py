"""The page of an asset, with its ticket."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
)
from tests.trading.views.conftest import LONG, MARGIN, assert_constant_queries, shown, signed_in
from trading.models import MarketClock, Order, Quote
from trading.services import watchlists

pytestmark = pytest.mark.django_db


def ticket(owner: Client, **data: str) -> Any:
    return owner.post("/trade/AAPL/", {"side": "BUY", "unit": "SHARES", "amount": "0.42", **data})


def test_asset_shows_price_and_ticket(owner: Client) -> None:
    page = owner.get("/trade/AAPL/").content.decode()

    assert "$200.00" in page
    assert "+$2.00 (+1.01%)" in page
    assert "You can spend" in page


def test_asset_on_the_day_of_a_split_shows_no_change(owner: Client) -> None:
    Quote.objects.update(previous_close=Decimal(800))

    page = shown(owner.get("/trade/AAPL/"))

    assert "No change since the previous close is shown" in page
    assert "75" not in page.split("Last price")[1].split("</div>")[0]


def test_asset_ticket_tells_own_cash_from_what_could_be_borrowed(account: BrokerageAccount) -> None:
    page = shown(signed_in(BrokerageAccountFactory.create(**MARGIN)).get("/trade/AAPL/"))

    assert "You can spend</dt><dd>$5,000.00 of your own cash" in page
    assert "You could borrow</dt><dd>$5,000.00" in page
    assert "?side=BUY&amp;unit=DOLLARS&amp;amount=5000" in page
    assert "$10,000.00" not in page


def test_asset_ticket_of_a_cash_account_speaks_of_no_borrowing(owner: Client) -> None:
    page = shown(owner.get("/trade/AAPL/"))

    assert "You can spend</dt><dd>$1,000.00</dd>" in page
    assert "borrow" not in page


@pytest.mark.parametrize(
    ("not_offered", "title", "side"),
    [("BUY", "You can only sell", "SELL"), ("SELL", "You can only buy", "BUY")],
)
def test_asset_one_side_not_offered_is_said_before_the_ticket(
    owner: Client, settings: Any, not_offered: str, title: str, side: str
) -> None:
    settings.NOT_OFFERED = [not_offered]

    response = owner.get("/trade/AAPL/")

    page = shown(response)
    assert page.index(title) < page.index('name="amount"')
    assert response.context["form"]["side"].value() == side


def test_asset_that_cannot_be_bought_says_so_before_the_ticket(owner: Client) -> None:
    AssetFactory.create(symbol="BERK", name="Frozen", tradable=False)
    QuoteFactory.create(symbol="BERK")

    page = shown(owner.get("/trade/BERK/"))

    assert page.index("Frozen cannot be bought at the moment.") < page.index('name="amount"')


def test_asset_unknown(owner: Client) -> None:
    assert owner.get("/trade/NOPE/").status_code == 404


@pytest.mark.parametrize("page", ["/trade/AAPL/", "/trade/AAPL/order/"])
def test_asset_with_an_old_price_says_so_and_has_a_task_ask(
    owner: Client, broker: BrokerStub, sent: list[str], page: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=5))

    with django_capture_on_commit_callbacks(execute=True):
        pages = [owner.get(page).content.decode() for _ in range(3)]

    assert all("Last known, " in each for each in pages)
    assert not broker.calls
    assert sent == ["trading.tasks.sync_shown_quotes"]


def test_asset_with_an_old_price_of_a_closed_market_asks_nobody(
    owner: Client, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    Quote.objects.update(synced_at=now - timedelta(minutes=5))
    soon = {"next_open": now + LONG, "next_close": now + LONG}
    MarketClock.objects.create(id=1, is_open=False, **soon, synced_at=now)

    with django_capture_on_commit_callbacks(execute=True):
        owner.get("/trade/AAPL/")

    assert not sent


def test_asset_without_any_price_can_be_told_one(
    owner: Client, broker: BrokerStub, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    Quote.objects.all().delete()

    with django_capture_on_commit_callbacks(execute=True):
        page = shown(owner.get("/trade/AAPL/"))

    assert "There is no price here yet" in page
    assert '<span data-price="AAPL">–</span>' in page
    assert not broker.calls
    assert sent == ["trading.tasks.sync_shown_quotes"]


def test_asset_halted_says_so_and_so_does_the_ticket(owner: Client) -> None:
    said = ('<div data-halted="AAPL">', '<p class="hint" data-halted="AAPL">')
    hidden = tuple(each.replace(">", " hidden>") for each in said)
    page = shown(owner.get("/trade/AAPL/"))
    assert all(each in page for each in hidden)

    Quote.objects.update(is_halted=True)

    page = shown(owner.get("/trade/AAPL/"))
    assert all(each in page for each in said)
    assert "Trading in this is halted</p>" in page
    assert said[1] in shown(owner.get("/trade/AAPL/order/"))


def test_asset_takes_the_same_queries_with_many_orders_and_lists(
    owner: Client, account: BrokerageAccount
) -> None:
    def another() -> None:
        OrderFactory.create(account, status="new", type="LIMIT", limit_price=Decimal(1), qty=Decimal(1))
        watchlists.create_watchlist(account=account, name=f"List {uuid4().hex[:6]}")

    for path in ("/trade/AAPL/", "/trade/AAPL/order/"):
        owner.get(path)
        assert_constant_queries(owner, path, another)


def test_asset_tickets_in_different_situations_are_not_mixed_up(owner: Client) -> None:
    AssetFactory.create(symbol="BRK.A", fractionable=False)
    QuoteFactory.create(symbol="BRK.A")

    def offers_dollars(path: str) -> bool:
        return 'value="DOLLARS"' in owner.get(path).content.decode()

    assert [offers_dollars(f"/trade/{symbol}/") for symbol in ("AAPL", "BRK.A", "AAPL")] == [
        True,
        False,
        True,
    ]
    assert "Trailing stop" in owner.get("/trade/AAPL/?more=1").content.decode()
    assert "Trailing stop" not in owner.get("/trade/AAPL/?more=0").content.decode()
    assert 'value="SELL" checked' in owner.get("/trade/AAPL/order/?side=SELL").content.decode()
    assert 'value="BUY" checked' in owner.get("/trade/AAPL/order/").content.decode()


def test_asset_lists_open_orders_as_order_lists_do(owner: Client, account: BrokerageAccount) -> None:
    columns: Any = {"side": "BUY", "type": "LIMIT", "limit_price": Decimal(3), "qty": Decimal(1)}
    old = OrderFactory.create(account, status="new", **columns)
    change = {"replaces": old, "original": old, "times_changed": 1}
    OrderFactory.create(account, status="", **columns, **change)  # not taken so far
    unknown = OrderFactory.create(account, status="", **columns)
    Order.objects.filter(pk=unknown.pk).update(status="NOT_FOUND")

    listed = owner.get("/trade/AAPL/").context["open_orders"]

    wanted = Order.objects.open().filter(account=account).newest_first()
    assert listed == list(wanted)
    assert len(listed) == 2


def test_asset_market_closed_says_until_when(owner: Client) -> None:
    now = timezone.now()
    soon = {"next_open": now + LONG, "next_close": now + LONG}
    MarketClock.objects.create(id=1, is_open=False, **soon, synced_at=now)

    assert "This order will wait until" in owner.get("/trade/AAPL/").content.decode()


def test_asset_sell_all_takes_what_is_free_in_shares(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal("1234.5"))
    OrderFactory.create(account, side="SELL", qty=Decimal("0.25"))

    assert "?side=SELL&amp;unit=SHARES&amp;amount=1234.25" in owner.get("/trade/AAPL/").content.decode()


def test_ticket_leads_to_its_review(owner: Client) -> None:
    response = ticket(owner)

    assert response.status_code == 302
    page = owner.get(response["Location"]).content.decode()
    assert "Buy 0.42 shares of Apple Inc. Common Stock at market" in page
    assert "$84.04" in page
    assert "$915.96" in page
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"amount": "0.1234567891"}, "at most 9 decimals"),
        ({"unit": "DOLLARS", "amount": "0.50"}, "smallest order is $1.00"),
        ({"amount": "many"}, "Enter a number"),
        ({"amount": "100"}, "this comes to about $20,010.00 and you have $1,000.00"),
        ({"side": "SELL", "amount": "1"}, "You hold no shares of AAPL"),
    ],
)
def test_ticket_refused_keeps_what_was_typed(
    owner: Client, account: BrokerageAccount, data: dict[str, str], text: str
) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())

    response = ticket(owner, **data)

    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(text) == 2
    assert "There is a problem" in page
    assert "<title>Error: " in page
    assert f'value="{data["amount"]}"' in page


def test_ticket_fraction_of_whole_shares_only(owner: Client, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())
    AssetFactory.create(symbol="BRK.A", fractionable=False)
    QuoteFactory.create(symbol="BRK.A")

    response = owner.post("/trade/BRK.A/", {"side": "BUY", "unit": "SHARES", "amount": "0.5"})

    assert "Whole shares only: this one does not trade in fractions" in response.content.decode()


def test_ticket_refused_by_old_figures_asks_for_new_ones(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    trading = f"/v1/trading/accounts/{account.broker_account_id}"
    body = {
        "id": str(account.pk),
        "status": "ACTIVE",
        "cash": "5000",
        "buying_power": "5000",
        "equity": "5000",
    }
    broker.on("GET", f"{trading}/account", json=body)
    broker.on("GET", f"{trading}/positions", json=[])

    assert ticket(owner, amount="10").status_code == 302


LIMIT = {"type": "LIMIT", "limit_price": "190"}


def test_ticket_is_short_until_more_is_wanted_and_that_is_remembered(owner: Client) -> None:
    assert "Trailing stop" not in owner.get("/trade/AAPL/").content.decode()

    assert "Trailing stop" in owner.get("/trade/AAPL/?more=1").content.decode()
    assert "Trailing stop" in owner.get("/trade/AAPL/order/").content.decode()
    assert "Trailing stop" not in owner.get("/trade/AAPL/order/?more=0").content.decode()


def test_ticket_made_longer_keeps_what_was_typed(owner: Client) -> None:
    response = ticket(owner, amount="3", **LIMIT, show="more")

    page = owner.get(response["Location"])
    assert response.status_code == 302
    assert "Trailing stop" in page.content.decode()
    assert page.context["form"]["limit_price"].value() == "190"
    assert page.context["form"]["amount"].value() == "3"


def test_ticket_page_works_as_the_assets_does(owner: Client) -> None:
    page = shown(owner.get("/trade/AAPL/order/?side=BUY&amount=2"))
    assert "Order Apple Inc. Common Stock" in page
    assert 'value="2"' in page

    data = {"side": "BUY", "unit": "SHARES", "amount": "2", **LIMIT}
    review = shown(owner.get(owner.post("/trade/AAPL/order/", data)["Location"]))

    assert "Buy 2 shares of Apple Inc. Common Stock at $190.00 or less" in review


def test_ticket_page_refused_stays_there(owner: Client) -> None:
    response = owner.post(
        "/trade/AAPL/order/", {"side": "BUY", "unit": "SHARES", "amount": "2", "type": "LIMIT"}
    )

    assert response.status_code == 422
    assert "Enter the limit" in response.content.decode()
    assert 'action="' + response.context["ticket_url"] in response.content.decode()


def test_asset_page_leads_phones_to_the_ticket(owner: Client) -> None:
    page = shown(owner.get("/trade/AAPL/"))

    assert "/trade/AAPL/order/?side=BUY" in page
    assert 'class="card stack wide-only" aria-labelledby="ticket"' in page
    assert 'class="card stack" aria-labelledby="ticket"' in shown(owner.get("/trade/AAPL/?side=SELL"))


def test_ticket_refuses_together_what_a_page_without_scripts_lets_through(owner: Client) -> None:
    response = ticket(owner, more="1", unit="DOLLARS", amount="50", time_in_force="GTC")

    page = shown(response)
    assert response.status_code == 422
    assert page.count("amounts in dollars can only be good for today") == 2
    assert response.context["form"]["time_in_force"].value() == "GTC"


def test_ticket_stop_on_the_wrong_side_is_refused_at_its_field(owner: Client) -> None:
    response = ticket(owner, more="1", type="STOP", stop_price="150")

    assert "has to be above the last price, $200.00" in response.context["form"].errors["stop_price"][0]


def test_ticket_that_could_meet_an_open_order_is_refused(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal(5))
    OrderFactory.create(account, status="new", side="SELL", qty=Decimal(1))
    BrokerageAccount.objects.update(balances_at=timezone.now())

    assert "a wash trade" in ticket(owner).content.decode()


def test_asset_max_of_whole_shares_only_is_in_shares(owner: Client) -> None:
    AssetFactory.create(symbol="BRK.A", fractionable=False)
    QuoteFactory.create(symbol="BRK.A")

    assert "?side=BUY&amp;unit=SHARES&amp;amount=4" in owner.get("/trade/BRK.A/").content.decode()


def estimate(owner: Client, **data: str) -> str:
    response = owner.post(
        "/trade/AAPL/order/estimate/", {"side": "BUY", "unit": "SHARES", "amount": "2", "more": "1", **data}
    )
    assert response.status_code == 200
    return shown(response)


def test_estimate_says_what_it_comes_to_and_asks_no_broker(owner: Client, broker: BrokerStub) -> None:
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=5))

    page = estimate(owner, **LIMIT)

    assert "Buy 2 shares of Apple Inc. Common Stock at $190.00 or less" in page
    assert "$380.00" in page
    assert not broker.calls


def test_estimate_says_what_does_not_go_together(owner: Client) -> None:
    page = estimate(owner, unit="DOLLARS", amount="50")

    assert 'data-refused="time_in_force" data-value="GTC">Fractions of a share' in page
    assert "Good for: Fractions of a share" in estimate(owner, unit="DOLLARS", time_in_force="GTC")


def test_estimate_of_a_ticket_not_yet_filled_in_complains_of_nothing(owner: Client) -> None:
    assert "field-error" not in estimate(owner, amount="", type="LIMIT")


def test_estimate_says_what_the_rules_refuse(owner: Client) -> None:
    said = estimate(owner, amount="2000")

    assert "Not enough buying power" in said
    assert "Borrowed" not in said


def test_estimate_takes_the_same_queries_with_many_orders(
    owner: Client, account: BrokerageAccount, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        OrderFactory.create(account, status="new", type="LIMIT", limit_price=Decimal(1), qty=Decimal(1))

    with django_assert_max_num_queries(12):
        estimate(owner, **LIMIT)
