"""What is kept of every attempt of every call, and who keeps it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class Outcome(StrEnum):
    """How an attempt ended; IN_FLIGHT is also what a process that died in mid-call leaves behind."""

    IN_FLIGHT = "IN_FLIGHT"
    OK = "OK"
    NOT_DONE = "NOT_DONE"
    UNKNOWN = "UNKNOWN"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class CallRecord:
    """One attempt. Holds ids and a path template; never a query, a body or a header."""

    call_id: UUID
    method: str
    path: str
    ids: dict[str, str]
    attempt: int
    started_at: datetime = field(default_factory=_now)
    finished_at: datetime | None = None
    milliseconds: int | None = None
    http_status: int | None = None
    request_id: str = ""
    outcome: Outcome = Outcome.IN_FLIGHT
    error_code: int | None = None
    error_message: str = ""


class Recorder(Protocol):
    """Keeps call records. A write that it cannot keep is not sent; a read is, and the failure is logged."""

    def start(self, record: CallRecord) -> Any:
        """Keep, for good, that an attempt is about to be made; returns what `finish` will be given.

        May raise `CallNotRecorded` to forbid the call.
        """

    def finish(self, token: Any, record: CallRecord) -> None:
        """Keep how the attempt ended. `token` is None if `start` failed. What it raises is logged."""
