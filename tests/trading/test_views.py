import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.workflow import intents, state
from tests.account_pages import AccountClient, short
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    StaffFactory,
    TransferFactory,
    order_body,
)
from tests.trading.conftest import CASH, record_fill, refusal
from trading.models import MarketClock, Order, Position, Quote
from trading.services import portfolio
from trading.statuses import OrderStatus
from trading.valuation import Valuation
from trading.views import PURPOSE

pytestmark = pytest.mark.django_db

LATER = "2026-03-02T15:00:01Z"
LONG = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


@pytest.fixture
def account() -> BrokerageAccount:
    QuoteFactory.create()
    AssetFactory.create()
    return BrokerageAccountFactory.create(**CASH)


@pytest.fixture
def owner(account: BrokerageAccount) -> Client:
    return signed_in(account)


@pytest.fixture
def stranger() -> Client:
    return signed_in(BrokerageAccountFactory.create())


MARGIN: dict[str, Any] = {
    "cash": Decimal(5000),
    "buying_power": Decimal(10000),
    "equity": Decimal(5000),
    "multiplier": Decimal(2),
}
"""With the margin agreement: twice the cash is buying power."""


def shown(response: Any) -> str:
    """A page with its blanks folded."""
    return " ".join(response.content.decode().split())


def signed_in(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def token(account: BrokerageAccount, **data: str) -> str:
    asset = AssetFactory.create()
    size = {} if "notional" in data else {"qty": "0.42"}
    return intents.mint(
        PURPOSE, account.user_id, account.pk, {"asset": str(asset.pk), "side": "BUY", **size, **data}
    )


def review_url(account: BrokerageAccount, **data: str) -> str:
    return account_url(account, "trading:order_review", token(account, **data))


def answer_orders(broker: BrokerStub, account: BrokerageAccount) -> None:
    def taken(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        order = Order.objects.get(client_order_id=json.loads(request.body or b"{}")["client_order_id"])
        return 200, {"X-Request-ID": REQUEST_ID}, json.dumps(order_body(order))

    url = f"http://127.0.0.1:9/v1/trading/accounts/{account.broker_account_id}/orders"
    broker.mock.add_callback("POST", url, callback=taken)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def assert_constant_queries(client: Client, url: str, add_rows: Callable[[], object]) -> None:
    add_rows()
    before = queries(client, url)
    for _ in range(3):
        add_rows()
    assert queries(client, url) == before


def another_position(account: BrokerageAccount) -> None:
    symbol = f"S{uuid4().hex[:6].upper()}"
    QuoteFactory.create(symbol=symbol)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol=symbol))


# Who sees what


@pytest.mark.parametrize(
    "url",
    [
        "/portfolio/",
        "/portfolio/AAPL/",
        "/trade/",
        "/trade/AAPL/",
        "/orders/",
        "/orders/8442ae4b-8134-46d8-b36b-23cc07cb719a/",
        "/orders/review/x/",
    ],
)
def test_anonymous_is_sent_to_sign_in(client: Client, url: str) -> None:
    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_stranger_finds_no_order(account: BrokerageAccount, stranger: Client) -> None:
    order = OrderFactory.create(account, status="new")

    assert stranger.get(short("trading:order", order.pk)).status_code == 404
    assert stranger.post(short("trading:cancel_order", order.pk)).status_code == 404
    assert order.client_order_id not in stranger.get(short("trading:orders")).content.decode()


def test_stranger_finds_no_position(account: BrokerageAccount, stranger: Client) -> None:
    PositionFactory.create(account=account)

    assert stranger.get("/portfolio/AAPL/").status_code == 404
    assert "AAPL" not in stranger.get("/portfolio/").content.decode()


def test_stranger_cannot_use_a_review(
    account: BrokerageAccount, stranger: Client, broker: BrokerStub
) -> None:
    url = review_url(account)

    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    assert not Order.objects.exists()


def test_person_without_an_account_is_sent_home(client: Client) -> None:
    client.force_login(StaffFactory.create())

    assert client.get("/portfolio/")["Location"] == reverse("home")


# Portfolio


def test_portfolio_shows_what_is_held_and_open(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    OrderFactory.create(account, status="new", qty=Decimal(3))

    page = owner.get("/portfolio/").content.decode()

    assert "$1,400.00" in page
    assert "+$100.00 (+33.33%)" in page
    assert "3 shares" in page
    assert "in three steps" not in page


def test_portfolio_without_a_price_shows_the_total_of_the_others(
    owner: Client, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="ODD"))
    BrokerageAccount.objects.update(equity=Decimal("1512.34"))

    page = owner.get("/portfolio/").content.decode()

    assert "Total value without ODD" in page
    assert '<span class="stat-value">$1,400.00</span>' in page
    assert "There is no price for ODD at the moment, so the total is without it." in page
    assert "own figure for all that you have was $1,512.34" in page
    assert "+$100.00 (+33.33%)" in page


