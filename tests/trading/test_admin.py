import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import BrokerStub
from tests.factories import (
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    StaffFactory,
    confirm,
)
from trading.models import PositionsSync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(StaffFactory.create())
    confirm(client)
    return client


@pytest.mark.parametrize("model", ["order", "position", "positionssync", "asset", "quote", "quotepause"])
def test_lists_show_and_search(ops: Client, account: BrokerageAccount, model: str) -> None:
    OrderFactory.create(account)
    PositionFactory.create(account=account)
    QuoteFactory.create()
    PositionsSync.objects.get_or_create(account=account)

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

    assert "Sending → Accepted" in page
    assert '<th scope="col">Filled qty</th>' in page
    assert not re.search(r"<th[^>]*>\s*</th>", page)
    assert str(order.broker_order_id) in page


def test_read_again_leaves_the_calls_to_workers(
    ops: Client,
    account: BrokerageAccount,
    broker: BrokerStub,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    chosen = [OrderFactory.create(account) for _ in range(12)]
    sent.clear()

    with django_capture_on_commit_callbacks(execute=True):
        ops.post(
            reverse("admin:trading_order_changelist"),
            {"action": "read_again", "_selected_action": [str(order.pk) for order in chosen]},
        )

    assert sent == ["trading.tasks.sync_order"] * 12
    assert not broker.calls


def test_cancel_is_on_record_with_its_person(
    ops: Client,
    account: BrokerageAccount,
    broker: BrokerStub,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    order, done = OrderFactory.create(account, status="new"), OrderFactory.create(account, status="filled")
    sent.clear()

    with django_capture_on_commit_callbacks(execute=True):
        ops.post(
            reverse("admin:trading_order_changelist"),
            {
                "action": "cancel",
                "_selected_action": [str(order.pk), str(done.pk)],
                "reason": "She asked for it on the phone.",
            },
        )

    assert sent == ["trading.tasks.send_cancel"]
    assert not broker.calls
    order.refresh_from_db()
    assert order.cancel_requested_by is not None
    assert order.cancel_requested_by.is_staff
    assert StatusChange.objects.about(order).get(reason="Cancel requested").actor == "staff"


def test_read_positions_again_leaves_the_calls_to_workers(
    ops: Client,
    account: BrokerageAccount,
    broker: BrokerStub,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    PositionsSync.objects.get_or_create(account=account)
    sent.clear()

    with django_capture_on_commit_callbacks(execute=True):
        ops.post(
            reverse("admin:trading_positionssync_changelist"),
            {"action": "read_again", "_selected_action": [str(account.pk)]},
        )

    assert sent == ["trading.tasks.sync_portfolio"]
    assert not broker.calls
