import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, OrderFactory, order_body
from tests.trading.conftest import LATER, left_in_call
from trading.models import Order
from trading.services import orders, sweeps
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def rest(order: Order, **columns: Any) -> Order:
    """Make it look untouched for longer than any call can take, and due."""
    long_ago = timezone.now() - timedelta(seconds=settings.SETTLE_AFTER_SECONDS + 1)
    Order.objects.filter(pk=order.pk).update(
        **dict.fromkeys(("status_at", "synced_at", "due_at"), long_ago), **columns
    )
    order.refresh_from_db()
    return order


def test_settle_orders_takes_a_row_left_by_a_killed_process(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = left_in_call(account)
    broker.on_orders("GET", account, ":by_client_order_id", json=order_body(order, "new"))

    sweeps.settle_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW
    assert broker.count("POST") == 0


def test_settle_orders_leaves_calls_that_may_be_in_flight(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="")
    Order.objects.filter(pk=order.pk).update(claimed_at=timezone.now())

    sweeps.settle_orders(now=timezone.now())

    assert not broker.calls


def test_settle_orders_broker_away_leaves_it_unknown(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = left_in_call(account)
    broker.on_orders("GET", account, ":by_client_order_id", status=401, json={"message": "unauthorized."})

    sweeps.settle_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.SUBMITTING


def test_settle_orders_one_failing_stops_nobody(account: BrokerageAccount, broker: BrokerStub) -> None:
    other = BrokerageAccountFactory.create()
    left_in_call(account)
    order = left_in_call(other)
    broker.on_orders("GET", account, ":by_client_order_id", json={"id": "not an order"})
    broker.on_orders("GET", other, ":by_client_order_id", json=order_body(order, "new"))

    sweeps.settle_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW


def test_settle_orders_repeats_a_cancel_that_had_no_effect(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    asked = {"cancel_requested_at": long_ago, "cancel_requested_by": account.user}
    order = rest(OrderFactory.create(account, status="new"), **asked)
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER))

    sweeps.settle_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELED


def test_sync_open_orders_reads_them(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = rest(OrderFactory.create(account, status="new"))
    rest(OrderFactory.create(account, status="canceled"))
    filled = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=LATER)
    broker.on_order("GET", order, json=filled)
    broker.on("GET", "/v1/accounts/activities", json=[])

    sweeps.sync_open_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED
    assert broker.count("GET") == 1


def test_sync_open_orders_fetches_missing_fills(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = rest(OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200"))
    fill = {
        "id": "20260302100001500::x",
        "activity_type": "FILL",
        "transaction_time": LATER,
        "price": "200",
        "qty": "0.42",
        "cum_qty": "0.42",
        "side": "buy",
        "symbol": "AAPL",
        "order_id": str(order.broker_order_id),
    }
    told = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200")
    broker.on_order("GET", order, json=told)
    broker.on("GET", "/v1/accounts/activities", json=[fill])

    sweeps.sync_open_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.recorded_qty == order.filled_qty


def test_sync_open_orders_timeout_is_not_fatal(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = rest(OrderFactory.create(account, status="new"))
    broker.on_order("GET", order, body=requests.exceptions.ConnectionError())

    sweeps.sync_open_orders(now=timezone.now())

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW


def test_sync_open_orders_what_failed_is_due_again_within_seconds(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = rest(OrderFactory.create(account, status="new"))
    broker.on_order("GET", order, status=400, json={"message": "unreadable"})
    now = timezone.now()
    pauses = []
    for _ in range(3):
        sweeps.sync_open_orders(now=now)
        order.refresh_from_db()
        assert order.due_at is not None
        pauses.append((order.due_at - now).total_seconds())
        now = order.due_at

    assert pauses == [5, 10, 20]


def test_sync_open_orders_a_failing_order_goes_to_the_back(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    bad, good = rest(OrderFactory.create(account, status="new")), OrderFactory.create(account, status="new")
    Order.objects.filter(pk=good.pk).update(due_at=timezone.now())
    broker.on_order("GET", bad, status=400, json={"message": "unreadable"})
    broker.on_order("GET", good, json=order_body(good, "canceled", updated_at=LATER))

    sweeps.sync_open_orders(now=timezone.now())

    good.refresh_from_db()
    bad.refresh_from_db()
    assert good.status == OrderStatus.CANCELED
    assert bad.due_at is not None
    assert bad.due_at > timezone.now()


def test_sync_open_orders_leaves_those_that_are_not_due(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    OrderFactory.create(account, status="new")
    OrderFactory.create(account, status="held")

    sweeps.sync_open_orders(now=timezone.now())

    assert not broker.calls


def test_settle_orders_what_the_broker_cannot_say_is_put_off(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    left_in_call(account)
    broker.on_orders("GET", account, ":by_client_order_id", status=401, json={"message": "unauthorized."})
    now = timezone.now()

    sweeps.settle_orders(now=now)
    sweeps.settle_orders(now=now + timedelta(seconds=2))
    assert broker.count("GET") == 1
    sweeps.settle_orders(now=now + timedelta(seconds=6))

    assert broker.count("GET") == 2


def test_settle_orders_does_not_repeat_a_cancel_at_every_run(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    asked = {"cancel_requested_at": now - timedelta(minutes=5), "cancel_requested_by": account.user}
    order = rest(OrderFactory.create(account, status="new"), **asked)
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "new", updated_at=LATER))

    sweeps.settle_orders(now=now)
    sweeps.settle_orders(now=now + timedelta(seconds=10))

    assert broker.count("DELETE") == 1


@pytest.mark.parametrize("said", [{"updated_at": LATER}, {"filled_qty": "0"}], ids=["news", "nothing new"])
def test_order_marked_due_while_it_was_read_stays_due(
    account: BrokerageAccount, broker: BrokerStub, said: dict[str, Any]
) -> None:
    order = OrderFactory.create(account, status="NEW")

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        Order.objects.filter(pk=order.pk).update(due_at=timezone.now())
        return 200, {}, json.dumps(order_body(order, "new", **said))

    path = f"/v1/trading/accounts/{account.broker_account_id}/orders/{order.broker_order_id}"
    broker.call_back("GET", path, answer)
    orders.sync_order(order=order)

    order.refresh_from_db()
    assert order.due_at is not None
    assert order.due_at <= timezone.now()
