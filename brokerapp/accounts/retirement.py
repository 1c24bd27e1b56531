"""The law's rules about individual retirement accounts (IRAs): ages, years, and how much. Pure.

Sources: Internal Revenue Code, sections 219 (how much, and until when), 408A (Roth) and 72(t) (early); the
amounts of each year are settings, as the IRS announces them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import holidays

CATCH_UP_AGE = 50
"""Who is so old at the end of a year may pay in more for it."""
EARLY_PENALTY_PERCENT = 10
REQUIRED_FROM_AGE = 73
"""From then on a traditional IRA has to be taken out bit by bit (section 401(a)(9))."""
SATURDAY = 5
Rates = Sequence[tuple[date, Decimal]]


@cache
def _holidays_in_washington() -> holidays.HolidayBase:
    # With the District of Columbia's own: Emancipation Day moves the tax day (section 7503).
    return holidays.country_holidays("US", subdiv="DC")


def deadline(year: int) -> date:
    """The last day on which money counts for a year: the tax day of the next, without extensions."""
    day = date(year + 1, 4, 15)
    while day.weekday() >= SATURDAY or day in _holidays_in_washington():
        day += timedelta(days=1)
    return day


def open_years(today: date) -> tuple[int, ...]:
    """The years for which money may be paid in on a day (New York), the current one first."""
    last = today.year - 1
    return (today.year, last) if today <= deadline(last) else (today.year,)


def yearly_limit(limits: Mapping[str, Rates], year: int, born: date) -> Decimal:
    """What somebody may pay into all their IRAs for a year, USD; 0 where no amount is known.

    `limits`: UNDER_50 and FROM_50, each with the amounts of years. Of a year without its own, the last
    before it counts (`year_of_limit`).
    """
    rates = limits["FROM_50" if year - born.year >= CATCH_UP_AGE else "UNDER_50"]
    known = [each for each in rates if each[0] <= date(year, 12, 31)]
    return max(known)[1] if known else Decimal(0)


def year_of_limit(limits: Mapping[str, Rates], year: int) -> int:
    """The year whose amounts are known and hold for a year: its own, or the last before it; 0 if none is.

    The law only raises the amounts (section 219(b)(5)(C)), so that those of an earlier year allow too little
    at the worst.
    """
    newest = (max((day.year for day, _ in rates if day.year <= year), default=0) for rates in limits.values())
    return min(newest, default=0)


def full_age_on(born: date) -> date:
    """The day on which somebody is 59 and a half: from then on nothing is taken out early."""
    month = born.month + 6
    year, month = born.year + 59 + (month > 12), (month - 1) % 12 + 1
    for day in range(born.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue  # the month has no such day
    return date(year, month, born.day)


def is_early(born: date, today: date) -> bool:
    """Whether money that is taken out on a day is taken out before the age of 59 and a half."""
    return today < full_age_on(born)
