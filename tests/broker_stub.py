"""The broker as canned replies, for tests that need one answer of a kind; others use the sandbox."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import responses
from django.conf import settings

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.budget import budget_of
from trading.models import Order

Callback = Callable[[requests.PreparedRequest], tuple[int, dict[str, str], str]]
REQUEST_ID = "65ddd35ed1b3433dbf29d11f6d932c88"


class BrokerStub:
    """Answers at BROKER_BASE_URL; a call without an answer fails as if the broker could not be reached."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def on(self, method: str, path: str, *, date: str = "", **reply: Any) -> responses.BaseResponse:
        """Answer each call to a path, with whatever query, by what `responses` takes.

        An exception as `body` breaks the exchange; of several answers each but the last is given once.
        `date` is what the broker's clock shows, as in the header of this name.
        """
        url = re.compile(self._pattern(path))
        headers = {"X-Request-ID": REQUEST_ID} | ({"Date": date} if date else {})
        return self.mock.add(method, url, **{"headers": headers, **reply})

    def replace(self, method: str, path: str, **reply: Any) -> None:
        """Answer each call to a path by this from now on, whatever it was answered by before."""
        headers = {"X-Request-ID": REQUEST_ID}
        self.mock.replace(method, re.compile(self._pattern(path)), **{"headers": headers, **reply})

    def call_back(self, method: str, path: str, callback: Callback) -> None:
        """Answer each call to a path by what a function of the request gives: status, headers, body."""
        self.mock.add_callback(method, re.compile(self._pattern(path)), callback=callback)

    def on_account(
        self, method: str, account: BrokerageAccount, path: str, **reply: Any
    ) -> responses.BaseResponse:
        """Answer a call below an account: `path` as in "transfers"."""
        return self.on(method, f"/v1/accounts/{account.broker_account_id}/{path}", **reply)

    def on_orders(
        self, method: str, account: BrokerageAccount, suffix: str = "", **reply: Any
    ) -> responses.BaseResponse:
        """Answer a call below an account's `/orders`."""
        return self.on(method, f"/v1/trading/accounts/{account.broker_account_id}/orders{suffix}", **reply)

    def on_order(self, method: str, order: Order, **reply: Any) -> responses.BaseResponse:
        """Answer a call to one order."""
        return self.on_orders(method, order.account, f"/{order.broker_order_id}", **reply)

    def _pattern(self, path: str) -> str:
        return re.escape(settings.BROKER_BASE_URL + path) + r"(\?.*)?$"

    @property
    def calls(self) -> responses.CallList:
        """Every call that was made, oldest first."""
        return self.mock.calls

    def count(self, method: str) -> int:
        """How many calls were made by this method."""
        return sum(call.request.method == method for call in self.calls)


@contextmanager
def broker_stub() -> Iterator[BrokerStub]:
    """Within, no call leaves this process; a 429 that another test was answered is forgotten."""
    for base_url in (settings.BROKER_BASE_URL, settings.BROKER_DATA_URL):
        budget_of(base_url).forget()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield BrokerStub(mock)
