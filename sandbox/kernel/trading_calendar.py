"""NYSE trading sessions, settlement dates and Federal Reserve bank days, 1970 to 2099."""

import re
from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from functools import cache

import holidays
import msgspec

from sandbox.kernel.clock import NEW_YORK

FIRST_YEAR = 1970
LAST_YEAR = 2099

PRE_OPEN = time(4, 0)
OPEN = time(9, 30)
CLOSE = time(16, 0)
# After-hours trading lasts four hours: to 20:00, and to 17:00 after a 13:00 close.
POST_LENGTH = timedelta(hours=4)

# First trade date of each settlement cycle, newest first (SEC rule 15c6-1), with its length in days.
SETTLEMENT_CYCLES = (
    (date(2024, 5, 28), 1),
    (date(2017, 9, 5), 2),
    (date(1995, 6, 7), 3),
    (date.min, 5),
)


# The field named date hides the type of that name inside the class.
Day = date


class Session(msgspec.Struct, frozen=True):
    """One trading day. The four instants are aware, in New York time, and rise."""

    date: Day
    open: datetime
    close: datetime
    pre_open: datetime
    post_close: datetime
    settlement_date: Day

    @property
    def is_half_day(self) -> bool:
        """True when the regular session ends before 16:00."""
        return self.close.time() < CLOSE


class OutsideCalendar(ValueError):
    """The instant is naive, or there is no session on that side of it between 1970 and 2099."""


def session_on(day: date) -> Session | None:
    """The session of a New York date; None on weekends, holidays and outside 1970-2099."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return _sessions_by_date(day.year).get(day)


def sessions(start: date, end: date) -> list[Session]:
    """Sessions from start to end, both included, oldest first."""
    found: list[Session] = []
    for year in range(max(start.year, FIRST_YEAR), min(end.year, LAST_YEAR) + 1):
        if start.year < year < end.year:
            found.extend(_sessions_of(year))
            continue
        days = _trading_days(year)
        found.extend(_sessions_of(year)[bisect_left(days, start) : bisect_right(days, end)])
    return found


def previous_session(day: date) -> Session:
    """The last session before a date. Raises OutsideCalendar."""
    for year in range(min(day.year, LAST_YEAR), FIRST_YEAR - 1, -1):
        index = bisect_left(_trading_days(year), day)
        if index:
            return _sessions_of(year)[index - 1]
    raise OutsideCalendar(f"no session before {day}")


def next_session(day: date) -> Session:
    """The first session after a date. Raises OutsideCalendar."""
    for year in range(max(day.year, FIRST_YEAR), LAST_YEAR + 1):
        index = bisect_right(_trading_days(year), day)
        if index < len(_trading_days(year)):
            return _sessions_of(year)[index]
    raise OutsideCalendar(f"no session after {day}")


def is_open(at: datetime) -> bool:
    """True during the regular session: from the open to just before the close."""
    now = _new_york(at)
    session = session_on(now.date())
    return session is not None and session.open <= now < session.close


def next_open(at: datetime) -> datetime:
    """The first regular open strictly after an instant, in New York time."""
    now = _new_york(at)
    session = session_on(now.date())
    if session is not None and now < session.open:
        return session.open
    return next_session(now.date()).open


def next_close(at: datetime) -> datetime:
    """The first regular close strictly after an instant, in New York time."""
    now = _new_york(at)
    session = session_on(now.date())
    if session is not None and now < session.close:
        return session.close
    return next_session(now.date()).close


def previous_close(at: datetime) -> datetime:
    """The last regular close at or before an instant, in New York time."""
    now = _new_york(at)
    session = session_on(now.date())
    if session is not None and session.close <= now:
        return session.close
    return previous_session(now.date()).close


def is_bank_day(day: date) -> bool:
    """True when the Federal Reserve banks are open, so that ACH and wires move."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def settlement_date(trade_date: date) -> date:
    """The date on which a trade of that date settles: T+1 now, T+2, T+3 and T+5 before.

    A settlement day needs the exchange and the banks open: Columbus Day and Veterans Day do not count.
    """
    remaining = next(days for since, days in SETTLEMENT_CYCLES if trade_date >= since)
    day = trade_date
    while remaining:
        day += timedelta(days=1)
        if is_bank_day(day) and _is_trading_day(day):
            remaining -= 1
    return day


def _new_york(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise OutsideCalendar("a naive datetime has no place in the market's day")
    return at.astimezone(NEW_YORK)


def _is_trading_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _exchange_holidays(day.year)


@cache
def _exchange_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("XNYS", years=year))


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    # A holiday on Saturday leaves the Reserve banks open on Friday; one on Sunday closes them on Monday.
    return frozenset(holidays.financial_holidays("XFED", years=year))


@cache
def _early_closes(year: int) -> dict[date, time]:
    """Dates with a short session. The library has the hour only in the name: "(markets close at 1:00pm)"."""
    named = holidays.financial_holidays("XNYS", years=year, categories=("half_day",))
    closes = {}
    for day, name in named.items():
        found = re.search(r"close at (\d+):(\d+)(am|pm)", name)
        if found:
            hour = int(found[1]) % 12 + (12 if found[3] == "pm" else 0)
            closes[day] = time(hour, int(found[2]))
    return closes


def _session(day: date) -> Session:
    close = datetime.combine(day, _early_closes(day.year).get(day, CLOSE), NEW_YORK)
    return Session(
        date=day,
        open=datetime.combine(day, OPEN, NEW_YORK),
        close=close,
        pre_open=datetime.combine(day, PRE_OPEN, NEW_YORK),
        post_close=close + POST_LENGTH,
        settlement_date=settlement_date(day),
    )


@cache
def _sessions_of(year: int) -> tuple[Session, ...]:
    return tuple(_session(day) for day in _trading_days(year))


@cache
def _trading_days(year: int) -> tuple[date, ...]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    return tuple(day for day in days if _is_trading_day(day))


@cache
def _sessions_by_date(year: int) -> dict[date, Session]:
    return {session.date: session for session in _sessions_of(year)}
