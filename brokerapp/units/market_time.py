"""Times of the market and of the banks: New York's, for display and for rules. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the server's locale, and quicker than `strftime`: pages have dozens of times."""


def in_new_york(at: datetime) -> datetime:
    """An instant as New York's clocks show it. Raises `ValueError` for a naive one."""
    if at.tzinfo is None:
        raise ValueError("an instant must have a time zone")
    return at.astimezone(NEW_YORK)


def day_in_new_york(at: datetime) -> date:
    """The date in New York at an instant."""
    return in_new_york(at).date()


def clock_text(at: datetime) -> str:
    """`9:30 am ET`."""
    local = in_new_york(at)
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'} ET"


def day_text(day: date) -> str:
    """`Mon 4 Mar`; of a day, or of an instant that is in New York time already."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
