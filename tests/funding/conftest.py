from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from funding.models import BankLink, Transfer
from tests.factories import transfer_body


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
    """A transfer in a list of the broker's; without an id of its own it has the same one each time."""
    known = str(transfer.broker_transfer_id or "19a2c1a5-a1c9-4a4b-8c1c-1f5a3c6b9d22")
    return transfer_body(transfer, **{"id": known, **fields})
