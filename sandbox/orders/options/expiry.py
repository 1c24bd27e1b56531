"""The last day of an option position.

At the cut-off, half an hour before the last close, what is held in the money and could not be exercised is
sold. At the close what is in the money by a cent is exercised or assigned, unless its owner said not to; the
rest lapses.
"""

import datetime as dt
import uuid

from sandbox.books import ledger
from sandbox.instruments.option_contracts import MULTIPLIER, Contract, known
from sandbox.orders import execution
from sandbox.orders.options import book as option_book
from sandbox.state import rows
from sandbox.state.rows import FINAL_ORDER_STATUSES
from sandbox.state.world import World

LAST = dt.timedelta(seconds=1)  # before the close the price still moves


def step(world: World, position: rows.Position, now: dt.datetime) -> None:
    """The cut-off, or the expiry."""
    if not position.qty:
        return
    contract = known(position.symbol)
    is_wanted = position.qty > 0 and not position.do_not_exercise
    if now < contract.expires_at:
        if (
            is_wanted
            and _is_in_the_money(world, contract, now)
            and not _has_means(world, position, contract, now)
        ):
            _sell(world, position, now, now)
        if position.qty:
            world.store.edit(position).due_at = contract.expires_at
        return
    _end_orders(world, position, now)
    if not position.qty:
        return
    if not _is_in_the_money(world, contract, now) or position.do_not_exercise:
        option_book.lapse(world, position, now)
    elif position.qty < 0:
        option_book.assign(world, position, now)
    elif _has_means(world, position, contract, now):
        option_book.exercise(world, position, position.qty, now)
    else:
        _sell(world, position, contract.expires_at - LAST, now)


def _is_in_the_money(world: World, contract: Contract, at: dt.datetime) -> bool:
    """Whether exercising brings a cent at least, by the share's price: the last close's, after it."""
    share = world.prices.trade(contract.underlying.symbol, min(at, contract.expires_at - LAST))
    return share > contract.strike if contract.kind == "call" else share < contract.strike


def _has_means(world: World, position: rows.Position, contract: Contract, now: dt.datetime) -> bool:
    """Whether an account could exercise all it holds: the cash for calls, the shares for puts."""
    if contract.kind == "put":
        return position.qty * MULTIPLIER <= option_book.free_shares(world, position.account_id, contract)
    money = world.store.ledgers.rows[position.account_id]
    return option_book.cost(contract, position.qty) <= ledger.non_marginable_power(world, money, now)


def _sell(world: World, position: rows.Position, at: dt.datetime, now: dt.datetime) -> None:
    """Sell a whole position for its owner, at the bid of an instant."""
    for resting in _orders(world, position):
        execution.cancel(world, resting, now)
    order = rows.Order(
        id=str(uuid.uuid4()), account_id=position.account_id, client_order_id=str(uuid.uuid4()),
        symbol=position.symbol, side="sell", type="market", time_in_force="day", status="accepted",
        created_at=now, updated_at=now, qty=position.qty, position_intent="sell_to_close",
        expires_at=known(position.symbol).expires_at,
    )  # fmt: skip
    world.store.add(order)
    execution.announce(world, order, now)
    execution.fill(world, order, position.qty, world.prices.quote(position.symbol, at).bid, now)


def _end_orders(world: World, position: rows.Position, now: dt.datetime) -> None:
    """Orders in an expired contract end; first they trade at prices that the clock has skipped."""
    for order in _orders(world, position):
        work = execution.step if order.status == "accepted" else execution.look
        work(world, order, now)
        if order.status not in FINAL_ORDER_STATUSES:
            execution.expire(world, order, now)


def _orders(world: World, position: rows.Position) -> list[rows.Order]:
    """Open ones in the position's contract."""
    orders = world.store.orders.open_of(position.account_id)
    return [
        order
        for order in orders
        if order.symbol == position.symbol and order.status not in FINAL_ORDER_STATUSES
    ]
