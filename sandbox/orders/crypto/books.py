"""Coins in the books: what their orders reserve, and what their executions cost in fees.

Coins are bought with cash alone, sold only when they are there, and settle at once.
"""

import datetime as dt
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal

from sandbox.books import ledger
from sandbox.instruments.crypto_pairs import coin_of
from sandbox.state import rows
from sandbox.state.api import forbidden, text_of, unprocessable
from sandbox.state.rows import ZERO
from sandbox.state.world import World

NINE_PLACES = Decimal("0.000000001")
FEE = Decimal("0.0025")
"""The taker's rate of the first of the published tiers (up to $100,000 in 30 days), for every execution."""
LEAST_COST, MOST_COST = Decimal(10), Decimal(200_000)


def cash_for(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> Decimal:
    """USD, 2 dp: what a buy may cost at its limit price or the ask. Raises a 403 or 422."""
    cost = order.notional
    if cost is None:
        assert order.qty is not None
        price = order.limit_price or world.prices.quote(order.symbol, now).ask
        cost = ((order.qty - order.filled_qty) * price).quantize(ledger.CENT, ROUND_UP)
        _check_least_qty(world, order, order.qty)
    _check_cost(cost)
    if cost < LEAST_COST:
        raise _too_little()
    power = ledger.non_marginable_power(world, world.store.ledgers.rows[account.id], now)
    if cost > power:
        raise _not_enough("USD", cost, power, power)
    return cost


def coins_for(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> Decimal:
    """Coins, 9 dp: what a sale takes. Raises a 403 or 422.

    All that is available may be sold, however little it is: a position can always be closed.
    """
    position = world.store.positions.get(f"{account.id}:{order.symbol}")
    held, existing = (position.held, position.qty) if position else (ZERO, ZERO)
    price = order.limit_price or world.prices.quote(order.symbol, now).bid
    qty, cost = order.qty, order.notional
    if qty is None:
        assert order.notional is not None
        qty = (order.notional / price).quantize(NINE_PLACES, ROUND_UP)
    available = existing - held
    if qty > available:
        raise _not_enough(coin_of(order.symbol), qty, available, existing)
    cost = qty * price if cost is None else cost
    _check_cost(cost)
    if qty < available:
        _check_least_qty(world, order, qty)
        if cost < LEAST_COST:
            raise _too_little()
    return qty


def charge_fee(
    world: World, order: rows.Order, position: rows.Position, qty: Decimal, price: Decimal, now: dt.datetime
) -> None:
    """Book the fee of one execution, taken from what was received: coins (9 dp) of a buy, USD of a sale.

    The vendor posts fees at the end of the day; here they come with the execution.
    """
    if order.side == "sell":
        amount = ledger.cents(ledger.cents(qty * price) * FEE)
        if amount:
            words = "Coin Pair Transaction Fee (USD)"
            ledger.book(world, order.account_id, "CFEE", -amount, now, description=words)
        return
    coins = (qty * FEE).quantize(NINE_PLACES, ROUND_HALF_UP)
    if coins:
        position.qty -= coins
        ledger.book(
            world, order.account_id, "CFEE", ZERO, now, description="Coin Pair Transaction Fee (Non USD)",
            symbol=order.symbol, qty=-coins, price=price,
        )  # fmt: skip


def _check_least_qty(world: World, order: rows.Order, qty: Decimal) -> None:
    increments = world.asset(order.symbol).increments
    assert increments is not None
    if qty < increments.min_order_size:
        raise unprocessable(f"qty must be >= {text_of(increments.min_order_size)}")


def _check_cost(cost: Decimal) -> None:
    if cost > MOST_COST:
        raise forbidden(f"cost basis must be <= maximal amount of order {MOST_COST}")


def _too_little() -> Exception:
    return forbidden(f"cost basis must be >= minimal amount of order {LEAST_COST}")


def _not_enough(what: str, wanted: Decimal, available: Decimal, balance: Decimal) -> Exception:
    return forbidden(
        f"insufficient balance for {what} (requested: {text_of(wanted)}, available: {text_of(available)})",
        available=text_of(available), balance=text_of(balance),
    )  # fmt: skip
