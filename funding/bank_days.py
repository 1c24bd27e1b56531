"""When money moves between banks: the days of the Federal Reserve, and the broker's daily cut-off. Pure."""

from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from brokerapp.units.market_time import NEW_YORK

ACH_CUT_OFF = time(14, 0)
"""New York time; what is asked for later goes out the next bank day (Alpaca, "Daily Processes")."""
ACH_BANK_DAYS = 2
"""Bank days from sending to booking that we promise: ACH entries settle one or two after they are sent."""


@cache
def _federal_reserve_holidays() -> holidays.HolidayBase:
    # Loaded by the first who asks: it brings every country's holidays along, and each process would wait.
    return holidays.financial_holidays("XFED")


def is_bank_day(day: date) -> bool:
    """Whether the Federal Reserve moves ACH payments that day."""
    return day.weekday() < 5 and day not in _federal_reserve_holidays()


def next_bank_day(day: date) -> date:
    """The first bank day after `day`."""
    day += timedelta(days=1)
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def sent_on(asked_at: datetime) -> date:
    """The New York date on which a transfer asked for at `asked_at` goes out."""
    local = asked_at.astimezone(NEW_YORK)
    if is_bank_day(local.date()) and local.time() < ACH_CUT_OFF:
        return local.date()
    return next_bank_day(local.date())


def expected_on(asked_at: datetime) -> date:
    """The New York date by which a transfer asked for at `asked_at` should be complete."""
    day = sent_on(asked_at)
    for _ in range(ACH_BANK_DAYS):
        day = next_bank_day(day)
    return day


def is_late(expected: date, now: datetime) -> bool:
    """Whether the promised New York date is over."""
    return now.astimezone(NEW_YORK).date() > expected
