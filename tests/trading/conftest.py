import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.workflow import state
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory, QuoteFactory, order_body
from trading.models import Order, Quote
from trading.order_spec import OrderSpec
from trading.services import fills, orders


@pytest.fixture(autouse=True)
def _nobody_asked_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """No price was asked for a moment ago by this process."""
    monkeypatch.setattr("trading.services.quotes._asked", {})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent, by name, instead of sending them."""
    names: list[str] = []
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: names.append(path))
    return names


@pytest.fixture
def quote() -> Quote:
    """A price for AAPL."""
    return QuoteFactory.create()


@pytest.fixture
def account() -> BrokerageAccount:
    """An account with $1,000."""
    return BrokerageAccountFactory.create(**CASH)


LATER = "2026-03-02T15:00:01Z"
"""A second after the broker took an order of the factories."""


def refusal(message: str, code: int = 40310000, **members: Any) -> dict[str, Any]:
    """The broker's error body."""
    return {"code": code, "message": message, **members}


CASH: dict[str, Any] = {name: Decimal(1000) for name in ("cash", "buying_power", "equity")}


def place(account: BrokerageAccount, order_id: UUID | None = None, **values: Any) -> Order:
    """Place an order as the review page does; a buy of 0.42 AAPL unless `values` say otherwise."""
    seen_price, now = values.pop("seen_price", None), values.pop("now", timezone.now())
    agreed = values.pop("agreed_borrowing", None)
    size = {} if "notional" in values else {"qty": Decimal("0.42")}
    ticket = OrderSpec(**{"asset": AssetFactory.create(), "side": Order.Side.BUY, **size, **values})
    return orders.place_order(
        account=account,
        ticket=ticket,
        order_id=order_id or uuid4(),
        seen_price=seen_price,
        agreed_borrowing=agreed,
        by=account.user,
        now=now,
    )


def taken(
    request: requests.PreparedRequest, status: str = "accepted", **fields: Any
) -> tuple[int, dict[str, str], str]:
    """The broker's answer to a POST that it took."""
    body = json.loads(request.body or b"{}")
    order = Order.objects.get(client_order_id=body["client_order_id"])
    return 200, {"X-Request-ID": REQUEST_ID}, json.dumps(order_body(order, status, **fields))


def answer_orders(broker: BrokerStub, account: BrokerageAccount, callback: Any = taken) -> None:
    """Answer every POST of an order."""
    broker.call_back("POST", f"/v1/trading/accounts/{account.broker_account_id}/orders", callback)


def left_in_call(account: BrokerageAccount, status: str = "SUBMITTING", **columns: Any) -> Order:
    """An order whose call was made long ago, and has had no outcome since: it may have arrived."""
    order = OrderFactory.create(account, status="", **columns)
    long_ago = timezone.now() - timedelta(seconds=settings.SETTLE_AFTER_SECONDS + 1)
    ApiCall.objects.create(
        call_id=uuid4(), method="POST", path="/orders", about_type=label_of(order), about_id=str(order.pk)
    )
    Order.objects.filter(pk=order.pk).update(claimed_at=long_ago, status_at=long_ago)
    order.refresh_from_db()
    if status != order.status:
        order = state.move(order, status, by=state.Process.REPLY)
        Order.objects.filter(pk=order.pk).update(status_at=long_ago)
        order.refresh_from_db()
    return order


def record_fill(order: Order, qty: str, cum_qty: str, price: str = "200", **ids: Any) -> None:
    """One execution of an order, as an event (`execution_id`) or an activity (`activity_id`) tells of it."""
    told = fills.Told(
        qty=Decimal(qty), price=Decimal(price), at=timezone.now(), cum_qty=Decimal(cum_qty), **ids
    )
    fills.record(order, told)


AT = "2026-03-02T15:00:01.5Z"
"""When the executions of the events and activities below took place."""


def trade_event(order: Order, kind: str = "fill", /, **members: Any) -> dict[str, Any]:
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
