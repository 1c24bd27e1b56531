"""Orders: place, list, read, cancel."""

import bisect
import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.orders import execution
from sandbox.orders.placement import place
from sandbox.orders.rules import read_ticket
from sandbox.orders.views import order_view
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    decimal_of,
    endpoint,
    invalid,
    not_found,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.state.rows import FINAL_ORDER_STATUSES
from sandbox.state.world import World

ORDERS = "/v1/trading/accounts/{account_id}/orders"


@endpoint("POST", ORDERS)
def create_order(call: Call) -> dict[str, Any]:
    """Accept an order, which reserves cash or shares; it fills a moment later, or at the next open."""
    account = call.account()
    ticket = read_ticket(call.world, call.json_object())
    return order_view(call.world, place(call.world, account, ticket, call.now), nested=True)


@endpoint("GET", ORDERS)
def list_orders(call: Call) -> list[dict[str, Any]]:
    """Open ones unless ``status`` says otherwise; newest first; at most 500."""
    account, status = call.account(), call.arg("status", "open").lower()
    if status not in ("open", "closed", "all"):
        raise invalid("invalid status")
    direction = call.arg("direction", "desc").lower()
    if direction not in ("asc", "desc"):
        raise invalid("invalid direction: must be asc or desc")
    side = call.arg("side").lower()
    if side not in ("", "buy", "sell"):
        raise invalid("invalid side")
    nested, kind = call.flag("nested"), call.arg("asset_class").lower()
    limit = call.number("limit", 50, 1, 500)
    above, below = (_amount(call, name) for name in ("qty_above", "qty_below"))
    symbols, subtag = {_listed(call.world, symbol) for symbol in call.args("symbols")}, call.arg("subtag")
    found: list[dict[str, Any]] = []
    for order in _within(call, account, status, descending=direction == "desc"):
        if not _has_status(order, status) or (nested and _is_rolled_up(call.world, order, status)):
            continue
        if (side and order.side != side) or (symbols and order.symbol not in symbols):
            continue
        if (subtag and order.subtag != subtag) or kind not in (
            "",
            call.world.asset(order.symbol).asset_class,
        ):
            continue
        qty = order.qty or order.filled_qty
        if (above is not None and qty <= above) or (below is not None and qty >= below):
            continue
        found.append(order_view(call.world, order, nested=nested))
        if len(found) == limit:
            break
    return found


@endpoint("DELETE", ORDERS)
def cancel_all_orders(call: Call) -> Reply:
    """207 with one row per open order."""
    world = call.world
    orders = world.store.orders.open_of(call.account().id)
    for order in orders:
        execution.cancel(world, order, call.now)
    return Reply(207, [{"id": order.id, "status": 200, "body": order_view(world, order)} for order in orders])


@endpoint("GET", ORDERS + ":by_client_order_id")
def get_order_by_client_id(call: Call) -> dict[str, Any]:
    account, wanted = call.account(), call.arg("client_order_id")
    order = call.world.store.orders.by_client_id(account.id, wanted)
    if order is None:
        raise not_found(f"order not found for {wanted[:128]}")
    return order_view(call.world, order, nested=call.flag("nested"))


@endpoint("GET", ORDERS + "/{order_id}")
def get_order(call: Call) -> dict[str, Any]:
    return order_view(call.world, order_of(call), nested=call.flag("nested"))


@endpoint("DELETE", ORDERS + "/{order_id}")
def cancel_order(call: Call) -> Reply:
    """204; 422 for one that has ended."""
    order = order_of(call)
    if order.status == "held":
        raise unprocessable("order is held until its parent fills: cancel the parent")
    if order.status in FINAL_ORDER_STATUSES:
        raise unprocessable(f'order is already in "{order.status}" state')
    execution.cancel(call.world, order, call.now)
    return NO_CONTENT


def order_of(call: Call) -> rows.Order:
    """The order of the path. Raises a 404."""
    account, order_id = call.account(), uuid_of(call.params["order_id"])
    order = call.world.store.orders.get(order_id)
    if order is None or order.account_id != account.id:
        raise not_found(f"order not found for {order_id}")
    return order


def _within(call: Call, account: rows.Account, status: str, *, descending: bool) -> list[rows.Order]:
    """The account's orders submitted between after and until (both exclusive), in the order asked for."""
    orders = call.world.store.orders
    found = orders.open_of(account.id) if status == "open" else orders.of(account.id)
    after, until = call.instant("after"), call.instant("until")
    low = bisect.bisect_right(found, after, key=_created_at) if after else 0
    high = bisect.bisect_left(found, until, key=_created_at) if until else len(found)
    part = found[low:high]
    return part[::-1] if descending else part


def _listed(world: World, symbol: str) -> str:
    """As orders have it: BTC/USD for BTCUSD."""
    asset = world.find_asset(symbol)
    return asset.symbol if asset is not None else symbol.upper()


def _created_at(order: rows.Order) -> dt.datetime:
    return order.created_at


def _has_status(order: rows.Order, status: str) -> bool:
    return status == "all" or (status == "closed") == (order.status in FINAL_ORDER_STATUSES)


def _is_rolled_up(world: World, order: rows.Order, status: str) -> bool:
    """Whether an order is shown among the legs of another one of the list."""
    if order.parent_id is None:
        return False
    return _has_status(world.store.orders.rows[order.parent_id], status)


def _amount(call: Call, name: str) -> Decimal | None:
    text = call.arg(name)
    return decimal_of(text, name) if text else None
