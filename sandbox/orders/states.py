"""How one order changes its status, with the event that says so, and gives back what it had reserved."""

import datetime as dt
import uuid
from decimal import Decimal

from sandbox.books import ledger
from sandbox.instruments.option_contracts import Contract, known
from sandbox.kernel import eventlog
from sandbox.kernel.clock import market_date
from sandbox.orders.views import order_view
from sandbox.state import rows
from sandbox.state.api import encode_json, instant_text
from sandbox.state.rows import ZERO
from sandbox.state.world import World


def open_position(world: World, account_id: str, symbol: str, now: dt.datetime) -> rows.Position:
    """The position, ready to be changed; a new New York day first keeps the shares of the last."""
    position = world.store.positions.get(f"{account_id}:{symbol}")
    today = market_date(now)
    if position is None:
        position = rows.Position(id=f"{account_id}:{symbol}", account_id=account_id, symbol=symbol, day=today)
        return world.store.add(position)
    world.store.edit(position)
    if position.day != today:
        position.day, position.last_qty = today, position.qty
    return position


def move(
    world: World, order: rows.Order, status: rows.OrderStatus, now: dt.datetime, *, event: str = "",
    execution_id: str = "", **members: str,
) -> None:  # fmt: skip
    """Give an order its next status and tell; ``members`` go into the event."""
    world.store.edit(order)
    order.status, order.updated_at, order.due_at = status, now, None
    at = instant_text(now)
    body = {
        "account_id": order.account_id, "at": at, "event": event or status,
        "execution_id": execution_id or str(uuid.uuid4()), "order": order_view(world, order), "timestamp": at,
        **members,
    }  # fmt: skip
    world.store.emit(eventlog.TRADE, now, encode_json(body))


def hold(world: World, order: rows.Order, amount: Decimal, now: dt.datetime) -> None:
    """Make ``amount`` what an order reserves: USD to open a position, shares to close one; 0 for nothing."""
    change = amount - order.hold
    if not change:
        return
    world.store.edit(order).hold = amount
    if order.writes:
        bind_collateral(world, order.account_id, known(order.symbol), change, now)
    elif order.reserves_cash:
        ledger.open_ledger(world, order.account_id, now).held += change
    else:
        position = open_position(world, order.account_id, order.symbol, now)
        position.held += change if order.side == "sell" else -change


def bind_collateral(
    world: World, account_id: str, contract: Contract, change: Decimal, now: dt.datetime
) -> None:
    """Reserve more of what stands behind written contracts, or with a negative change give some back."""
    if contract.kind == "put":
        ledger.open_ledger(world, account_id, now).held += change
    else:
        open_position(world, account_id, contract.underlying.symbol, now).held += change


def end(world: World, order: rows.Order, status: rows.OrderStatus, now: dt.datetime, **members: str) -> None:
    """Take one order off the market: canceled, expired or rejected. Others of its group stay."""
    hold(world, order, ZERO, now)
    world.store.edit(order)
    if status == "expired":
        order.expired_at = now
    elif status == "rejected":
        order.failed_at = now
    else:
        order.canceled_at = now
    move(world, order, status, now, **members)


def leaves(order: rows.Order) -> Decimal | None:
    """Shares still to trade; None for an order by amount, whose shares depend on the price."""
    return None if order.qty is None else order.qty - order.filled_qty
