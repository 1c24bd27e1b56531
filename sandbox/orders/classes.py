"""Orders that belong together: bracket, one-cancels-other (oco), one-triggers-other (oto).

A bracket or oto is an entry whose exits are ``held`` until it has filled. The two exits of a bracket, and the
two orders of an oco, are a pair: they reserve the same shares once, and what one trades the other does not.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal

from sandbox.orders import states as order_states
from sandbox.orders.prices import Prices
from sandbox.state import rows
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

ENTRIES = ("bracket", "oto")


def add_legs(world: World, parent: rows.Order, prices: Prices, now: dt.datetime) -> None:
    """The exits of a new order, held: a limit that takes the profit, a stop that ends the loss."""
    legs = []
    if prices.take_profit is not None and parent.order_class != "oco":
        legs.append(_leg(parent, now, "limit", limit_price=prices.take_profit))
    if prices.stop_loss is not None:
        stop, limit = prices.stop_loss
        kind: rows.OrderType = "stop" if limit is None else "stop_limit"
        legs.append(_leg(parent, now, kind, limit_price=limit, stop_price=stop))
    for leg in legs:
        world.store.add(leg)
        order_states.move(world, leg, "held", now)
    parent.leg_ids = tuple(leg.id for leg in legs)


def release_legs(world: World, parent: rows.Order, now: dt.datetime) -> None:
    """Put held exits on the market; the first of them reserves the shares for both.

    They are for no more shares than are there still: other orders may have closed what the entry opened.
    """
    if not parent.leg_ids:
        return
    legs = [leg for leg in _rows(world, parent.leg_ids) if leg.status == "held"]
    if parent.order_class in ENTRIES and legs:
        position = order_states.open_position(world, parent.account_id, parent.symbol, now)
        qty = min(legs[0].qty or ZERO, abs(position.qty - position.held))
        if not qty:
            for leg in legs:
                order_states.end(world, leg, "canceled", now)
            return
        for leg in legs:
            world.store.edit(leg).qty = qty
        order_states.hold(world, legs[0], qty, now)
    for leg in legs:
        order_states.move(world, leg, "new", now)


def claim(world: World, order: rows.Order) -> None:
    """Give an order what its pair reserves, before it trades."""
    other = _paired(world, order)
    if other is not None and other.hold:
        world.store.edit(order).hold += other.hold
        world.store.edit(other).hold = ZERO


def after_fill(world: World, order: rows.Order, qty: Decimal, now: dt.datetime) -> None:
    """What an execution does to the rest of a group: it ends or shortens the pair, or releases the exits."""
    if not order.order_class:
        return
    other = _paired(world, order)
    if other is not None and other.status not in FINAL_ORDER_STATUSES:
        if order.status == "filled":
            order_states.end(world, other, "canceled", now)
        elif other.qty is not None:
            world.store.edit(other).qty = other.qty - qty
    elif order.status == "filled" and order.order_class in ENTRIES:
        release_legs(world, order, now)


def after_end(world: World, order: rows.Order, now: dt.datetime) -> None:
    """Orders of a group end together when one of them ends without having filled."""
    if order.order_class:
        for other in _others(world, order):
            if other.status not in FINAL_ORDER_STATUSES:
                order_states.end(world, other, "canceled", now)


def take_place(world: World, old: rows.Order, new: rows.Order) -> None:
    """Let a replacing order stand where the replaced one stood in its group."""
    if old.parent_id is not None:
        parent = world.store.edit(world.store.orders.rows[old.parent_id])
        parent.leg_ids = tuple(new.id if leg_id == old.id else leg_id for leg_id in parent.leg_ids)
    for leg in _rows(world, old.leg_ids):
        world.store.edit(leg).parent_id = new.id
        leg.time_in_force, leg.expires_at = new.time_in_force, new.expires_at
        if new.order_class in ENTRIES:
            leg.qty = new.qty


def _leg(
    parent: rows.Order, now: dt.datetime, kind: rows.OrderType, *,
    limit_price: Decimal | None = None, stop_price: Decimal | None = None,
) -> rows.Order:  # fmt: skip
    side: rows.Side = "buy" if parent.short else "sell"
    return rows.Order(
        id=str(uuid.uuid4()), account_id=parent.account_id, client_order_id=str(uuid.uuid4()),
        symbol=parent.symbol, side=side, type=kind, time_in_force=parent.time_in_force, status="held",
        created_at=now, updated_at=now, qty=parent.qty, limit_price=limit_price, stop_price=stop_price,
        expires_at=parent.expires_at, order_class=parent.order_class, parent_id=parent.id, short=parent.short,
    )  # fmt: skip


def _paired(world: World, order: rows.Order) -> rows.Order | None:
    """The other of two orders of which only one is to fill; None when there is none."""
    if not order.order_class or (order.order_class in ENTRIES and order.parent_id is None):
        return None
    if order.order_class == "oco":
        return next(_others(world, order), None)
    parent_id = order.parent_id
    return next((other for other in _others(world, order) if other.id != parent_id), None)


def _others(world: World, order: rows.Order) -> Iterator[rows.Order]:
    """The rest of the group: the parent first."""
    parent = world.store.orders.rows[order.parent_id or order.id]
    return (other for other in _rows(world, (parent.id, *parent.leg_ids)) if other is not order)


def _rows(world: World, ids: tuple[str, ...]) -> Iterator[rows.Order]:
    return (world.store.orders.rows[order_id] for order_id in ids)
