"""The sandbox's own time: the machine's clock plus an offset, with waits shortened by ``speed``."""

import datetime as dt
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


class Clock:
    """``speed`` divides how long things take; it does not make the clock run faster.

    While it is frozen nothing that has to wait comes about; ``advance`` still moves it.
    """

    def __init__(
        self,
        speed: float,
        offset: dt.timedelta = dt.timedelta(0),
        frozen_at: dt.datetime | None = None,
        skew: dt.timedelta = dt.timedelta(0),
    ) -> None:
        self.speed = speed
        self.frozen_at = frozen_at
        self.skew = skew  # how far it goes wrong on purpose; a part of the offset
        self._offset = offset

    def now(self) -> dt.datetime:
        """Aware UTC."""
        return self.frozen_at or dt.datetime.now(dt.UTC) + self._offset

    @property
    def offset(self) -> dt.timedelta:
        """How far it is ahead of the machine's clock; while frozen, less and less."""
        return self.frozen_at - dt.datetime.now(dt.UTC) if self.frozen_at else self._offset

    def wait(self, seconds: float, floor: float = 0.0) -> dt.timedelta:
        """How long something takes that takes ``seconds`` at the real broker; at least ``floor``."""
        return dt.timedelta(seconds=max(seconds / self.speed, floor))

    def advance(self, by: dt.timedelta) -> None:
        """Move the clock forward. Raises ValueError for a step back: history would be out of order."""
        if by < dt.timedelta(0):
            raise ValueError("the clock only moves forward")
        self._move(by)

    def go_wrong(self, skew: dt.timedelta) -> dt.timedelta:
        """Be ``skew`` off from now on, which may lead back; returns by how much that moved it."""
        change = skew - self.skew
        self.skew = skew
        self._move(change)
        return change

    def _move(self, by: dt.timedelta) -> None:
        if self.frozen_at is not None:
            self.frozen_at += by
        else:
            self._offset += by

    def freeze(self, at: dt.datetime) -> None:
        """Stand still at an instant of its own, now; no effect when it does already."""
        self.frozen_at = self.frozen_at or at

    def resume(self) -> None:
        """Go on from the instant it stands at."""
        self._offset, self.frozen_at = self.offset, None


def market_date(at: dt.datetime) -> dt.date:
    """The New York date of an instant."""
    return at.astimezone(NEW_YORK).date()
