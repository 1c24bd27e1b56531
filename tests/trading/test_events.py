from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow import state
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory, order_body
from tests.trading.conftest import AT, record_fill, trade_event
from trading import timeline
from trading.models import Fill, Order, PositionsSync
from trading.services import events
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def test_on_trade_event_records_the_fill_and_reads_the_order(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    told = trade_event(order)
    broker.on_order("GET", order, json=told["order"])

    assert events.on_trade_event(told) is None

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED
    assert order.recorded_qty == order.filled_qty == Decimal("0.42")
    assert Fill.objects.get().value == Decimal(84)


def test_on_trade_event_twice_is_one_fill(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    told = trade_event(order)
    broker.on_order("GET", order, json=told["order"])

    events.on_trade_event(told)
    events.on_trade_event(told)

    order.refresh_from_db()
    assert Fill.objects.count() == 1
    assert order.recorded_qty == Decimal("0.42")


def test_on_trade_event_adopts_an_order_whose_reply_was_lost(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="")
    told = trade_event(order, "new", order=order_body(order, "new"))
    broker.on_orders("GET", account, f"/{told['order']['id']}", json=told["order"])

    events.on_trade_event(told)

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW


def test_on_trade_event_of_a_foreign_order(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account)
    told = trade_event(order)
    told["order"] |= {"id": str(account.pk), "client_order_id": "placed elsewhere"}

    assert events.on_trade_event(told) == "not one of our orders"
    assert not broker.calls


def test_on_trade_event_rejected_keeps_the_reason(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account)
    snapshot = order_body(order, "rejected", updated_at=AT)
    broker.on_order("GET", order, json=snapshot)

    events.on_trade_event(trade_event(order, "rejected", order=snapshot, reason="halted"))

    order.refresh_from_db()
    assert (order.status, order.status_reason) == (OrderStatus.REJECTED, "halted")


def test_on_trade_event_without_figures_leaves_it_to_the_activities(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    told = trade_event(order, price=200.5)
    broker.on_order("GET", order, json=told["order"])

    events.on_trade_event(told)

    assert not Fill.objects.exists()
    assert list(Order.objects.unlike_fills()) == [order]


@pytest.mark.parametrize("status", ["NOT_FOUND", "NOT_PLACED", "REJECTED"])
def test_on_trade_event_adopts_an_order_whatever_we_thought(
    account: BrokerageAccount, broker: BrokerStub, status: str
) -> None:
    order = OrderFactory.create(account, status="")
    path = ["UNKNOWN", "NOT_FOUND"] if status == "NOT_FOUND" else [status]
    for step in path:
        order = state.move(order, step, by=Process.SWEEP)
    told = trade_event(order)
    broker.on_orders("GET", account, f"/{told['order']['id']}", json=told["order"])

    events.on_trade_event(told)

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED
    assert StatusChange.objects.about(order).filter(to_status="FILLED").get().actor == "event"


def part_filled(account: BrokerageAccount, status: str = "filled") -> Order:
    """An order for 20 of which 5 and then 15 were executed."""
    order = OrderFactory.create(
        account, status=status, qty=Decimal(20), filled_qty="20", filled_avg_price="200"
    )
    record_fill(order, "5", "5", execution_id="e5")
    record_fill(order, "15", "20", execution_id="e20")
    order.refresh_from_db()
    return order


def bust(broker: BrokerStub, order: Order, status: str, **members: Any) -> dict[str, Any]:
    """The event that takes the 15 back, and the order as it is read after it."""
    snapshot = order_body(order, status, filled_qty="5", filled_avg_price="200", updated_at=AT)
    broker.on_order("GET", order, json=snapshot)
    revised = {"execution_id": "undo", "previous_execution_id": "e20", "qty": "-15"}
    return trade_event(order, "trade_bust", **{**revised, "order": snapshot, **members})


@pytest.mark.parametrize("status", ["canceled", "partially_filled"])
def test_on_trade_event_bust_marks_the_fill_and_the_sums_follow(
    account: BrokerageAccount, broker: BrokerStub, status: str
) -> None:
    order = part_filled(account)
    PositionsSync.objects.update(due_at=timezone.now() + timedelta(hours=1))

    events.on_trade_event(bust(broker, order, status))

    order.refresh_from_db()
    assert order.status == status.upper()
    assert order.recorded_qty == order.filled_qty == 5
    busted = order.fills.get(execution_id="e20")
    assert busted.busted_at is not None
    assert order.fills.count() == 2
    assert PositionsSync.objects.get(account=account).due_at <= timezone.now()


def test_on_trade_event_bust_twice_is_one(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = part_filled(account)
    told = bust(broker, order, "canceled")

    events.on_trade_event(told)
    events.on_trade_event(told)

    assert order.progress.filter(kind="BUST").count() == 1
    assert order.fills.standing().count() == 1


def test_on_trade_event_bust_of_the_same_instant_is_not_stale(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = part_filled(account)
    Order.objects.filter(pk=order.pk).update(broker_updated_at=parse_datetime(AT))

    events.on_trade_event(bust(broker, order, "canceled"))

    order.refresh_from_db()
    assert order.filled_qty == 5


def test_on_trade_event_bust_adds_a_line_and_keeps_the_others(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = part_filled(account)

    events.on_trade_event(bust(broker, order, "canceled"))

    order.refresh_from_db()
    found = timeline.order_steps(order, StatusChange.objects.about(order), order.progress.all())
    assert [(step.title, step.text) for step in found[-3:]] == [
        ("Filled", "20 of 20 shares"),
        ("Trade canceled by the exchange", "5 of 20 shares at $200.00 on average"),
        ("Canceled", "5 of 20 shares"),
    ]


def test_on_trade_event_bust_of_an_execution_told_by_an_activity(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(
        account, status="filled", qty=Decimal(20), filled_qty="20", filled_avg_price="200"
    )
    record_fill(order, "20", "20", activity_id="20260302::e20")

    events.on_trade_event(bust(broker, order, "canceled"))

    assert not order.fills.standing().exists()


def test_on_trade_event_bust_of_an_unknown_execution_still_reads_the_order(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = part_filled(account)

    events.on_trade_event(bust(broker, order, "canceled", previous_execution_id="never heard of"))

    order.refresh_from_db()
    assert (order.filled_qty, order.recorded_qty) == (5, 20)
    assert order in Order.objects.unlike_fills()


def test_on_trade_event_correct_supersedes_the_fill(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = part_filled(account)
    snapshot = order_body(order, "filled", filled_qty="20", filled_avg_price="197", updated_at=AT)
    broker.on_order("GET", order, json=snapshot)
    told = trade_event(
        order,
        "trade_correct",
        execution_id="better",
        previous_execution_id="e20",
        qty="15",
        price="196",
        order=snapshot,
    )

    events.on_trade_event(told)
    events.on_trade_event(told)

    order.refresh_from_db()
    former, corrected = order.fills.get(execution_id="e20"), order.fills.get(execution_id="better")
    assert former.superseded_by == corrected
    assert order.recorded_qty == 20
    assert sum(fill.value for fill in order.fills.standing()) == 5 * 200 + 15 * 196
    assert order.filled_avg_price == 197
    assert order.progress.filter(kind="CORRECT").count() == 1


def test_on_trade_event_correct_of_the_first_of_two_fills(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = part_filled(account)
    snapshot = order_body(order, "canceled", filled_qty="19", filled_avg_price="200", updated_at=AT)
    broker.on_order("GET", order, json=snapshot)
    corrected = {"execution_id": "better", "previous_execution_id": "e5", "qty": "4"}

    events.on_trade_event(trade_event(order, "trade_correct", **corrected, order=snapshot))

    order.refresh_from_db()
    assert order.recorded_qty == order.filled_qty == 19
    assert sorted(fill.qty for fill in order.fills.standing()) == [4, 15]
