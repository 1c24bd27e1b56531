"""Market hours in words, from the clock row. Pure."""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TypedDict

import holidays

from brokerapp.units.market_time import clock_text, day_in_new_york, day_text, in_new_york
from trading.models import MarketClock
from trading.order_spec import OrderSpec
from trading.order_types import OrderType, TimeInForce

CLOCK_GOOD_FOR = timedelta(minutes=10)
OPENING_CUTOFF, CLOSING_CUTOFF, AUCTIONS_AGAIN = time(9, 28), time(15, 50), time(19)
"""New York: orders for an auction are not taken from its cutoff until the evening (Broker API, "Orders")."""
EXTENDED_FROM, EXTENDED_UNTIL = time(4), time(20)
"""New York: trading outside regular hours."""
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


@cache
def _exchange_holidays() -> holidays.HolidayBase:
    # Loaded by the first who asks: it brings every country's holidays along, and each process would wait.
    return holidays.financial_holidays("NYSE")


@cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.financial_holidays("XFED")


def settles_on(day: date) -> date:
    """The New York date on which shares traded on `day` settle: one settlement day later.

    Exchange and banks have to be open: on Columbus Day and Veterans Day shares trade and nothing settles.
    Source: 17 CFR 240.15c6-1 (T+1 since 28 May 2024); the exchanges' calendars of settlement.
    """
    day += timedelta(days=1)
    while not is_session(day) or day in _bank_holidays():
        day += timedelta(days=1)
    return day


def is_session(day: date) -> bool:
    """Whether the exchanges trade on a New York date."""
    return day.weekday() < 5 and day not in _exchange_holidays()


def never_closes(clock: MarketClock | None, now: datetime) -> bool:
    """Whether it opens before it closes: so a sandbox is, that trades at all hours."""
    return clock is not None and clock.is_open and now < clock.next_open < clock.next_close


def shut_auctions(clock: MarketClock | None, now: datetime) -> dict[str, str]:
    """The times in force whose auction takes no orders now, and why."""
    local = in_new_york(now)
    if never_closes(clock, now) or not is_session(local.date()) or local.time() >= AUCTIONS_AGAIN:
        return {}
    found: dict[str, str] = {}
    for word, cutoff, name in (
        (TimeInForce.OPG, OPENING_CUTOFF, "open"),
        (TimeInForce.CLS, CLOSING_CUTOFF, "close"),
    ):
        if local.time() >= cutoff:
            until = f"{cutoff.hour % 12 or 12}:{cutoff:%M} {'am' if cutoff.hour < 12 else 'pm'}"
            found[word] = f"Orders at the {name} are taken until {until} ET, and again from 7:00 pm ET."
    return found


def trades_extended(now: datetime) -> bool:
    """Whether trading outside regular hours is on, or regular trading is."""
    local = in_new_york(now)
    return is_session(local.date()) and EXTENDED_FROM <= local.time() < EXTENDED_UNTIL


def begins(ticket: OrderSpec, clock: MarketClock | None, now: datetime) -> str:
    """When an order can first trade, in words; empty if that is not known."""
    if clock is None:
        return ""
    if ticket.time_in_force == TimeInForce.OPG:
        return f"In the opening auction, {_when(clock.next_open, now)}"
    if ticket.time_in_force == TimeInForce.CLS:
        return f"In the closing auction, {_when(clock.next_close, now)}"
    if not clock.is_open and not (ticket.extended_hours and trades_extended(now)):
        if ticket.extended_hours:
            return f"When the early session begins, before {_when(clock.next_open, now)}"
        return f"When the market opens, {_when(clock.next_open, now)}"
    return "At once" if ticket.type == OrderType.MARKET else "As soon as the price is reached"


def good_for(ticket: OrderSpec, clock: MarketClock | None, now: datetime) -> str:
    """How long an order works, in words."""
    waits = clock is not None and not clock.is_open
    waits = waits and not (ticket.extended_hours and trades_extended(now))
    session = "The next session only" if waits else "Today’s session only"
    if ticket.extended_hours:
        session = "The next session with its early and late hours" if waits else "Today, until 8:00 pm ET"
    return {
        TimeInForce.DAY: session,
        TimeInForce.GTC: f"Until canceled, at most to {day_text(day_in_new_york(now + timedelta(days=90)))}",
        TimeInForce.OPG: "The opening auction only",
        TimeInForce.CLS: "The closing auction only",
        TimeInForce.IOC: "At once: what does not trade is canceled",
        TimeInForce.FOK: "At once and whole, or not at all",
    }[TimeInForce(ticket.time_in_force)]
