"""What contracts bind while they are held or owed, and how they turn into shares.

A written call locks the 100 shares it may have to deliver, a written put the cash it may have to pay: nothing
is written uncovered. Open orders that write reserve the same, and hand it over to the position as they fill.
"""

import datetime as dt
from decimal import Decimal

from sandbox.books import ledger
from sandbox.books.holdings import add_shares
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.instruments.option_contracts import MULTIPLIER, Contract, known
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import market_date
from sandbox.orders import classes as order_classes
from sandbox.orders import states as order_states
from sandbox.orders.states import bind_collateral, open_position
from sandbox.state import rows
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World


def cost(contract: Contract, qty: Decimal) -> Decimal:
    """USD, 2 dp, that the shares of so many contracts change hands for."""
    return ledger.cents(qty * MULTIPLIER * contract.strike)


def add_contracts(
    world: World, position: rows.Position, qty: Decimal, price: Decimal, now: dt.datetime
) -> None:
    """Change an option position by ``qty`` (signed), with the collateral and the due time that go with it."""
    contract, before = known(position.symbol), position.qty
    add_shares(position, qty, price)
    change = min(before, ZERO) - min(position.qty, ZERO)
    if change:
        bind_collateral(world, position.account_id, contract, contract.collateral(change), now)
    if not position.qty:
        position.due_at, position.do_not_exercise = None, False
    elif position.due_at is None:
        cutoff = contract.opens_until()
        position.due_at = cutoff if now < cutoff else contract.expires_at


def free_shares(world: World, account_id: str, contract: Contract) -> Decimal:
    """Shares that a contract could deliver: held, and not reserved."""
    position = world.store.positions.get(f"{account_id}:{contract.underlying.symbol}")
    return max(position.qty - position.held, ZERO) if position and position.qty > 0 else ZERO


def spendable(world: World, order: rows.Order, now: dt.datetime) -> Decimal:
    """USD that an order may cost beyond its hold: free cash, and what closing written puts sets free."""
    free = ledger.free_cash(world, world.store.ledgers.rows[order.account_id], now)
    contract, qty = known(order.symbol), order_states.leaves(order)
    if order.position_intent == "buy_to_close" and contract.kind == "put" and qty is not None:
        free += contract.collateral(qty)
    return max(free, ZERO)


def has_contracts_on(world: World, account_id: str, symbol: str) -> bool:
    """Whether an account holds or owes options on a share."""
    held = (position.symbol for position in world.store.positions.of(account_id) if position.qty)
    return any(asset_class_of(each).is_contract and known(each).underlying.symbol == symbol for each in held)


def exercise(world: World, position: rows.Position, qty: Decimal, now: dt.datetime) -> None:
    """Contracts held turn into shares: bought at the strike (calls), or sold at it (puts)."""
    _remove(world, position, "OPEXC", qty, "Option Exercise", now)
    contract = known(position.symbol)
    _deliver(world, position.account_id, contract, qty if contract.kind == "call" else -qty, now)


def assign(world: World, position: rows.Position, now: dt.datetime) -> None:
    """Contracts owed turn into shares: sold at the strike (calls), or bought at it (puts)."""
    qty, contract = -position.qty, known(position.symbol)
    _remove(world, position, "OPASN", -qty, "Option Assignment", now)
    _deliver(world, position.account_id, contract, -qty if contract.kind == "call" else qty, now)


def lapse(world: World, position: rows.Position, now: dt.datetime) -> None:
    """Contracts end worth nothing."""
    _remove(world, position, "OPEXP", position.qty, "Option Expiry", now)


def _remove(
    world: World, position: rows.Position, activity_type: str, qty: Decimal, words: str, now: dt.datetime
) -> None:
    position = open_position(world, position.account_id, position.symbol, now)
    add_contracts(world, position, -qty, ZERO, now)
    ledger.book(
        world,
        position.account_id,
        activity_type,
        ZERO,
        now,
        symbol=position.symbol,
        qty=-qty,
        description=words,
    )


def _deliver(world: World, account_id: str, contract: Contract, qty: Decimal, now: dt.datetime) -> None:
    """The shares of ``qty`` contracts come (positive) or go, for the strike price."""
    symbol, amount = contract.underlying.symbol, cost(contract, qty)
    _end_short_orders(world, account_id, symbol, now)
    position = open_position(world, account_id, symbol, now)
    add_shares(position, qty * MULTIPLIER, contract.strike)
    ledger.book(
        world, account_id, "OPTRD", -amount, now, symbol=symbol, qty=qty * MULTIPLIER, price=contract.strike,
        description="Option Trade",
    )  # fmt: skip
    if amount < 0:
        settle_on = trading_calendar.settlement_date(market_date(now))
        money = ledger.open_ledger(world, account_id, now)
        money.unsettled = ledger.with_proceeds(money.unsettled, settle_on, -amount)


def _end_short_orders(world: World, account_id: str, symbol: str, now: dt.datetime) -> None:
    """Shares that come may turn what is owed into what is held: orders of a short position end before."""
    for order in list(world.store.orders.open_of(account_id)):
        if order.symbol == symbol and order.short and order.status not in FINAL_ORDER_STATUSES:
            order_states.end(world, order, "canceled", now)
            order_classes.after_end(world, order, now)
