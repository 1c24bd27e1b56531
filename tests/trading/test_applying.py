from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.workflow import state, writes
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from tests.factories import OrderFactory, order_reply
from tests.trading.conftest import LATER
from trading.models import Order, PositionsSync
from trading.services import orders
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


def test_apply_order_partial_fill_then_filled(account: BrokerageAccount, sent: list[str]) -> None:
    order = OrderFactory.create(account, qty=Decimal(2))
    sent.clear()

    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "partially_filled", filled_qty="0.5", filled_avg_price="200", updated_at=LATER
        ),
    )
    assert (order.status, order.filled_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.5"))
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order,
            "partially_filled",
            filled_qty="1.5",
            filled_avg_price="201",
            updated_at="2026-03-02T15:00:02Z",
        ),
    )
    assert (order.status, order.filled_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal("1.5"))
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "filled", filled_qty="2", filled_avg_price="202", updated_at="2026-03-02T15:00:03Z"
        ),
    )
    assert (order.status, order.filled_avg_price) == (OrderStatus.FILLED, Decimal(202))
    assert [change.to_status for change in StatusChange.objects.about(order)] == [
        "ACCEPTED",
        "PARTIALLY_FILLED",
        "FILLED",
    ]
    assert [step.filled_qty for step in order.progress.all()] == [0, Decimal("0.5"), Decimal("1.5"), 2]
    assert PositionsSync.objects.get(account=account).due_at <= timezone.now()


def test_apply_order_filled_enqueues_fills_and_portfolio(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    order = OrderFactory.create(account)
    reply = order_reply(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=LATER)

    with django_capture_on_commit_callbacks(execute=True):
        orders.apply_order(order=order, reply=reply)

    assert sent == ["trading.tasks.sync_portfolio", "trading.tasks.sync_fills"]


def test_apply_order_stale_snapshot_loses(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)
    stale = order_reply(order, "new", updated_at=LATER)
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at="2026-03-02T15:00:02Z"
        ),
    )

    order = orders.apply_order(order=order, reply=stale)

    assert (order.status, order.filled_qty, order.broker_status) == (
        OrderStatus.FILLED,
        Decimal("0.42"),
        "filled",
    )


def test_apply_order_same_instant_lower_fill_loses(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)
    more = order_reply(order, "partially_filled", filled_qty="0.2", filled_avg_price="200", updated_at=LATER)
    less = order_reply(order, "partially_filled", filled_qty="0.1", filled_avg_price="200", updated_at=LATER)

    orders.apply_order(order=order, reply=more)

    assert orders.apply_order(order=order, reply=less).filled_qty == Decimal("0.2")


def test_apply_order_unknown_word_is_stored(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="new")

    order = orders.apply_order(order=order, reply=order_reply(order, "pondering", updated_at=LATER))

    assert (order.status, order.broker_status) == (OrderStatus.NEW, "pondering")


def test_apply_order_unknown_word_for_a_new_order_is_at_the_broker(account: BrokerageAccount) -> None:
    assert OrderFactory.create(account, status="pondering").status == OrderStatus.ACCEPTED


def test_apply_order_final_status_stays(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="canceled")

    order = orders.apply_order(order=order, reply=order_reply(order, "new", updated_at=LATER))

    assert (order.status, order.broker_status) == (OrderStatus.CANCELED, "new")


def test_apply_order_after_not_placed_the_broker_is_right(account: BrokerageAccount) -> None:
    order = state.move(
        OrderFactory.create(account, status=""), OrderStatus.NOT_PLACED, by=state.Process.SWEEP
    )

    order = orders.apply_order(order=order, reply=order_reply(order, "new"))

    assert order.status == OrderStatus.NEW


def test_apply_order_of_another_order(account: BrokerageAccount) -> None:
    one, other = OrderFactory.create(account), OrderFactory.create(account)

    with pytest.raises(ValueError, match="another order"):
        orders.apply_order(order=one, reply=order_reply(other, "filled"))


@pytest.mark.parametrize("by", list(Process))
def test_apply_order_keeps_how_the_word_came(account: BrokerageAccount, by: Process) -> None:
    order = OrderFactory.create(account, status="")

    orders.apply_order(order=order, reply=order_reply(order, "new"), by=by)

    assert StatusChange.objects.about(order).get().actor == by.value


def test_apply_order_refused_by_its_reply_and_taken_all_the_same(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="")
    order = writes.conclude(order, OrderStatus.REJECTED, reason="Bad gateway words.", request_id="")

    order = orders.apply_order(order=order, reply=order_reply(order, "new"), by=Process.EVENT)

    assert order.status == OrderStatus.NEW


def test_apply_order_is_read_less_often_with_age_and_while_the_stream_lives(
    account: BrokerageAccount,
) -> None:
    def pause(age: timedelta) -> timedelta:
        now = timezone.now()
        Order.objects.filter(pk=order.pk).update(status_at=now - age)
        found = orders.apply_order(order=order, reply=order_reply(order, "new"))
        assert found.due_at is not None
        return found.due_at - now

    order = OrderFactory.create(account, status="new")
    young, old = pause(timedelta(seconds=1)), pause(timedelta(minutes=6))
    StreamCursor.objects.create(stream=EventStream.TRADES, connected=True, last_seen_at=timezone.now())
    live = pause(timedelta(minutes=6))

    assert young < timedelta(seconds=10) < timedelta(minutes=1) < old < timedelta(minutes=3) < live
