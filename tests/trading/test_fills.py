from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, OrderFactory, order_body
from tests.trading.conftest import CASH
from trading.models import Fill, Order
from trading.services import fills
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db

AT = "2026-03-02T15:00:01.5Z"


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(**CASH)


def event(order: Order, kind: str = "fill", /, **members: Any) -> dict[str, Any]:
    """A trade event as it is stored."""
    snapshot = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=AT)
    return {
        "event": kind,
        "account_id": str(order.account.broker_account_id),
        "at": AT,
        "timestamp": AT,
        "execution_id": "0f5cd8a4-51a3-4fcd-9d4d-2b1d8a3a5b10",
        "qty": "0.42",
        "price": "200",
        "order": snapshot,
        **members,
    }


def activity(order: Order, qty: str, cum_qty: str, **members: Any) -> dict[str, Any]:
    """A FILL activity."""
    return {
        "id": f"20260302100001500::{cum_qty}",
        "account_id": str(order.account.broker_account_id),
        "activity_type": "FILL",
        "transaction_time": AT,
        "type": "fill",
        "price": "200",
        "qty": qty,
        "side": "buy",
        "symbol": "AAPL",
        "leaves_qty": "0",
        "cum_qty": cum_qty,
        "order_id": str(order.broker_order_id),
        "order_status": "filled",
    } | members


def filled(account: BrokerageAccount, qty: str = "0.42", **columns: Any) -> Order:
    return OrderFactory.create(
        account, status="filled", qty=Decimal(qty), filled_qty=qty, filled_avg_price="200", **columns
    )


def test_on_trade_event_records_the_fill_and_reads_the_order(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    told = event(order)
    broker.on_order("GET", order, json=told["order"])

    assert fills.on_trade_event(told) is None

    order.refresh_from_db()
    assert order.status == OrderStatus.FILLED
    assert order.recorded_qty == order.filled_qty == Decimal("0.42")
    assert Fill.objects.get().value == Decimal(84)


def test_on_trade_event_twice_is_one_fill(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    told = event(order)
    broker.on_order("GET", order, json=told["order"])

    fills.on_trade_event(told)
    fills.on_trade_event(told)

    order.refresh_from_db()
    assert Fill.objects.count() == 1
    assert order.recorded_qty == Decimal("0.42")


def test_on_trade_event_adopts_an_order_whose_reply_was_lost(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="")
    told = event(order, "new", order=order_body(order, "new"))
    broker.on_orders("GET", account, f"/{told['order']['id']}", json=told["order"])

    fills.on_trade_event(told)

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW


def test_on_trade_event_of_a_foreign_order(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account)
    told = event(order)
    told["order"] |= {"id": str(account.pk), "client_order_id": "placed elsewhere"}

    assert fills.on_trade_event(told) == "not one of our orders"
    assert not broker.calls


def test_on_trade_event_rejected_keeps_the_reason(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account)
    snapshot = order_body(order, "rejected", updated_at=AT)
    broker.on_order("GET", order, json=snapshot)

    fills.on_trade_event(event(order, "rejected", order=snapshot, reason="halted"))

    order.refresh_from_db()
    assert (order.status, order.status_reason) == (OrderStatus.REJECTED, "halted")


def test_on_trade_event_without_figures_leaves_it_to_the_activities(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    told = event(order, price=200.5)
    broker.on_order("GET", order, json=told["order"])

    fills.on_trade_event(told)

    assert not Fill.objects.exists()
    assert list(Order.objects.missing_fills()) == [order]


def test_sync_fills_completes_what_events_missed(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = filled(account, "2")
    fills.record_fill(
        order=order,
        cum_qty=Decimal("0.5"),
        qty=Decimal("0.5"),
        price=Decimal(200),
        at=timezone.now(),
        execution_id="e1",
    )
    page = [activity(order, "0.5", "0.5"), activity(order, "1.5", "2")]
    broker.on("GET", "/v1/accounts/activities", json=page)

    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == Decimal(2)
    assert list(order.fills.values_list("cum_qty", "execution_id", "activity_id")) == [
        (Decimal(2), None, "20260302100001500::2"),
        (Decimal("0.5"), "e1", "20260302100001500::0.5"),
    ]


def test_sync_fills_passes_other_orders_and_pages(account: BrokerageAccount, broker: BrokerStub) -> None:
    order, other = filled(account), filled(account)
    broker.on("GET", "/v1/accounts/activities", json=[activity(other, "0.42", "0.42")])
    mine = [activity(order, "0.42", "0.42", id="20260302100001501::x")]
    broker.on("GET", "/v1/accounts/activities", json=mine)

    fills.sync_fills(order=order)

    assert Fill.objects.get().order == order
    assert "page_token=" in str(broker.calls[1].request.url)


def test_sync_fills_ends_with_the_last_page(account: BrokerageAccount, broker: BrokerStub) -> None:
    order, other = filled(account), filled(account)
    broker.on("GET", "/v1/accounts/activities", json=[activity(other, "0.42", "0.42")])
    broker.on("GET", "/v1/accounts/activities", json=[])

    fills.sync_fills(order=order)

    assert broker.count("GET") == 2
    assert set(Order.objects.missing_fills()) == {order, other}


def test_sync_fills_complete_asks_nobody(account: BrokerageAccount, broker: BrokerStub) -> None:
    fills.sync_fills(order=OrderFactory.create(account))

    assert not broker.calls
