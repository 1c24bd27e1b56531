import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import uuid4

import pytest
import requests

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import BrokerageAccountFactory

AT = "2026-03-02T15:00:01.5Z"
PATH = "/v1/accounts/activities"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent, by name, instead of sending them."""
    names: list[str] = []
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: names.append(path))
    return names


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create()


def fill(account: BrokerageAccount, **members: Any) -> dict[str, Any]:
    """A FILL as the list has it; a buy of 2 AAPL at $200."""
    return {
        "id": f"20260302100001500::{uuid4()}",
        "account_id": str(account.broker_account_id),
        "activity_type": "FILL",
        "transaction_time": AT,
        "type": "fill",
        "price": "200",
        "qty": "2",
        "side": "buy",
        "symbol": "AAPL",
        "leaves_qty": "0",
        "cum_qty": "2",
        "order_id": str(uuid4()),
        "order_status": "filled",
    } | members


def other(
    account: BrokerageAccount, kind: str = "DIV", amount: str = "1.25", **members: Any
) -> dict[str, Any]:
    """Any other activity as the list has it."""
    return {
        "id": f"20260302000000000::{uuid4()}",
        "account_id": str(account.broker_account_id),
        "activity_type": kind,
        "date": "2026-03-02",
        "net_amount": amount,
        "description": "",
        "status": "executed",
        "created_at": AT,
    } | members


def answer(broker: BrokerStub, pages: Callable[[dict[str, str]], Sequence[Any]]) -> list[dict[str, str]]:
    """Answer each call for the list by a function of its query; the queries that were asked."""
    asked: list[dict[str, str]] = []

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {name: values[0] for name, values in parse_qs(urlparse(str(request.url)).query).items()}
        asked.append(query)
        return 200, {"X-Request-ID": REQUEST_ID}, json.dumps(list(pages(query)))

    broker.call_back("GET", PATH, reply)
    return asked
