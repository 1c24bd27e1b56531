"""Replacing an order: a new one takes its place at the venue."""

import copy
import datetime as dt
import uuid
from typing import Any

from sandbox.instruments.assets import Increments
from sandbox.orders import classes as order_classes
from sandbox.orders import execution
from sandbox.orders import states as order_states
from sandbox.orders.asset_classes import trading_of
from sandbox.orders.orders import ORDERS, order_of
from sandbox.orders.placement import check_may_trade, check_stop_price, expiry
from sandbox.orders.prices import percent_of, price_of
from sandbox.orders.rules import TIMES_IN_FORCE, client_order_id_of
from sandbox.orders.triggers import stop_behind
from sandbox.orders.views import order_view
from sandbox.orders.wash_trades import check_wash_trade
from sandbox.state import rows
from sandbox.state.api import Call, decimal_of, endpoint, invalid, unprocessable
from sandbox.state.rows import ZERO
from sandbox.state.world import World

EDITABLE = ("qty", "time_in_force", "limit_price", "stop_price", "trail_price", "trail_percent")
REPLACEABLE = ("new", "partially_filled")
ROUTED = ("accepted", "pending_new", "pending_cancel", "pending_replace")
PRICES_OF = {
    "market": (), "limit": ("limit_price",), "stop": ("stop_price",), "trailing_stop": ("trail",),
    "stop_limit": ("limit_price", "stop_price"),
}  # fmt: skip


@endpoint("PATCH", ORDERS + "/{order_id}")
def replace_order(call: Call) -> dict[str, Any]:
    """The new order. It is for what the old one has not traded: ``qty`` counts the shares already filled."""
    old, body = order_of(call), call.json_object()
    check_may_trade(call.world.store.accounts.rows[old.account_id])
    _check_status(old)
    new = _changed(call.world, old, body, call.now)
    return order_view(call.world, _swap(call.world, old, new, call.now), nested=True)


def _check_status(order: rows.Order) -> None:
    if order.status in ROUTED:
        raise unprocessable(f"cannot replace order in {order.status} status")
    if order.status == "replaced":
        raise unprocessable("order already replaced")
    if order.status not in REPLACEABLE:
        raise unprocessable("unable to replace order in current state")
    if order.notional is not None:
        raise unprocessable("notional orders cannot be replaced")


def _changed(world: World, old: rows.Order, body: dict[str, Any], now: dt.datetime) -> rows.Order:
    """A copy with what the body changes. Raises a 422."""
    new = copy.copy(old)
    new.id, new.client_order_id = str(uuid.uuid4()), client_order_id_of(body)
    if world.store.orders.by_client_id(old.account_id, new.client_order_id) is not None:
        raise unprocessable("client_order_id must be unique")
    if body.get("notional"):
        raise unprocessable("notional can only be replaced for ipo orders")
    _change_qty(world, old, new, body)
    _change_prices(new, body, world.asset(new.symbol).increments)
    _change_time(world, new, body, now)
    if all(getattr(new, name) == getattr(old, name) for name in EDITABLE):
        raise unprocessable("order parameters are not changed")
    if new.stop_price is not None and new.stop_price != old.stop_price:
        new.triggered = False
        check_stop_price(world, new, now)
    return new


def _change_qty(world: World, old: rows.Order, new: rows.Order, body: dict[str, Any]) -> None:
    if not body.get("qty"):
        return
    assert old.qty is not None
    qty = decimal_of(body["qty"], "qty")
    if qty == old.qty:
        return
    trading = trading_of(old.symbol)
    trading.check_new_qty(world.asset(old.symbol), old.qty, qty)
    if not 0 < qty <= trading.most_qty:
        raise invalid("qty must be > 0" if qty <= 0 else "qty is too large")
    if qty <= old.filled_qty:
        raise unprocessable("qty must be > filled_qty")
    if old.parent_id is not None or old.order_class == "oco":
        raise unprocessable("qty of an exit order cannot be replaced")
    new.qty = qty


def _change_prices(new: rows.Order, body: dict[str, Any], increments: Increments | None) -> None:
    """Only the prices that the order's type has."""
    for name in ("limit_price", "stop_price", "trail"):
        if body.get(name) and name not in PRICES_OF[new.type]:
            raise invalid(f"{name} does not fit a {new.type} order")
    step = increments.price if increments is not None else None
    new.limit_price = price_of(body.get("limit_price"), "limit_price", step) or new.limit_price
    new.stop_price = price_of(body.get("stop_price"), "stop_price", step) or new.stop_price
    if body.get("trail"):
        if new.trail_price is not None:
            new.trail_price = price_of(body["trail"], "trail")
        else:
            new.trail_percent = percent_of(body["trail"])
        assert new.hwm is not None
        new.stop_price = stop_behind(new.hwm, new.side, new.trail_price, new.trail_percent)
        if new.stop_price <= 0:
            raise unprocessable("trail_price must be less than current price")


def _change_time(world: World, new: rows.Order, body: dict[str, Any], now: dt.datetime) -> None:
    tif = body.get("time_in_force")
    if not tif or tif == new.time_in_force:
        return
    if not isinstance(tif, str) or tif not in TIMES_IN_FORCE:
        raise invalid("invalid time_in_force")
    if new.parent_id is not None:
        raise unprocessable("time_in_force of an order leg cannot be replaced")
    new.time_in_force = tif  # type: ignore[assignment]
    trading_of(new.symbol).check_new_time(world.asset(new.symbol), new, tif)
    new.expires_at = expiry(world, tif, new.extended_hours, now)


def _swap(world: World, old: rows.Order, new: rows.Order, now: dt.datetime) -> rows.Order:
    """End the old order and accept the new one, for the rest of the shares."""
    order_classes.claim(world, old)
    order_states.hold(world, old, ZERO, now)
    account = world.store.accounts.rows[old.account_id]
    order_classes.take_place(world, old, new)
    assert new.qty is not None
    new.qty -= old.filled_qty
    new.filled_qty, new.filled_avg_price, new.filled_at, new.hold = ZERO, None, None, ZERO
    new.created_at, new.replaces = now, old.id
    check_wash_trade(world, new)
    trading_of(new.symbol).reserve(world, account, new, now)
    world.store.edit(old)
    old.replaced_at, old.replaced_by = now, new.id
    order_states.move(world, old, "replaced", now)
    world.store.add(new)
    execution.announce(world, new, now)
    new.due_at = execution.first_look(world, new, now)
    return new
