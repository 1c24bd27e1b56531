"""Market hours in words, from the clock row. Pure."""

from datetime import datetime, timedelta
from typing import TypedDict

from brokerapp.units.market_time import clock_text, day_in_new_york, day_text, in_new_york
from trading.models import MarketClock

CLOCK_GOOD_FOR = timedelta(minutes=10)
WEEKDAY_TELLS = 7
"""Days from which on the weekday alone would be taken for an earlier one."""


class MarketPill(TypedDict):
    """What the page header says of the market."""

    is_open: bool
    text: str


def known(clock: MarketClock | None, now: datetime) -> MarketClock | None:
    """The clock as it stands at `now`; None if it was synced too long ago to go by, or has run out.

    Past its next change it is read on: an open market closes at `next_close` until `next_open`, a closed one
    opens at `next_open` until `next_close`.
    """
    if clock is None or now - clock.synced_at > CLOCK_GOOD_FOR:
        return None
    is_open, change, end = clock.is_open, clock.next_close, clock.next_open
    if not is_open:
        change, end = end, change
    if now < change:
        return clock
    if now >= end:
        return None
    return MarketClock(
        id=clock.id,
        is_open=not is_open,
        next_open=clock.next_open,
        next_close=clock.next_close,
        synced_at=clock.synced_at,
    )


def _when(at: datetime, now: datetime) -> str:
    """`4:00 pm ET` of today, `Fri 1:00 pm ET` of the coming days, `Mon 4 Jan, 9:30 am ET` of later ones."""
    days = (day_in_new_york(at) - day_in_new_york(now)).days
    if days == 0:
        return clock_text(at)
    if days < WEEKDAY_TELLS:
        return f"{in_new_york(at):%a} {clock_text(at)}"
    return f"{day_text(in_new_york(at))}, {clock_text(at)}"


def pill(clock: MarketClock, now: datetime) -> MarketPill:
    """`Open · closes 4:00 pm ET` or `Closed · opens Mon 9:30 am ET`, with the day unless it is today.

    An open market that opens before it closes never closes: so a sandbox is, that trades at all hours.
    """
    if not clock.is_open:
        return {"is_open": False, "text": f"Closed · opens {_when(clock.next_open, now)}"}
    if now < clock.next_open < clock.next_close:
        return {"is_open": True, "text": "Open at all hours"}
    return {"is_open": True, "text": f"Open · closes {_when(clock.next_close, now)}"}


def wait_note(clock: MarketClock | None, now: datetime) -> str:
    """What a closed market means for a market order; empty while it is open or if that is not known."""
    if clock is None or clock.is_open:
        return ""
    return f"The market is closed. This order will wait until {_when(clock.next_open, now)}."
