"""What `_partials/timeline.html` shows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TimelineStep:
    """One line of a timeline; `state` is done, current, upcoming or failed."""

    title: str
    state: str
    at: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class LogLine:
    """One line of the event log of a receipt, in words."""

    title: str
    at: datetime
    reason: str = ""
    request_id: str = ""
