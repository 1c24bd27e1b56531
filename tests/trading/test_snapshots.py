"""What accounts were worth over time."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory, QuoteFactory
from tests.trading.views.conftest import another_position
from trading.models import DailyEquity, EquityPoint, EquitySync, MarketClock, Quote
from trading.services import snapshots

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)
DAY = date(2026, 3, 4)
D = Decimal


def market_is(is_open: bool, at: datetime = NOON) -> None:
    MarketClock.objects.update_or_create(
        id=1,
        defaults={
            "is_open": is_open,
            "next_open": at + timedelta(hours=20),
            "next_close": at + timedelta(hours=4 if is_open else 27),
            "synced_at": at,
        },
    )


def test_take_points_values_cash_and_positions(account: BrokerageAccount) -> None:
    QuoteFactory.create()
    PositionFactory.create(account=account, qty=D("2.5"))
    BrokerageAccount.objects.update(cash=D("1000.10"), memoposts=D("100"), equity=D("1400.09"))

    assert snapshots.take_points(now=NOON) == 1

    point, day = EquityPoint.objects.get(), DailyEquity.objects.get()
    assert (point.cash, point.positions_value, point.equity) == (D("900.10"), D("500.00"), D("1400.10"))
    assert (point.broker_equity, point.at) == (D("1400.09"), NOON)
    assert (day.day, day.equity, day.broker_equity) == (DAY, D("1400.10"), None)


def test_take_points_the_last_of_a_day_is_the_days(account: BrokerageAccount) -> None:
    QuoteFactory.create()
    PositionFactory.create(account=account)
    snapshots.take_points(now=NOON)
    Quote.objects.update(last=D(210))
    snapshots.take_points(now=NOON + timedelta(minutes=5))

    assert DailyEquity.objects.get().equity == D("1420.00")
    assert EquityPoint.objects.count() == 2


def test_take_points_writes_nothing_twice_and_nothing_while_the_market_rests(
    account: BrokerageAccount,
) -> None:
    market_is(is_open=True)
    assert snapshots.take_points(now=NOON) == 1
    assert snapshots.take_points(now=NOON + timedelta(minutes=5)) == 0

    saturday = NOON + timedelta(days=3)
    market_is(is_open=False, at=saturday)
    assert snapshots.take_points(now=saturday) == 0
    BrokerageAccount.objects.update(cash=D(5))
    assert snapshots.take_points(now=saturday) == 1


def test_take_points_a_new_day_of_trading_has_a_row_of_its_own(account: BrokerageAccount) -> None:
    market_is(is_open=True)
    snapshots.take_points(now=NOON)
    market_is(is_open=True, at=NOON + timedelta(days=1))
    snapshots.take_points(now=NOON + timedelta(days=1))
    assert list(DailyEquity.objects.order_by("day").values_list("day", flat=True)) == [
        DAY,
        DAY + timedelta(days=1),
    ]


def test_take_points_leaves_out_what_has_no_price(account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="ODD"))
    assert snapshots.take_points(now=NOON) == 0


def test_take_points_costs_as_much_for_many_as_for_one(account: BrokerageAccount) -> None:
    another_position(account)

    def queries(at: datetime) -> int:
        with CaptureQueriesContext(connection) as captured:
            snapshots.take_points(now=at)
        return len(captured)

    before = queries(NOON)
    for _ in range(4):
        other = BrokerageAccountFactory.create(cash=D(7), buying_power=D(7))
        another_position(other)
        another_position(other)
    # A batch more or less, by where the run begins.
    assert queries(NOON + timedelta(days=1)) <= before + 8


def history(*days: tuple[date, str]) -> dict[str, Any]:
    """The broker's: timestamps are eight in the evening in New York."""
    at = [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + 25 * 3600 for day, _ in days]
    values = [float(value) for _, value in days]
    return {"timestamp": at, "equity": values, "profit_loss": values, "timeframe": "1D", "base_value": 0}


def on_history(broker: BrokerStub, account: BrokerageAccount, body: dict[str, Any]) -> None:
    path = f"/v1/trading/accounts/{account.broker_account_id}/account/portfolio/history"
    broker.on("GET", path, json=body)


def test_sync_histories_fills_days_before_us_and_stands_beside_ours(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    yesterday = DAY - timedelta(days=1)
    DailyEquity.objects.create(account=account, day=yesterday, at=NOON, cash=D(1), equity=D("100.00"))
    days = [DAY - timedelta(days=3), DAY - timedelta(days=2), yesterday, DAY]
    on_history(broker, account, history(*zip(days, ("0", "90.5", "100.25", "7"), strict=True)))

    assert snapshots.sync_histories(now=NOON).done == 1

    assert list(DailyEquity.objects.order_by("day").values_list("day", "equity", "broker_equity")) == [
        (days[1], D("90.50"), D("90.50")),
        (yesterday, D("100.00"), D("100.25")),
    ]
    sync = EquitySync.objects.get()
    assert sync.synced_at == NOON
    assert sync.due_at - NOON > timedelta(hours=10)
    assert snapshots.sync_histories(now=NOON + timedelta(hours=1)).done == 0


def test_sync_histories_what_fails_is_put_off(account: BrokerageAccount, broker: BrokerStub) -> None:
    on_history(broker, account, {"timestamp": "odd"})
    assert snapshots.sync_histories(now=NOON).failed == 1
    assert EquitySync.objects.get().due_at == NOON + timedelta(seconds=5)


def test_prune_points_keeps_days(account: BrokerageAccount) -> None:
    now = timezone.now()
    snapshots.take_points(now=now - timedelta(days=36))
    assert snapshots.prune_points(now=now) == 1
    assert DailyEquity.objects.count() == 1
