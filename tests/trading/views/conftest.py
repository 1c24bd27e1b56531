"""What the tests of trading's pages share: people with an account, and what they open."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.workflow import intents
from tests.account_pages import AccountClient
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    PositionFactory,
    QuoteFactory,
)
from trading.models import Quote
from trading.views.reviews import PURPOSE

LONG = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _tasks(sent: list[str], quote: Quote) -> None:
    """No task runs by itself, and AAPL has a price."""


@pytest.fixture
def owner(account: BrokerageAccount) -> Client:
    return signed_in(account)


@pytest.fixture
def stranger() -> Client:
    return signed_in(BrokerageAccountFactory.create())


MARGIN: dict[str, Any] = {
    "cash": Decimal(5000),
    "buying_power": Decimal(10000),
    "equity": Decimal(5000),
    "multiplier": Decimal(2),
}
"""With the margin agreement: twice the cash is buying power."""


@pytest.fixture
def on_margin(account: BrokerageAccount) -> BrokerageAccount:
    BrokerageAccount.objects.filter(pk=account.pk).update(**MARGIN)
    account.refresh_from_db()
    return account


def shown(response: Any) -> str:
    """A page with its blanks folded."""
    return " ".join(response.content.decode().split())


def signed_in(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def token(account: BrokerageAccount, **data: str) -> str:
    asset = AssetFactory.create()
    size = {} if "notional" in data else {"qty": "0.42"}
    return intents.mint(
        PURPOSE, account.user_id, account.pk, {"asset": str(asset.pk), "side": "BUY", **size, **data}
    )


def review_url(account: BrokerageAccount, **data: str) -> str:
    return account_url(account, "trading:order_review", token(account, **data))


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def assert_constant_queries(client: Client, url: str, add_rows: Callable[[], object]) -> None:
    add_rows()
    before = queries(client, url)
    for _ in range(3):
        add_rows()
    assert queries(client, url) == before


def another_position(account: BrokerageAccount) -> None:
    symbol = f"S{uuid4().hex[:6].upper()}"
    QuoteFactory.create(symbol=symbol)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol=symbol))