def test_portfolio_tells_own_cash_from_what_could_be_borrowed() -> None:
    account = BrokerageAccountFactory.create(**MARGIN)

    page = shown(signed_in(account).get("/portfolio/"))

    assert 'Ready to invest, your own cash</span><span class="stat-value">$5,000.00' in page
    assert "You could borrow</dt><dd>$5,000.00" in page
    assert "$10,000.00" not in page


def test_portfolio_of_a_cash_account_speaks_of_no_borrowing(owner: Client) -> None:
    page = shown(owner.get("/portfolio/"))

    assert 'Ready to invest</span><span class="stat-value">$1,000.00' in page
    assert "borrow" not in page


def test_portfolio_says_what_is_owed() -> None:
    account = BrokerageAccountFactory.create(cash=Decimal("-75.00"))

    page = shown(signed_in(account).get("/portfolio/"))

    assert "You owe the broker</dt><dd>$75.00" in page


def test_portfolio_tells_of_a_returned_deposit(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE", amount="75.00")
    transfer = state.move(transfer, "RETURNED", by=state.Process.EVENT, reason="R02 account closed")
    BrokerageAccount.objects.update(
        cash=Decimal("-75.00"), buying_power=Decimal(0), balances_at=timezone.now()
    )

    page = shown(owner.get("/portfolio/"))

    assert "Your deposit of $75.00 was returned by your bank" in page
    assert "The reason: the bank account is closed (R02)." in page
    assert "you owe the broker $75.00" in page
    assert "Until you have paid it you cannot withdraw or buy." in page
    assert "do not deposit from this bank account again" in page
    assert account_url(account, "funding:transfer", transfer.pk) in page


def test_portfolio_tells_nobody_of_another_accounts_returned_deposit(owner: Client) -> None:
    other = TransferFactory.create(BrokerageAccountFactory.create(), status="COMPLETE")
    state.move(other, "RETURNED", by=state.Process.EVENT, reason="R01")

    assert "was returned" not in shown(owner.get("/portfolio/"))


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"status": "SUBMITTED"}, "See your application"),
        ({}, "Add money"),
        (CASH, "Find something to buy"),
    ],
)
def test_portfolio_empty_says_what_is_next(fields: dict[str, Any], action: str) -> None:
    page = signed_in(BrokerageAccountFactory.create(**fields)).get("/portfolio/").content.decode()

    assert action in page


def test_portfolio_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    def more() -> None:
        another_position(account)
        OrderFactory.create(account, status="new")

    assert_constant_queries(owner, "/portfolio/", more)


def test_pages_make_no_broker_call(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    PositionFactory.create(account=account)
    order = OrderFactory.create(account, status="new")

    for url in (
        "/portfolio/",
        "/portfolio/AAPL/",
        "/trade/?q=a",
        "/trade/AAPL/",
        "/orders/",
        f"/orders/{order.pk}/",
    ):
        assert owner.get(url).status_code == 200
    assert not broker.mock.calls


def test_market_pill_in_the_header(owner: Client) -> None:
    now = timezone.now()
    MarketClock.objects.create(id=1, is_open=True, next_open=now + LONG, next_close=now + LONG, synced_at=now)

    assert "Open · closes" in owner.get("/portfolio/").content.decode()


def test_position_shows_cost_value_and_share(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")

    page = owner.get("/portfolio/AAPL/").content.decode()

    assert all(text in page for text in ("$150.00", "$300.00", "$400.00", "28.57%", "0.42 at $200.00"))


@pytest.mark.parametrize("written", ["brk.b", "BRK-B", "brkb", "$BRK.B"])
def test_position_and_ticket_by_any_spelling_lead_to_the_right_one(
    owner: Client, account: BrokerageAccount, written: str
) -> None:
    QuoteFactory.create(symbol="BRK.B")
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="BRK.B"))

    position, asset = owner.get(f"/portfolio/{written}/"), owner.get(f"/trade/{written}/?side=SELL")

    assert position["Location"] == account_url(account, "trading:position", "BRK.B")
    assert asset["Location"] == account_url(account, "trading:asset", "BRK.B") + "?side=SELL"
    assert owner.get(position["Location"]).status_code == 200
    assert owner.get(asset["Location"]).status_code == 200


def test_position_by_another_spelling_is_only_ones_own(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(
        account=BrokerageAccountFactory.create(), asset=AssetFactory.create(symbol="BRK.B")
    )

    assert owner.get("/portfolio/brk-b/").status_code == 404


def test_position_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)

    def more() -> None:
        another_position(account)
        OrderFactory.create(account)

    assert_constant_queries(owner, "/portfolio/AAPL/", more)


# Search


