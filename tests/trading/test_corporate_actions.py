"""What a dividend or split changes here within seconds, and what is announced."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from brokerapp.broker.alpaca.errors import BrokerError
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, OrderFactory, PositionFactory, order_body
from tests.trading.conftest import LATER, record_fill
from tests.trading.conftest import activity as fill_activity
from trading.models import Bar, BarSeries, CorporateAction, Order, PositionsSync
from trading.services import corporate_actions, orders, sweeps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def activity(account: BrokerageAccount, kind: str, symbol: str = "AAPL", **columns: Any) -> Activity:
    name = str(uuid4())
    return Activity.objects.create(
        account=account,
        activity_id=f"20260302000000000::{name}",
        reference=name,
        activity_type=kind,
        symbol=symbol,
        at=NOW,
        date=date(2026, 3, 2),
        **columns,
    )


def test_follow_activities_has_positions_and_balances_read_again(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    later = timezone.now() + timedelta(hours=6)
    PositionsSync.objects.create(account=account, due_at=later)
    paid = activity(account, "DIV", net_amount=Decimal("1.25"))

    with django_capture_on_commit_callbacks(execute=True):
        followed = corporate_actions.follow_activities(now=NOW)
    again = corporate_actions.follow_activities(now=NOW)

    paid.refresh_from_db()
    assert (followed, again, paid.followed_at) == (1, 0, NOW)
    assert PositionsSync.objects.get().due_at == NOW
    assert sent == ["trading.tasks.sync_portfolio"]


def test_follow_activities_of_a_split_has_open_orders_read_and_charts_drawn_anew(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    apple, other = AssetFactory.create(), AssetFactory.create(symbol="MSFT")
    split = OrderFactory.create(account, status="new")
    untouched = OrderFactory.create(account, status="new", asset=other)
    series = BarSeries.objects.create(asset=apple, timeframe="1Day", synced_at=NOW, high=200, low=100)
    kept = BarSeries.objects.create(asset=other, timeframe="1Day", synced_at=NOW)
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), 100)
    for each in (series, kept):
        Bar.objects.create(series=each, at=NOW, **prices)
    activity(account, "SPLIT", qty=Decimal(3))

    with django_capture_on_commit_callbacks(execute=True):
        corporate_actions.follow_activities(now=NOW)

    for row in (split, untouched, series):
        row.refresh_from_db()
    assert sent.count("trading.tasks.sync_order") == 1
    assert split.due_at == NOW
    assert untouched.due_at != NOW
    assert (series.synced_at, series.high) == (None, None)
    assert Bar.objects.get().series == kept


def test_follow_activities_of_a_revised_execution_has_its_order_read_though_it_is_finished(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    filled = OrderFactory.create(account, status="filled", filled_qty="2", filled_avg_price="200")
    other = OrderFactory.create(account, status="filled", filled_qty="2", filled_avg_price="200")
    Order.objects.update(recorded_qty=2, due_at=None)
    activity(account, "FILL", qty=Decimal(-2), broker_order_id=filled.broker_order_id)

    with django_capture_on_commit_callbacks(execute=True):
        corporate_actions.follow_activities(now=NOW)

    assert sent.count("trading.tasks.sync_order") == 1
    marked = Order.objects.unlike_fills().get()
    assert (marked, marked.due_at) == (filled, NOW)
    assert other.pk != marked.pk


def announced(asset: Any, kind: str = "cash_dividends", **members: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "symbol": asset.symbol,
        "cusip": "037833100",
        "ex_date": "2026-03-10",
        "process_date": "2026-03-20",
        "payable_date": "2026-03-20",
        "rate": 0.25,
        "special": False,
        "foreign": False,
    } | members


def answer(broker: BrokerStub, *bodies: dict[str, list[Any]]) -> list[dict[str, list[str]]]:
    asked: list[dict[str, list[str]]] = []

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked.append(parse_qs(urlparse(str(request.url)).query))
        body = bodies[min(len(asked), len(bodies)) - 1]
        return 200, {}, json.dumps({"corporate_actions": body, "next_page_token": None})

    broker.call_back("GET", "/v1/corporate-actions", reply)
    return asked


def test_sync_announcements_asks_once_a_day_for_what_people_hold(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    held = PositionFactory.create(account=account).asset
    AssetFactory.create(symbol="MSFT")
    split = announced(held, ex_date="2026-03-05", old_rate=1, new_rate=4, payable_date=None)
    asked = answer(broker, {"cash_dividends": [announced(held)], "forward_splits": [split]})

    assert corporate_actions.sync_announcements(now=NOW) == 1
    assert corporate_actions.sync_announcements(now=NOW + timedelta(hours=23)) == 0
    corporate_actions.sync_announcements(now=NOW + timedelta(hours=25))

    assert [query["symbols"] for query in asked] == [["AAPL"], ["AAPL"]]
    first, second = held.corporate_actions.upcoming(date(2026, 3, 2))
    assert (first.kind, first.ratio, first.is_split) == ("forward_splits", "4 for 1", True)
    assert (second.rate, second.ex_date, second.payable_date) == (
        Decimal("0.25"),
        date(2026, 3, 10),
        date(2026, 3, 20),
    )


def test_sync_announcements_takes_over_other_dates_and_what_is_called_off(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    held = PositionFactory.create(account=account).asset
    moved, off = announced(held), announced(held, ex_date="2026-03-11")
    answer(
        broker,
        {"cash_dividends": [moved, off]},
        {"cash_dividends": [moved | {"ex_date": "2026-03-12"}]},
    )

    corporate_actions.sync_announcements(now=NOW)
    corporate_actions.sync_announcements(now=NOW + timedelta(days=1, hours=1))

    assert [str(each.ex_date) for each in CorporateAction.objects.all()] == ["2026-03-12"]


def test_sync_announcements_leaves_out_a_member_it_cannot_read(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    held = PositionFactory.create(account=account).asset
    answer(broker, {"cash_dividends": [{"id": "x"}, announced(held)], "redemptions": [announced(held)]})

    corporate_actions.sync_announcements(now=NOW)

    assert CorporateAction.objects.count() == 1


def test_sync_announcements_with_an_unreadable_member_takes_nothing_for_called_off(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    held = PositionFactory.create(account=account).asset
    known = announced(held)
    answer(broker, {"cash_dividends": [known]}, {"cash_dividends": [known | {"ex_date": "soon"}]})

    corporate_actions.sync_announcements(now=NOW)
    corporate_actions.sync_announcements(now=NOW + timedelta(days=1, hours=1))

    assert str(CorporateAction.objects.get().pk) == known["id"]


def test_sync_announcements_one_symbol_that_is_refused_keeps_no_other_waiting(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    good = PositionFactory.create(account=account).asset
    bad = PositionFactory.create(account=account, asset=AssetFactory.create(symbol="AAPL.WS.A")).asset
    asked: list[list[str]] = []

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        symbols = parse_qs(urlparse(str(request.url)).query)["symbols"][0].split(",")
        asked.append(symbols)
        if bad.symbol in symbols:
            return 400, {}, json.dumps({"message": f"invalid symbol: {bad.symbol}"})
        body = {"cash_dividends": [announced(good)]}
        return 200, {}, json.dumps({"corporate_actions": body, "next_page_token": None})

    broker.call_back("GET", "/v1/corporate-actions", reply)

    corporate_actions.sync_announcements(now=NOW)
    corporate_actions.sync_announcements(now=NOW + timedelta(minutes=1))

    assert CorporateAction.objects.get().asset == good
    assert len(asked) == 3


def test_sync_announcements_a_batch_without_an_answer_comes_last(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corporate_actions, "SYMBOLS_PER_CALL", 1)
    for symbol in ("AAPL", "MSFT"):
        PositionFactory.create(account=account, asset=AssetFactory.create(symbol=symbol))
    asked: list[str] = []

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        (symbol,) = parse_qs(urlparse(str(request.url)).query)["symbols"]
        asked.append(symbol)
        body = json.dumps({"corporate_actions": {}, "next_page_token": None})
        return (409 if symbol == "AAPL" else 200), {}, body

    broker.call_back("GET", "/v1/corporate-actions", reply)

    with pytest.raises(BrokerError):
        corporate_actions.sync_announcements(now=NOW)
    assert corporate_actions.sync_announcements(now=NOW + timedelta(minutes=1)) == 0
    assert set(asked) == {"AAPL", "MSFT"}


def test_upcoming_keeps_a_dividend_until_it_is_paid(account: BrokerageAccount, broker: BrokerStub) -> None:
    held = PositionFactory.create(account=account).asset
    answer(broker, {"cash_dividends": [announced(held)]})
    corporate_actions.sync_announcements(now=NOW)

    assert held.corporate_actions.upcoming(date(2026, 3, 20)).count() == 1
    assert held.corporate_actions.upcoming(date(2026, 3, 21)).count() == 0


def test_follow_activities_of_a_bust_of_all_that_was_filled_leaves_no_fill_standing(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    """The order was read before the broker listed the activity."""
    order = OrderFactory.create(
        account, status="filled", qty=Decimal(2), filled_qty="2", filled_avg_price="200"
    )
    record_fill(order, "2", "2", execution_id="e1")
    made, undone = (fill_activity(order, qty, "2", id=f"2026::{qty}") for qty in ("2", "-2"))
    emptied = order_body(order, "canceled", filled_qty="0", filled_avg_price=None, updated_at=LATER)
    broker.on_order("GET", order, json=emptied)
    broker.on("GET", "/v1/accounts/activities", json=[made | {"id": "2026::e1"}])
    broker.on("GET", "/v1/accounts/activities", json=[])
    orders.read_order_and_fills(order=order, now=timezone.now())

    activity(account, "FILL", qty=Decimal(-2), price=Decimal(200), broker_order_id=order.broker_order_id)
    broker.on("GET", "/v1/accounts/activities", json=[made | {"id": "2026::e1"}, undone])
    broker.on("GET", "/v1/accounts/activities", json=[])
    corporate_actions.follow_activities(now=timezone.now())
    sweeps.sync_open_orders(now=timezone.now() + timedelta(days=1))

    assert not order.fills.standing().exists()
