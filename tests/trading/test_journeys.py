"""Trading against the sandbox process: whole journeys, and replies that get lost on the way."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from brokerapp.activities.services import sync_activities
from brokerapp.broker.alpaca.stream import Event, read_events
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.clients import get_client
from brokerapp.workflow.models import StatusChange
from tests.account_pages import AccountClient
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually, point_at
from trading import payloads
from trading.models import REVISED_NOTE, Asset, Fill, MarketClock, Order, Position
from trading.services import corporate_actions, events, fills, market, portfolio, sweeps
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=10)


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    return funded_account(sandbox)


def funded_account(sandbox: SandboxProcess, cash: str = "1234.56") -> BrokerageAccount:
    """An account that the sandbox opened for a complete application, ACTIVE and with cash."""
    account = open_account_at(sandbox)
    sandbox.deposit(str(account.broker_account_id), cash)
    if not Asset.objects.exists():
        market.sync_assets(now=timezone.now())
        market.sync_clock(now=timezone.now())
    return sync_balances(account=account)


@pytest.fixture
def client(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def place(
    client: Client, amount: str, side: str = "BUY", unit: str = "SHARES", symbol: str = "AAPL"
) -> Order:
    """Place an order as a browser does, the impatient double click included."""
    ticket = client.post(f"/trade/{symbol}/", {"side": side, "unit": unit, "amount": amount})
    assert ticket.status_code == 302, ticket.content.decode()
    first, again = client.post(ticket["Location"]), client.post(ticket["Location"])
    assert first.status_code == 302, first.content.decode()
    assert first["Location"] == again["Location"]
    return Order.objects.latest("created_at")


def reach(order: Order, status: str) -> Order:
    """Poll, as the sweep does, until the order has a status."""

    def reached() -> bool:
        sweeps.sync_open_orders(now=timezone.now() + LATER)
        order.refresh_from_db()
        return order.status == status

    eventually(reached, what=status)
    return order


def at_broker(sandbox: SandboxProcess, account: BrokerageAccount) -> list[dict[str, Any]]:
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders"
    found: list[dict[str, Any]] = sandbox.get(path, params={"status": "all"})
    return found


def test_buy_a_fraction_then_sell_it_all(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    order = reach(place(client, "0.42"), OrderStatus.FILLED)

    assert [row["client_order_id"] for row in at_broker(sandbox, account)] == [str(order.pk)]
    assert order.recorded_qty == order.filled_qty == Decimal("0.42")
    fill = Fill.objects.get()
    assert fill.price == order.filled_avg_price
    portfolio.sync_stale_portfolios(now=timezone.now() + LATER)
    position = Position.objects.get()
    assert (position.symbol, position.qty, position.cost_basis) == ("AAPL", Decimal("0.42"), fill.value)
    account.refresh_from_db()
    assert abs(account.cash + fill.value - Decimal("1234.56")) < Decimal("0.01")
    assert "0.42" in client.get("/portfolio/").content.decode()
    receipt = client.get(f"/orders/{order.pk}/").content.decode()
    asked, placed = StatusChange.objects.about(order)[:2]
    assert (asked.from_status, asked.to_status, asked.actor_id) == ("", "SUBMITTING", account.user_id)
    assert placed.request_id in receipt
    assert ApiCall.objects.get(request_id=placed.request_id).method == "POST"
    assert ApiCall.objects.filter(request_id=order.last_request_id, person_id=account.user_id).exists()

    reach(place(client, "0.42", side="SELL"), OrderStatus.FILLED)
    portfolio.sync_portfolio(account=account)
    assert not Position.objects.exists()


def test_buy_in_dollars(client: Client, account: BrokerageAccount) -> None:
    order = reach(place(client, "250.00", unit="DOLLARS"), OrderStatus.FILLED)

    assert order.filled_value is not None
    assert abs(order.filled_value - 250) < Decimal("0.01")


def test_order_reply_lost_makes_exactly_one_order(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    sandbox.fail_next("POST", f"/v1/trading/accounts/{account.broker_account_id}/orders", "drop_reply")

    order = place(client, "0.42")

    assert order.status == OrderStatus.UNKNOWN
    assert "do not re-send" in client.get(f"/orders/{order.pk}/").content.decode()
    sweeps.settle_orders(now=timezone.now() + LATER)
    reach(order, OrderStatus.FILLED)
    assert len(at_broker(sandbox, account)) == 1


def test_order_cut_before_acting_is_not_placed(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    sandbox.fail_next("POST", f"/v1/trading/accounts/{account.broker_account_id}/orders", "refuse")

    order = place(client, "0.42")
    assert order.status == OrderStatus.UNKNOWN
    sweeps.settle_orders(now=timezone.now() + LATER)

    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_FOUND
    assert "Not found at the broker so far" in client.get(f"/orders/{order.pk}/").content.decode()
    sweeps.sync_open_orders(now=timezone.now() + timedelta(days=5))
    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_PLACED
    assert at_broker(sandbox, account) == []


def test_order_that_the_broker_takes_late_is_found(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders"
    sandbox.fail_next("POST", path, "refuse")
    order = place(client, "0.42")
    sweeps.settle_orders(now=timezone.now() + LATER)
    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_FOUND

    # The held call arrives at last, and its events are lost.
    get_client().orders.create(account.broker_account_id or "", payloads.order_request(order))

    sweeps.sync_open_orders(now=timezone.now() + 3 * LATER)
    reach(order, OrderStatus.FILLED)
    assert len(at_broker(sandbox, account)) == 1


def test_order_while_the_broker_is_down_is_not_placed(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    ticket = client.post("/trade/AAPL/", {"side": "BUY", "unit": "SHARES", "amount": "0.42"})
    sandbox.kill()
    client.post(ticket["Location"])
    sandbox.start()

    assert Order.objects.get().status == OrderStatus.NOT_PLACED
    assert at_broker(sandbox, account) == []


def test_order_of_a_process_killed_before_it_sent_is_not_placed(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**_: object) -> None:
        raise SystemExit

    ticket = client.post("/trade/AAPL/", {"side": "BUY", "unit": "SHARES", "amount": "0.42"})
    with monkeypatch.context() as patched:
        patched.setattr("trading.services.orders.placing.send_order", killed)
        with pytest.raises(SystemExit):
            client.post(ticket["Location"])
    sweeps.settle_orders(now=timezone.now() + LATER)

    assert Order.objects.get().status == OrderStatus.NOT_PLACED
    assert at_broker(sandbox, account) == []


def test_order_beyond_buying_power_is_refused_by_the_broker_in_plain_words(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    ticket = client.post("/trade/AAPL/", {"side": "BUY", "unit": "DOLLARS", "amount": "1000"})
    sandbox.deposit(str(account.broker_account_id), "-1200")

    page = client.post(ticket["Location"], follow=True).content.decode()

    order = Order.objects.get()
    assert order.status == OrderStatus.REJECTED
    assert "There is not enough buying power for this order." in page
    assert order.last_request_id in page


def hear(sandbox: SandboxProcess, account: BrokerageAccount, since: datetime) -> None:
    """Have every trade event of an account since then handled, as if it came by the stream."""
    sandbox.advance(2)
    until = datetime.fromisoformat(sandbox.info()["now"])
    told = read_events(get_client().transport, "/v2/events/trades", since=since, until=until)
    for event in told:
        if isinstance(event, Event) and event.body["account_id"] == str(account.broker_account_id):
            events.on_trade_event(event.body)


def sweep_all(now: datetime) -> None:
    """What beat rings, as far as orders hang on it; no message to a worker arrives."""
    sync_activities(now=now)
    corporate_actions.follow_activities(now=now)
    sweeps.sync_open_orders(now=now)
    portfolio.sync_stale_portfolios(now=now)


def play(sandbox: SandboxProcess, scenario: str, account: BrokerageAccount, **values: str) -> None:
    body = {"account_id": str(account.broker_account_id), **values}
    sandbox.request("POST", f"/_sandbox/scenarios/{scenario}", json=body).raise_for_status()


@pytest.mark.parametrize("by_event", [True, False], ids=["by event", "by activities alone"])
def test_busted_trade_is_followed_everywhere(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess, by_event: bool
) -> None:
    since = datetime.fromisoformat(sandbox.info()["now"]) - timedelta(minutes=1)
    order = reach(place(client, "0.2"), OrderStatus.FILLED)
    portfolio.sync_portfolio(account=account)
    assert Position.objects.get().qty == Decimal("0.2")

    play(sandbox, "trade_bust", account)
    if by_event:
        hear(sandbox, account, since)
    else:
        sweep_all(timezone.now() + LATER)
        sweep_all(timezone.now() + 2 * LATER)
    portfolio.sync_stale_portfolios(now=timezone.now() + LATER)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.filled_qty, order.recorded_qty) == (OrderStatus.CANCELED, 0, 0)
    assert StatusChange.objects.about(order).filter(reason=REVISED_NOTE).count() == 1
    assert Fill.objects.get().busted_at is not None
    assert not Position.objects.exists()
    assert account.cash == Decimal("1234.56")
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert "0.2 of 0.2 shares" in page  # the line of the fill stays as it was
    assert ("Trade canceled by the exchange" in page) is by_event


@pytest.mark.parametrize("by_event", [True, False], ids=["by event", "by activities alone"])
def test_corrected_trade_is_followed_everywhere(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess, by_event: bool
) -> None:
    since = datetime.fromisoformat(sandbox.info()["now"]) - timedelta(minutes=1)
    order = reach(place(client, "0.2"), OrderStatus.FILLED)

    play(sandbox, "trade_correct", account, qty="0.1", price="90")
    if by_event:
        hear(sandbox, account, since)
        hear(sandbox, account, since)
    else:
        sweep_all(timezone.now() + LATER)
        sweep_all(timezone.now() + 2 * LATER)
    portfolio.sync_portfolio(account=account)

    order.refresh_from_db()
    account.refresh_from_db()
    assert StatusChange.objects.about(order).filter(reason=REVISED_NOTE).count() == 1
    assert order.filled_qty == order.recorded_qty == Decimal("0.1")
    standing = order.fills.standing().get()
    assert (standing.qty, standing.price) == (Decimal("0.1"), 90)
    assert order.fills.count() == 2
    assert Position.objects.get().cost_basis == standing.value == 9
    assert account.cash == Decimal("1234.56") - 9


def test_events_alone_fill_the_order(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    since = datetime.fromisoformat(sandbox.info()["now"]) - timedelta(minutes=1)
    order = place(client, "0.42")
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders/{order.broker_order_id}"
    eventually(lambda: sandbox.get(path)["status"] == "filled", what="a fill")

    hear(sandbox, account, since)

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED
    assert Fill.objects.get().execution_id is not None
    order_before = order.recorded_qty
    fills.sync_fills(order=order)
    assert Fill.objects.count() == 1
    assert order_before == Decimal("0.42")


@pytest.fixture
def closed_market(tmp_path: Any, settings: Any) -> Iterator[SandboxProcess]:
    """A sandbox whose market keeps real hours, on the next Saturday noon (New York)."""
    with SandboxProcess(tmp_path / "state", market="real", speed=1) as sandbox:
        now = datetime.fromisoformat(sandbox.info()["now"]).astimezone(UTC)
        saturday = (now + timedelta(days=(5 - now.weekday()) % 7 or 7)).replace(hour=17, minute=0)
        sandbox.advance((saturday - now).total_seconds())
        point_at(sandbox, settings)
        yield sandbox


def test_order_while_closed_waits_and_can_be_canceled(closed_market: SandboxProcess) -> None:
    client = AccountClient(funded_account(closed_market))
    assert not MarketClock.objects.get().is_open
    # With its date, where by our own clock that day is more than a week away.
    until = r"This order will wait until [A-Z]\w\w( \d+ [A-Z]\w\w,)? 9:30 am ET"
    assert re.search(until, client.get("/trade/AAPL/").content.decode())

    order = place(client, "0.42")
    assert order.status == OrderStatus.ACCEPTED
    client.post(f"/orders/{order.pk}/cancel/")

    reach(order, OrderStatus.CANCELED)
    assert order.filled_qty == 0


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_the_same_moment_make_one_order(sandbox: SandboxProcess) -> None:
    account = funded_account(sandbox)
    client = AccountClient(account)
    ticket = client.post("/trade/AAPL/", {"side": "BUY", "unit": "SHARES", "amount": "0.42"})

    def post(number: int) -> str:
        other = Client()
        other.cookies = client.cookies
        try:
            return str(other.post(ticket["Location"])["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(post, range(4)))

    assert len(answers) == 1
    assert Order.objects.count() == 1
    assert len(at_broker(sandbox, account)) == 1
