"""Selling short: who may sell what, and at which price it reserves buying power."""

import datetime as dt
from decimal import Decimal

from sandbox.books import ledger
from sandbox.books.configurations import check_order
from sandbox.state import rows
from sandbox.state.api import forbidden, unprocessable
from sandbox.state.rows import FINAL_ORDER_STATUSES
from sandbox.state.world import World

ABOVE_THE_ASK = Decimal("1.03")


def check_may_open(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
    """Check a sale that opens a short position or adds to one. Raises a 403 or 422 Refusal."""
    if order.qty is None or order.qty != order.qty.to_integral_value():
        raise unprocessable("fractional orders cannot be sold short")
    if not may_short(world, account, now):
        raise forbidden("account is not allowed to short")
    check_order(account, is_short=True)
    asset = world.asset(order.symbol)
    # Of a partnership without an exception nothing can be bought, and so nothing be covered.
    if not (asset.shortable and asset.easy_to_borrow) or "ptp_no_exception" in asset.attributes:
        raise unprocessable(f'asset "{order.symbol}" cannot be sold short')
    if _has_opening(world, order, "buy"):
        raise forbidden("cannot open a short sell while a long buy order is open")


def check_no_short_sale(world: World, account: rows.Account, order: rows.Order) -> None:
    """A purchase and a short sale of the same asset are not open together. Raises a 403."""
    if account.margin and _has_opening(world, order, "sell"):
        raise forbidden("cannot open a long buy while a short sell order is open")


def is_short(world: World, account: rows.Account, symbol: str) -> bool:
    """Whether the account owes shares, so that a buy covers."""
    position = world.store.positions.get(f"{account.id}:{symbol}") if account.margin else None
    return position is not None and position.qty < 0


def may_short(world: World, account: rows.Account, now: dt.datetime) -> bool:
    """Whether the account has margin now: by its agreement, its equity and its configured multiplier."""
    if not account.margin:
        return False
    total, _ = ledger.equity(world, world.store.ledgers.rows[account.id], now)
    return ledger.multiplier(account, total) > 1


def opening_price(order: rows.Order, ask: Decimal) -> Decimal:
    """USD a share that a short sale reserves: its limit, or if that is more 3% above the ask."""
    return max(order.limit_price or ask, ask * ABOVE_THE_ASK)


def _has_opening(world: World, order: rows.Order, side: str) -> bool:
    """Whether a purchase (buy) or a short sale (sell) of the same asset is open."""
    return any(
        other.symbol == order.symbol
        and other.side == side
        and other.reserves_cash
        and other.status not in FINAL_ORDER_STATUSES
        for other in world.store.orders.open_of(order.account_id)
    )
