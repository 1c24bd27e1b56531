import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import responses
from django.conf import settings

from brokerapp.accounts.models import BrokerageAccount
from trading.models import Order

REQUEST_ID = "65ddd35ed1b3433dbf29d11f6d932c88"


class BrokerStub:
    """The broker's trading endpoints, as canned replies."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def on(self, method: str, path: str, **reply: Any) -> responses.BaseResponse:
        """Answer every call to a path; an exception as `body` breaks the exchange."""
        url = re.compile(re.escape(settings.BROKER_BASE_URL + path) + r"(\?.*)?$")
        return self.mock.add(method, url, headers={"X-Request-ID": REQUEST_ID}, **reply)

    def on_orders(self, method: str, account: BrokerageAccount, suffix: str = "", **reply: Any) -> Any:
        """Answer a call below an account's `/orders`."""
        return self.on(method, f"/v1/trading/accounts/{account.broker_account_id}/orders{suffix}", **reply)

    def on_order(self, method: str, order: Order, **reply: Any) -> Any:
        """Answer a call to one order."""
        return self.on_orders(method, order.account, f"/{order.broker_order_id}", **reply)

    def count(self, method: str) -> int:
        """How many calls were made by this method."""
        return sum(call.request.method == method for call in self.mock.calls)


@pytest.fixture
def broker() -> Iterator[BrokerStub]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield BrokerStub(mock)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent, by name, instead of sending them."""
    names: list[str] = []
    monkeypatch.setattr("brokerapp.workflow.jobs._send", lambda task, path, ids: names.append(path))
    return names


def refusal(message: str, code: int = 40310000, **members: Any) -> dict[str, Any]:
    """The broker's error body."""
    return {"code": code, "message": message, **members}


CASH: dict[str, Any] = {name: Decimal(1000) for name in ("cash", "buying_power", "equity")}
