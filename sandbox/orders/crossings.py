"""Where the price went while nobody looked: when the clock has moved, orders fill as they would have."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from sandbox.kernel.clock import NEW_YORK
from sandbox.orders.triggers import limit_of
from sandbox.prices.bars import Bar
from sandbox.state import rows
from sandbox.state.world import World

UNSEEN = dt.timedelta(minutes=1)  # less is the usual pause between two looks


def past_price(world: World, order: rows.Order, since: dt.datetime, until: dt.datetime) -> Decimal | None:
    """What an order would have traded at between two instants; None when nothing, or for a short time.

    A market order trades when the time begins. Others do in the first minute that reaches their price: at
    that price, or at the minute's first one where that is better (limit) or beyond it (stop). Trailing
    stops are not followed.
    """
    if until - since < UNSEEN or order.type == "trailing_stop":
        return None
    is_buy = order.side == "buy"
    if order.type == "market":
        quote = world.prices.quote(order.symbol, since)
        return quote.ask if is_buy else quote.bid
    limit, waits = limit_of(order), order.type != "limit" and not order.triggered
    for bar in _minutes(world, order, since, until):
        price = bar.open
        if waits:
            stop = order.stop_price
            assert stop is not None
            if bar.high < stop if is_buy else bar.low > stop:
                continue
            waits = False
            world.store.edit(order).triggered = True
            price = max(stop, bar.open) if is_buy else min(stop, bar.open)
        if limit is None:
            return price
        if price <= limit if is_buy else price >= limit:
            return price
        if bar.low < limit if is_buy else bar.high > limit:
            return limit
    return None


def _minutes(world: World, order: rows.Order, since: dt.datetime, until: dt.datetime) -> Iterator[Bar]:
    """Minute bars of the days that reach the order's limit or stop price."""
    first = since.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in world.prices.bars(order.symbol, "1Day", first, until, now=until):
        if not _reaches(day, order):
            continue
        start = max(since, day.timestamp)
        end = min(until, day.timestamp + dt.timedelta(days=1))
        yield from world.prices.bars(order.symbol, "1Min", start, end, now=until)


def _reaches(day: Bar, order: rows.Order) -> bool:
    """Whether some price of a day triggers the order or is within its limit."""
    limit, stop = limit_of(order), order.stop_price
    if stop is not None and (day.high >= stop if order.side == "buy" else day.low <= stop):
        return True
    return limit is not None and (day.low <= limit if order.side == "buy" else day.high >= limit)
