"""When stop orders may trade, and what their price then is. Prices are looked at, never predicted."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from sandbox.state import rows
from sandbox.state.world import World

ONE, CENT, MIL = Decimal(1), Decimal("0.01"), Decimal("0.0001")
FIFTY = Decimal(50)
# A stop that buys is sent on as a limit order this far above its stop price.
COLLAR_BELOW_FIFTY, COLLAR = Decimal("1.04"), Decimal("1.025")
PERCENT = Decimal(100)


def is_triggered(world: World, order: rows.Order, now: dt.datetime) -> bool:
    """Whether an order may trade: one with a stop price may once the last trade has reached it."""
    if order.type in ("market", "limit") or order.triggered:
        return True
    trade = world.prices.trade(order.symbol, now)
    if order.type == "trailing_stop":
        _trail(world, order, trade)
    stop = order.stop_price
    assert stop is not None
    if trade < stop if order.side == "buy" else trade > stop:
        return False
    world.store.edit(order).triggered = True
    return True


def limit_of(order: rows.Order) -> Decimal | None:
    """The worst price an order may trade at; None for any."""
    if order.type == "stop" and order.side == "buy" and order.stop_price is not None:
        return collar(order.stop_price)
    return order.limit_price


def collar(stop: Decimal) -> Decimal:
    """The most a stop that buys may pay a share; USD, 2 dp (4 dp below $1)."""
    return _tick(stop * (COLLAR_BELOW_FIFTY if stop < FIFTY else COLLAR))


def stop_behind(
    mark: Decimal, side: str, trail_price: Decimal | None, trail_percent: Decimal | None
) -> Decimal:
    """The stop price that trails a high-water mark (below it for a sale, above it for a buy); may be <= 0."""
    distance = trail_price if trail_price is not None else mark * (trail_percent or 0) / PERCENT
    return _tick(mark + distance if side == "buy" else mark - distance)


def _trail(world: World, order: rows.Order, trade: Decimal) -> None:
    mark = order.hwm
    if mark is not None and (trade >= mark if order.side == "buy" else trade <= mark):
        return
    world.store.edit(order).hwm = trade
    order.stop_price = stop_behind(trade, order.side, order.trail_price, order.trail_percent)


def _tick(price: Decimal) -> Decimal:
    return price.quantize(CENT if price >= ONE else MIL, ROUND_HALF_UP)
