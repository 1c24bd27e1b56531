import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    StaffFactory,
    order_body,
)
from tests.trading.conftest import CASH
from trading.models import Portfolio
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db

LATER = "2026-03-02T15:00:01Z"


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(**CASH)


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(StaffFactory.create())
    return client


@pytest.mark.parametrize("model", ["order", "position", "portfolio", "asset", "quote"])
def test_lists_show_and_search(ops: Client, account: BrokerageAccount, model: str) -> None:
    OrderFactory.create(account)
    PositionFactory.create(account=account)
    QuoteFactory.create()
    Portfolio.objects.get_or_create(account=account)

    response = ops.get(reverse(f"admin:trading_{model}_changelist"), {"q": "AAPL"})

    assert response.status_code == 200
    assert ops.get(reverse(f"admin:trading_{model}_add")).status_code == 403


@pytest.mark.parametrize("column", ["id", "client_order_id", "broker_order_id", "last_request_id", "symbol"])
def test_orders_are_found_by(ops: Client, account: BrokerageAccount, column: str) -> None:
    order = OrderFactory.create(account)

    page = ops.get(
        reverse("admin:trading_order_changelist"), {"q": str(getattr(order, column))}
    ).content.decode()

    assert "1 order" in page


def test_order_shows_history_and_calls(ops: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)

    page = ops.get(reverse("admin:trading_order_change", args=[order.pk])).content.decode()

    assert "ACCEPTED" in page
    assert str(order.broker_order_id) in page


def test_read_again_asks_the_broker(ops: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER))

    ops.post(
        reverse("admin:trading_order_changelist"),
        {"action": "read_again", "_selected_action": [str(order.pk)]},
    )

    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELED


def test_cancel_is_on_record_with_its_person(
    ops: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER))

    ops.post(
        reverse("admin:trading_order_changelist"), {"action": "cancel", "_selected_action": [str(order.pk)]}
    )

    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELED
    assert order.cancel_requested_by is not None
    assert order.cancel_requested_by.is_staff
