"""What the broker says of a bank link or transfer at one time: the same if polled, pushed or replied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.models import AchRelationship
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer


class EventTooEarly(Exception):
    """The event is about something that we have not written down yet; try again shortly."""


@dataclass(frozen=True)
class Snapshot:
    """Identity, the broker's own word for the status, when the broker last changed it, and why."""

    id: UUID
    status: str
    updated_at: datetime | None
    reason: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, reply: "AchRelationship | BrokerTransfer") -> "Snapshot":
        """The snapshot in an object of the broker's."""
        return cls(reply.id, reply.status, reply.updated_at, getattr(reply, "reason", ""), reply.request_id)

    @classmethod
    def of_event(cls, event: Mapping[str, Any], request_id: str) -> "Snapshot":
        """The snapshot in a funding event, for objects that the broker's lists leave out."""
        at = parse_datetime(event.get("at") or "")
        return cls(
            UUID(event["entity_id"]), event.get("status_to") or "", at, event.get("reason") or "", request_id
        )

    def is_older_than(self, known: datetime | None) -> bool:
        """Whether we have already seen a later state: lists, events and replies may overtake one another."""
        return known is not None and self.updated_at is not None and self.updated_at < known


def refusal_reason(error: BrokerError) -> str:
    """Words for the person: ours where we know the broker's, else the broker's own."""
    if error.user_message != error.summary:
        return error.user_message
    return f"{error.summary} It said: “{error.message}”"
