"""What an account's coins are worth, and what its orders for them hold: nothing is lent on either."""

import datetime as dt
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from sandbox import rows
from sandbox.clock import market_date
from sandbox.crypto_pairs import is_pair
from sandbox.rows import ZERO
from sandbox.world import World

CENT = Decimal("0.01")


def value_of(world: World, account: rows.Account, now: dt.datetime) -> Decimal:
    """USD, 2 dp: the coins at the last trade prices."""
    held = _positions(world, account)
    return _cents(sum((each.qty * world.prices.trade(each.symbol, now) for each in held), ZERO))


def last_value_of(world: World, account: rows.Account, now: dt.datetime) -> Decimal:
    """USD, 2 dp: the coins held as this New York date began, at that instant's prices."""
    total, today = ZERO, market_date(now)
    for each in _positions(world, account):
        qty = each.last_qty if each.day == today else each.qty
        total += qty * world.prices.previous_close(each.symbol, now)
    return _cents(total)


def held_for_coins(world: World, account: rows.Account) -> Decimal:
    """USD that open orders for coins reserve."""
    if account.crypto_status == "INACTIVE":
        return ZERO
    orders = world.store.orders.open_of(account.id)
    return sum((order.hold for order in orders if order.side == "buy" and is_pair(order.symbol)), ZERO)


def _positions(world: World, account: rows.Account) -> Iterator[rows.Position]:
    """None without a look where crypto was never open: most accounts."""
    held = world.store.positions.of(account.id) if account.crypto_status != "INACTIVE" else ()
    return (position for position in held if is_pair(position.symbol))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP) if amount else ZERO