def test_position_that_vanishes_while_its_page_is_made(
    owner: Client, account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    PositionFactory.create(account=account)
    value = portfolio.get_valuation

    def sold(account: BrokerageAccount) -> Valuation:
        Position.objects.all().delete()
        return value(account)

    monkeypatch.setattr(portfolio, "get_valuation", sold)

    response = owner.get("/portfolio/AAPL/")

    assert response.status_code == 302
    assert response["Location"].endswith("/portfolio/")


def test_search_finds_by_name_with_tags(owner: Client) -> None:
    AssetFactory.create(symbol="BRK.A", name="Berkshire Hathaway", fractionable=False)
    AssetFactory.create(symbol="BERK", name="Frozen", tradable=False)

    page = owner.get("/trade/?q=berk").content.decode()

    assert "/trade/BRK.A/" in page
    assert "Whole shares only" in page
    assert "Not tradable" in page


@pytest.mark.parametrize(
    ("q", "text"), [("zzzz", "Nothing found"), ("", "Symbol or company"), ("x" * 99, "Nothing")]
)
def test_search_without_results(owner: Client, q: str, text: str) -> None:
    assert text in owner.get("/trade/", {"q": q}).content.decode()


def test_search_before_the_assets_are_loaded() -> None:
    page = signed_in(BrokerageAccountFactory.create()).get("/trade/?q=app").content.decode()

    assert "still being loaded" in page


def test_search_queries_do_not_grow(owner: Client) -> None:
    assert_constant_queries(owner, "/trade/?q=s", lambda: AssetFactory.create(symbol=f"S{uuid4().hex[:6]}"))


# Ticket


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


@pytest.mark.parametrize("url", ["/trade/", "/trade/AAPL/", "/portfolio/"])
def test_person_who_may_not_trade_sees_why(owner: Client, url: str) -> None:
    BrokerageAccount.objects.update(trading_blocked=True)

    page = shown(owner.get(url))

    assert "The broker has blocked trading in your account." in page
    assert 'name="amount"' not in page


def test_asset_unknown(owner: Client) -> None:
    assert owner.get("/trade/NOPE/").status_code == 404


def test_asset_price_cannot_be_refreshed(owner: Client, broker: BrokerStub) -> None:
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=5))
    broker.on("GET", "/v2/stocks/snapshots", body=requests.exceptions.ReadTimeout())

    assert "Last known, " in owner.get("/trade/AAPL/").content.decode()


def test_asset_without_any_price(owner: Client, broker: BrokerStub) -> None:
    Quote.objects.all().delete()
    broker.on("GET", "/v2/stocks/snapshots", json={})

    assert "There is no price" in owner.get("/trade/AAPL/").content.decode()


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

    assert "trades in whole shares only." in response.content.decode()


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


# Review


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


@pytest.fixture
def on_margin(account: BrokerageAccount) -> BrokerageAccount:
    BrokerageAccount.objects.filter(pk=account.pk).update(**MARGIN)
    account.refresh_from_db()
    return account


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
    assert not broker.calls


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

    ticket = account_url(account, "trading:asset", "AAPL")
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


# Orders


def test_order_accepted_is_not_called_filled(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)

    page = owner.get(f"/orders/{order.pk}/").content.decode()

    assert "Nothing yet" in page
    assert page.index("Accepted") < page.index("<strong>Filled</strong>")
    assert '<li class="upcoming"' in page


def test_order_filled_receipt(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")
    record_fill(order, "0.42", "0.42", execution_id="e1")

    page = owner.get(f"/orders/{order.pk}/").content.decode()

    assert '<p class="receipt-total">$84.00</p>' in page
    assert "0.42 of 0.42 shares" in page
    assert "data-live-url" not in page
    assert 'data-live-announce="Order filled"' in page
    assert "Cancel order" not in page


def test_order_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(
        account, status="filled", qty=Decimal(9), filled_qty="9", filled_avg_price="200"
    )
    numbers = iter(range(1, 9))

    def more() -> None:
        number = str(next(numbers))
        record_fill(order, "1", number, execution_id=number)

    assert_constant_queries(owner, f"/orders/{order.pk}/", more)


def test_orders_open_and_closed(owner: Client, account: BrokerageAccount) -> None:
    working = OrderFactory.create(account, status="new")
    done = OrderFactory.create(account, status="canceled")

    open_page, closed_page = (owner.get(url).content.decode() for url in ("/orders/", "/orders/?tab=closed"))

    assert str(working.pk) in open_page
    assert str(done.pk) not in open_page
    assert str(done.pk) in closed_page
    assert str(working.pk) not in closed_page


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_orders_queries_do_not_grow(owner: Client, account: BrokerageAccount, tab: str) -> None:
    status = "new" if tab == "open" else "canceled"

    assert_constant_queries(owner, f"/orders/?tab={tab}", lambda: OrderFactory.create(account, status=status))


def test_cancel_order(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "pending_cancel", updated_at=LATER))

    page = owner.post(f"/orders/{order.pk}/cancel/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_CANCEL
    assert "The order may still fill" in page
    assert "Cancel order" not in page


def test_cancel_order_too_late_says_so(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="1")

    assert "already filled" in owner.post(f"/orders/{order.pk}/cancel/", follow=True).content.decode()


def test_cancel_order_by_get_is_refused(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="new")

    assert owner.get(f"/orders/{order.pk}/cancel/").status_code == 405
