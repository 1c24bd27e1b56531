"""Executions that the exchange takes back (busts) or changes (corrects) after they were reported.

Only shares held long: what a short sale, a coin's fee or an option's collateral binds is not followed back.
An execution taken back stays in the books, with one of negative qty beside it.
"""

import datetime as dt
import uuid
from decimal import Decimal

from sandbox.books import ledger
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.orders import states as order_states
from sandbox.state import rows
from sandbox.state.api import invalid, text_of
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

NINE_PLACES = Decimal("0.000000001")


def bust(world: World, fill: rows.Fill, now: dt.datetime) -> rows.Order:
    """Take an execution back: cash and shares return, and a ``trade_bust`` is told. Raises a 422.

    A filled order that has traded less then is canceled; an open one has the shares to trade again.
    """
    order = _revisable(world, fill)
    _check_there(world, order, fill.qty if order.side == "buy" else ZERO)
    undone = _undo(world, order, fill, now)
    _count(world, order, now)
    _tell(world, order, "trade_bust", undone, fill, now)
    return order


def correct(world: World, fill: rows.Fill, qty: Decimal, price: Decimal, now: dt.datetime) -> rows.Order:
    """Replace an execution by one of another qty or price (USD); tell a ``trade_correct``. Raises a 422."""
    order = _revisable(world, fill)
    if not 0 < qty <= fill.qty:
        raise invalid(f"qty must be > 0 and <= {text_of(fill.qty)}")
    _check_there(world, order, fill.qty - qty if order.side == "buy" else ZERO)
    _undo(world, order, fill, now)
    corrected = _book(world, order, qty, price, fill, now)
    _count(world, order, now)
    _tell(world, order, "trade_correct", corrected, fill, now)
    return order


def _revisable(world: World, fill: rows.Fill) -> rows.Order:
    """The order of an execution. Raises a 422 when it cannot be revised, or was already."""
    order = world.store.orders.rows[fill.order_id]
    if not asset_class_of(order.symbol).can_be_revised or order.short:
        raise invalid("only executions of shares that are held long can be revised")
    if fill.undoes or any(each.undoes == fill.id for each in world.store.fills.of(order.account_id)):
        raise invalid("the execution has been taken back already")
    return order


def _check_there(world: World, order: rows.Order, qty: Decimal) -> None:
    position = world.store.positions.get(f"{order.account_id}:{order.symbol}")
    if qty > (position.qty - position.held if position else ZERO):
        raise invalid("the shares of the execution are no longer available")


def _undo(world: World, order: rows.Order, fill: rows.Fill, now: dt.datetime) -> rows.Fill:
    """Book an execution back."""
    return _book(world, order, -fill.qty, fill.price, fill, now, undoes=fill.id)


def _book(
    world: World, order: rows.Order, qty: Decimal, price: Decimal, of: rows.Fill, now: dt.datetime, *,
    undoes: str = "",
) -> rows.Fill:  # fmt: skip
    """Cash, shares and the activity of ``qty`` (negative: back) in place of the execution ``of``."""
    is_buy, cash = order.side == "buy", ledger.amount(order.symbol, qty, price)
    money = ledger.open_ledger(world, order.account_id, now)
    money.cash += -cash if is_buy else cash
    if not is_buy and of.settle_on > market_date(now):
        money.unsettled = ledger.with_proceeds(money.unsettled, of.settle_on, cash)
    position = order_states.open_position(world, order.account_id, order.symbol, now)
    if order.status not in FINAL_ORDER_STATUSES:
        # What came back is reserved as it was before, what is booked again is set free.
        order_states.hold(world, order, max(order.hold - (cash if is_buy else qty), ZERO), now)
    _move_shares(position, qty if is_buy else -qty, price, counts=is_buy)
    local = now.astimezone(NEW_YORK)
    return world.store.add(
        rows.Fill(
            id=f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{uuid.uuid4()}",
            account_id=order.account_id, order_id=order.id, at=now, price=price, qty=qty,
            cum_qty=order.filled_qty, leaves_qty=ZERO, settle_on=of.settle_on, undoes=undoes,
        )
    )  # fmt: skip


def _move_shares(position: rows.Position, qty: Decimal, price: Decimal, *, counts: bool) -> None:
    """Change a position by ``qty``, and where it ``counts`` its cost: a buy taken back leaves no trace."""
    cost = position.qty * position.avg_entry_price + (qty * price if counts else ZERO)
    position.qty += qty
    if not position.qty:
        position.avg_entry_price = ZERO
    elif counts and cost > 0:
        position.avg_entry_price = (cost / position.qty).quantize(NINE_PLACES)
    elif not position.avg_entry_price:
        position.avg_entry_price = price


def _count(world: World, order: rows.Order, now: dt.datetime) -> None:
    """What the order has traded by now, and the status that follows from it."""
    world.store.edit(order)
    fills = [fill for fill in world.store.fills.of(order.account_id) if fill.order_id == order.id]
    former, order.filled_qty = order.filled_qty, sum((fill.qty for fill in fills), ZERO)
    value = sum((fill.qty * fill.price for fill in fills), ZERO)
    order.filled_avg_price = (value / order.filled_qty).quantize(NINE_PLACES) if order.filled_qty else None
    order.filled_at = order.filled_at if order.filled_qty else None
    if order.status == "filled" and order.filled_qty < former:
        order.status, order.canceled_at = "canceled", now
    elif order.status == "partially_filled" and not order.filled_qty:
        order.status = "new"


def _tell(
    world: World, order: rows.Order, event: str, made: rows.Fill, former: rows.Fill, now: dt.datetime
) -> None:
    position = order_states.open_position(world, order.account_id, order.symbol, now)
    order_states.move(
        world, order, order.status, now, event=event, execution_id=execution_id(made),
        previous_execution_id=execution_id(former), price=text_of(made.price), qty=text_of(made.qty),
        position_qty=text_of(position.qty), settle_date=made.settle_on.isoformat(),
    )  # fmt: skip


def execution_id(fill: rows.Fill) -> str:
    """The UUID at the end of an activity's id."""
    return fill.id.rpartition("::")[2]
