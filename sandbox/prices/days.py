"""The days on which prices move: NYSE sessions, or every calendar day for a market that never closes."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import msgspec

from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK
from sandbox.kernel.trading_calendar import Session


class MarketDay(msgspec.Struct, frozen=True):
    """One day of prices. Times are Unix seconds; index grows by one a day, by more over a holiday."""

    index: int
    midnight: int
    start: int
    minutes: int

    @property
    def last_second(self) -> int:
        """The offset from start of the last second with a price of its own."""
        return self.minutes * 60 - 1


class SessionDays:
    """Days of the exchange's regular sessions."""

    days_per_year = 252
    overnight_share = 0.25
    """How much of a day's variance falls between the close and the next open."""

    def latest(self, at: datetime) -> MarketDay:
        """The last day that has begun trading by an instant. Raises trading_calendar.OutsideCalendar."""
        return _session_day(_last_opened(at))

    def current(self, at: datetime) -> MarketDay:
        """The day of an instant's New York date, from midnight on; on a closed date, the one before it."""
        today = at.astimezone(NEW_YORK).date()
        return _session_day(trading_calendar.session_on(today) or trading_calendar.previous_session(today))

    def before(self, day: MarketDay) -> MarketDay:
        """The day before. Raises trading_calendar.OutsideCalendar."""
        return _session_day(trading_calendar.previous_session(_date_of(day)))

    def next_start(self, at: datetime) -> int:
        """When the next day begins trading, in Unix seconds."""
        return int(trading_calendar.next_open(at).timestamp())

    def between(self, first: date, last: date, descending: bool = False) -> Iterator[MarketDay]:
        """The days of a range, both ends included."""
        found = trading_calendar.sessions(first, last)
        return map(_session_day, reversed(found) if descending else found)

    def index_of(self, day: date) -> int:
        """The index a date has or would have: weekdays are counted, holidays among them."""
        return _weekdays_until(day)


class EveryDay:
    """Whole calendar days of New York, weekends and holidays too, each going on where the last ended."""

    days_per_year = 365
    overnight_share = 0.0

    def latest(self, at: datetime) -> MarketDay:
        """The day of an instant's New York date."""
        return _calendar_day(at.astimezone(NEW_YORK).date())

    current = latest

    def before(self, day: MarketDay) -> MarketDay:
        """The day before."""
        return _calendar_day(_date_of(day) - timedelta(days=1))

    def next_start(self, at: datetime) -> int:
        """The coming midnight, in Unix seconds."""
        return _midnight(at.astimezone(NEW_YORK).date() + timedelta(days=1))

    def between(self, first: date, last: date, descending: bool = False) -> Iterator[MarketDay]:
        """The days of a range, both ends included."""
        offsets = range((last - first).days + 1)
        return (
            _calendar_day(first + timedelta(days=n)) for n in (reversed(offsets) if descending else offsets)
        )

    def index_of(self, day: date) -> int:
        """The index of a date."""
        return day.toordinal()


def _last_opened(at: datetime) -> Session:
    today = at.astimezone(NEW_YORK).date()
    session = trading_calendar.session_on(today)
    if session is not None and session.open <= at:
        return session
    return trading_calendar.previous_session(today)


@lru_cache(maxsize=20_000)
def _session_day(session: Session) -> MarketDay:
    start = int(session.open.timestamp())
    return MarketDay(
        index=_weekdays_until(session.date),
        midnight=_midnight(session.date),
        start=start,
        minutes=(int(session.close.timestamp()) - start) // 60,
    )


@lru_cache(maxsize=20_000)
def _calendar_day(day: date) -> MarketDay:
    start = _midnight(day)
    minutes = (_midnight(day + timedelta(days=1)) - start) // 60
    return MarketDay(index=day.toordinal(), midnight=start, start=start, minutes=minutes)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), NEW_YORK).timestamp())


def _date_of(day: MarketDay) -> date:
    return datetime.fromtimestamp(day.midnight, NEW_YORK).date()


def _weekdays_until(day: date) -> int:
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return weeks * 5 + min(weekday, 5)
