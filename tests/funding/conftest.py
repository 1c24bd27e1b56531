from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import responses
from django.conf import settings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from funding.models import BankLink, Transfer


class BrokerStub:
    """The broker's funding endpoints of one account, as canned replies."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def url(self, account: BrokerageAccount, path: str) -> str:
        """The address of one of the account's endpoints."""
        return f"{settings.BROKER_BASE_URL}/v1/accounts/{account.broker_account_id}/{path}"

    def on(
        self, method: str, account: BrokerageAccount, path: str, *, date: str = "", **reply: Any
    ) -> responses.BaseResponse:
        """Answer a call with what `responses` takes; an exception as `body` breaks the exchange.

        `date` is what the broker's clock shows, as in the header of this name.
        """
        headers = {"X-Request-ID": "65ddd35ed1b3433dbf29d11f6d932c88"} | ({"Date": date} if date else {})
        return self.mock.add(method, self.url(account, path), headers=headers, **reply)

    def count(self, method: str) -> int:
        """How many calls were made by this method."""
        return sum(call.request.method == method for call in self.mock.calls)


@pytest.fixture
def broker() -> Iterator[BrokerStub]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield BrokerStub(mock)


def soon() -> datetime:
    """Later than a claim of this moment can be alive."""
    return timezone.now() + timedelta(minutes=5)


def relationship(link: BankLink, **fields: Any) -> dict[str, Any]:
    """A bank link in a list of the broker's."""
    return {
        "id": str(link.relationship_id or "0b2ba1a5-a1c9-4a4b-8c1c-1f5a3c6b9d11"),
        "account_id": str(link.account.broker_account_id),
        "status": "QUEUED",
        "account_owner_name": link.account_owner_name,
        "bank_account_type": link.bank_account_type,
        "bank_account_number": link.bank_account_number,
        "bank_routing_number": link.bank_routing_number,
        "created_at": "2026-03-02T15:00:00Z",
        "updated_at": "2026-03-02T15:00:00Z",
    } | fields


def listed(transfer: Transfer, **fields: Any) -> dict[str, Any]:
    """A transfer in a list of the broker's."""
    return {
        "id": str(transfer.broker_transfer_id or "19a2c1a5-a1c9-4a4b-8c1c-1f5a3c6b9d22"),
        "account_id": str(transfer.account.broker_account_id),
        "relationship_id": str(transfer.bank_link.relationship_id),
        "type": "ach",
        "status": "QUEUED",
        "amount": str(transfer.amount),
        "direction": transfer.direction,
        "created_at": transfer.created_at.isoformat(),
        "updated_at": transfer.created_at.isoformat(),
    } | fields
