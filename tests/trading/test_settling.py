from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import NEW_YORK
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory, PositionFactory, order_body
from tests.trading.conftest import left_in_call, refusal
from trading.models import MarketDay, Order
from trading.services import orders, sweeps
from trading.services.facts import get_facts
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


NO_SUCH_ORDER = {"status": 404, "json": refusal("order not found", 40410000)}


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTING, OrderStatus.UNKNOWN])
def test_settle_order_adopts_the_brokers(account: BrokerageAccount, broker: BrokerStub, status: str) -> None:
    order = left_in_call(account, status)
    body = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200.1")
    broker.on_orders("GET", account, ":by_client_order_id", json=body)

    settled = orders.settle_order(order=order, now=timezone.now())

    assert settled.status == OrderStatus.FILLED
    assert settled.filled_value == Decimal("84.042")
    assert broker.count("POST") == 0


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTING, OrderStatus.UNKNOWN])
def test_settle_order_an_absence_is_no_proof(
    account: BrokerageAccount, broker: BrokerStub, status: str
) -> None:
    order = left_in_call(account, status)
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)

    settled = orders.settle_order(order=order, now=timezone.now())

    assert settled.get_status_display() == "Not found at the broker so far"
    assert "never received" not in settled.status_reason
    assert settled.due_at is not None
    assert settled.is_open
    assert broker.count("POST") == 0


def test_settle_order_found_late_is_adopted_by_the_sweep(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = left_in_call(account)
    now = timezone.now()
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)
    sweeps.settle_orders(now=now)
    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_FOUND

    broker.mock.reset()
    filled = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200")
    broker.on_orders("GET", account, ":by_client_order_id", json=filled)
    sweeps.sync_open_orders(now=now + timedelta(minutes=3))

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED


def test_settle_order_is_looked_for_with_growing_pauses(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = left_in_call(account, "UNKNOWN")
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)
    orders.settle_order(order=order, now=timezone.now())
    pauses = []
    for hours in (0, 1, 2):
        now = timezone.now() + timedelta(hours=hours)
        Order.objects.filter(pk=order.pk).update(claimed_at=now)
        order.refresh_from_db()
        found = orders.settle_order(order=order, now=now)
        assert found.due_at is not None
        pauses.append(found.due_at - now)

    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(minutes=1)
    assert pauses[2] > timedelta(minutes=20)


def test_settle_order_not_placed_once_its_time_in_force_is_over(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = left_in_call(account, "UNKNOWN")
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)
    order = orders.settle_order(order=order, now=timezone.now())

    settled = orders.settle_order(order=order, now=timezone.now() + timedelta(days=5))

    assert settled.status == OrderStatus.NOT_PLACED
    assert "never received" in settled.status_reason


WEDNESDAY = datetime(2026, 11, 25, tzinfo=NEW_YORK)
"""The day before Thanksgiving; the day after it is a half day."""


@pytest.mark.parametrize("is_calendar_known", [True, False])
@pytest.mark.parametrize(
    ("sent", "last_look"),
    [
        (timedelta(hours=15), timedelta(hours=21)),
        # After the close: in force on Friday, as on Thursday the market is closed.
        (timedelta(hours=17), timedelta(days=2, hours=21)),
        (timedelta(hours=22), timedelta(days=2, hours=21)),
        (timedelta(days=1, hours=12), timedelta(days=2, hours=21)),
    ],
)
def test_settle_order_looks_on_until_the_session_that_it_is_for_is_over(
    account: BrokerageAccount,
    broker: BrokerStub,
    sent: timedelta,
    last_look: timedelta,
    is_calendar_known: bool,
) -> None:
    if is_calendar_known:
        for days, closes in ((0, 16), (2, 13), (5, 16)):
            day = WEDNESDAY + timedelta(days=days)
            MarketDay.objects.create(
                day=day.date(), opens_at=day + timedelta(hours=9.5), closes_at=day + timedelta(hours=closes)
            )
    order = left_in_call(account, "UNKNOWN")
    Order.objects.filter(pk=order.pk).update(claimed_at=WEDNESDAY + sent)
    order.refresh_from_db()
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)

    found = orders.settle_order(order=order, now=WEDNESDAY + last_look)
    assert found.status == OrderStatus.NOT_FOUND
    found = orders.settle_order(order=found, now=WEDNESDAY + last_look + timedelta(minutes=1))
    assert found.status == OrderStatus.NOT_PLACED


def test_settle_order_never_called_waits_for_its_process_to_be_gone(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    order = OrderFactory.create(account, status="")
    Order.objects.filter(pk=order.pk).update(claimed_at=now)

    sweeps.settle_orders(now=now + timedelta(seconds=settings.SETTLE_AFTER_SECONDS + 1))
    order.refresh_from_db()
    assert (order.status, order.claimed_at) == (OrderStatus.SUBMITTING, now)
    later = now + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 1)
    sweeps.settle_orders(now=later)
    sweeps.settle_orders(now=later)

    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_PLACED
    assert not broker.calls


def test_a_sell_order_not_found_reserves_no_shares(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = left_in_call(account, "UNKNOWN", side=Order.Side.SELL, qty=Decimal(2))
    PositionFactory.create(account=account, asset=order.asset, qty=Decimal(2))
    now = timezone.now()
    assert get_facts(account, order.asset, now).free_qty == 0
    broker.on_orders("GET", account, ":by_client_order_id", **NO_SUCH_ORDER)

    orders.settle_order(order=order, now=now)

    assert get_facts(account, order.asset, now).free_qty == 2
