"""What the broker says of one object at one time: the same if polled, pushed or replied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from brokerapp.broker.alpaca.models import AchRelationship, Journal
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer

CORRECTED = "replaced by a corrected one"


@dataclass(frozen=True)
class Snapshot:
    """Identity, the broker's own word for the status, when the broker last changed it, and why.

    The rest is what tells one transfer from another: `amount` is what was asked for, before fees, in USD, and
    `note` what we wrote on it.
    """

    id: UUID
    status: str
    updated_at: datetime | None
    reason: str = ""
    request_id: str = ""
    created_at: datetime | None = None
    amount: Decimal | None = None
    direction: str = ""
    relationship_id: UUID | None = None
    note: str = ""

    @classmethod
    def of_bank(cls, reply: AchRelationship) -> "Snapshot":
        """The snapshot in a bank link of the broker's."""
        return cls(reply.id, reply.status, reply.updated_at, "", reply.request_id)

    @classmethod
    def of_transfer(cls, reply: BrokerTransfer) -> "Snapshot":
        """The snapshot in a transfer of the broker's."""
        return cls(
            reply.id,
            reply.status,
            reply.updated_at,
            reply.reason,
            reply.request_id,
            created_at=reply.created_at,
            amount=reply.amount if reply.requested_amount is None else reply.requested_amount,
            direction=reply.direction,
            relationship_id=reply.relationship_id,
        )

    @classmethod
    def of_journal(cls, reply: Journal) -> "Snapshot":
        """The snapshot in a journal, which does not say when it last changed."""
        reason = CORRECTED if reply.status == "correct" else ""
        return cls(
            reply.id,
            reply.status,
            None,
            reason,
            reply.request_id,
            created_at=reply.created_at,
            note=reply.description,
        )

    @classmethod
    def of_journal_event(cls, event: Mapping[str, Any]) -> "Snapshot":
        """The snapshot in a journal event, for a journal that the broker does not give any more."""
        status = event.get("status_to") or ""
        return cls(UUID(str(event["journal_id"])), status, None, CORRECTED if status == "correct" else "")

    @classmethod
    def of_event(cls, event: Mapping[str, Any], request_id: str = "") -> "Snapshot":
        """The snapshot in a funding event, for objects that the broker's lists leave out."""
        at = parse_datetime(event.get("at") or "")
        return cls(
            UUID(event["entity_id"]), event.get("status_to") or "", at, event.get("reason") or "", request_id
        )
