"""One step of a timeline, as `_partials/timeline.html` takes it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TimelineStep:
    """`state` is done, current, upcoming or failed."""

    title: str
    state: str
    at: datetime | None = None
    text: str = ""
