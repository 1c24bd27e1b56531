"""The sandbox's own time: the machine's clock plus an offset, with waits shortened by ``speed``."""

import datetime as dt
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


class Clock:
    """``speed`` divides how long things take; it does not make the clock run faster."""

    def __init__(self, speed: float, offset: dt.timedelta = dt.timedelta(0)) -> None:
        self.speed = speed
        self.offset = offset

    def now(self) -> dt.datetime:
        """Aware UTC."""
        return dt.datetime.now(dt.UTC) + self.offset

    def wait(self, seconds: float, floor: float = 0.0) -> dt.timedelta:
        """How long something takes that takes ``seconds`` at the real broker; at least ``floor``."""
        return dt.timedelta(seconds=max(seconds / self.speed, floor))

    def advance(self, by: dt.timedelta) -> None:
        """Move the clock forward. Raises ValueError for a step back: history would be out of order."""
        if by < dt.timedelta(0):
            raise ValueError("the clock only moves forward")
        self.offset += by


def market_date(at: dt.datetime) -> dt.date:
    """The New York date of an instant."""
    return at.astimezone(NEW_YORK).date()
