"""What the tests of funding's pages share: people with an account, and what they open."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from brokerapp.accounts.models import BrokerageAccount
from tests.account_pages import AccountClient, short
from tests.factories import (
    BrokerageAccountFactory,
)


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(cash=Decimal(500), cash_withdrawable=Decimal("100.00"))


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


@pytest.fixture
def stranger() -> AccountClient:
    return AccountClient(BrokerageAccountFactory.create())


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def review_url(owner: Client, amount: str = "1,234.56", page: str = "deposit") -> str:
    response = owner.post(short(f"funding:{page}"), {"amount": amount})
    assert response.status_code == 302, response.context["form"].errors
    return str(response.url)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
