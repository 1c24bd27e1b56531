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
