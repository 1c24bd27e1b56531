"""Orders: place, list, read, cancel."""

import bisect
import datetime as dt
import uuid
from decimal import ROUND_UP, Decimal
from typing import Any

from sandbox import execution, ledger, rows, trading_calendar
from sandbox.api import (
    NO_CONTENT,
    Call,
    Reply,
    endpoint,
    forbidden,
    invalid,
    not_found,
    text_of,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.configurations import configuration_of
from sandbox.execution import NINE_PLACES, order_view
from sandbox.order_rules import Ticket, check_asset, read_ticket
from sandbox.rows import FINAL_ORDER_STATUSES
from sandbox.world import World

ORDERS = "/v1/trading/accounts/{account_id}/orders"
MAY_TRADE = frozenset(("ACTIVE", "ACCOUNT_UPDATED"))
GTC_DAYS = dt.timedelta(days=90)
LEAST_COST = Decimal(1)


@endpoint("POST", ORDERS)
def create_order(call: Call) -> dict[str, Any]:
    """Accept an order, which reserves cash or shares; it fills a moment later, or at the next open."""
    account = call.account()
    ticket = read_ticket(call.world, call.json_object())
    return order_view(call.world, place(call.world, account, ticket, call.now))


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
    call.flag("nested")
    limit = call.number("limit", 50, 1, 500)
    symbols = {symbol.upper() for symbol in call.args("symbols")}
    found: list[dict[str, Any]] = []
    for order in _within(call, account, status, descending=direction == "desc"):
        if status == "closed" and order.status not in FINAL_ORDER_STATUSES:
            continue
        if (side and order.side != side) or (symbols and order.symbol not in symbols):
            continue
        found.append(order_view(call.world, order))
        if len(found) == limit:
            break
    return found


@endpoint("DELETE", ORDERS)
def cancel_all_orders(call: Call) -> Reply:
    """207 with one row per open order."""
    canceled = []
    for order in call.world.store.orders.open_of(call.account().id):
        execution.cancel(call.world, order, call.now)
        canceled.append({"id": order.id, "status": 200, "body": order_view(call.world, order)})
    return Reply(207, canceled)


@endpoint("GET", ORDERS + ":by_client_order_id")
def get_order_by_client_id(call: Call) -> dict[str, Any]:
    account, wanted = call.account(), call.arg("client_order_id")
    order = call.world.store.orders.by_client_id(account.id, wanted)
    if order is None:
        raise not_found(f"order not found for {wanted[:128]}")
    return order_view(call.world, order)


@endpoint("GET", ORDERS + "/{order_id}")
def get_order(call: Call) -> dict[str, Any]:
    return order_view(call.world, _order(call))


@endpoint("DELETE", ORDERS + "/{order_id}")
def cancel_order(call: Call) -> Reply:
    """204; 422 for one that has ended."""
    order = _order(call)
    if order.status in FINAL_ORDER_STATUSES:
        raise unprocessable(f'order is already in "{order.status}" state')
    execution.cancel(call.world, order, call.now)
    return NO_CONTENT


def place(world: World, account: rows.Account, ticket: Ticket, now: dt.datetime) -> rows.Order:
    """Check what depends on the account, reserve, and accept. Raises a 403 or 422 Refusal."""
    if account.status not in MAY_TRADE or account.trading_blocked:
        raise forbidden("account not authorized to trade")
    if configuration_of(account)["suspend_trade"]:
        raise forbidden("account is restricted from trading")
    check_asset(ticket.asset, ticket.side)
    if world.store.orders.by_client_id(account.id, ticket.client_order_id) is not None:
        raise unprocessable("client_order_id must be unique")
    _check_wash_trade(world, account, ticket)
    reserve = _reserve_cash if ticket.side == "buy" else _reserve_shares
    hold = reserve(world, account, ticket, now)
    order = rows.Order(
        id=str(uuid.uuid4()), account_id=account.id, client_order_id=ticket.client_order_id,
        symbol=ticket.asset.symbol, side=ticket.side, type=ticket.type,  # type: ignore[arg-type]
        time_in_force=ticket.time_in_force,  # type: ignore[arg-type]
        status="accepted", created_at=now, updated_at=now, qty=ticket.qty, notional=ticket.notional,
        limit_price=ticket.limit_price, extended_hours=ticket.extended_hours, hold=hold,
        expires_at=_expiry(ticket, now), commission=ticket.commission, subtag=ticket.subtag,
    )  # fmt: skip
    world.store.add(order)
    execution.announce(world, order, now)
    order.due_at = execution.first_look(world, order, now)
    return order


def _reserve_cash(world: World, account: rows.Account, ticket: Ticket, now: dt.datetime) -> Decimal:
    """USD, 2 dp: what the order may cost at the price the vendor checks."""
    cost = ticket.notional
    if cost is None:
        assert ticket.qty is not None
        cost = (ticket.qty * _check_price(world, ticket, now)).quantize(ledger.CENT, ROUND_UP)
    if ticket.is_fractional and cost < LEAST_COST:
        raise forbidden("cost basis must be >= minimal amount of order 1")
    money = ledger.open_ledger(world, account.id, now)
    power = ledger.buying_power(world, account, money, now)
    if cost > power:
        raise forbidden("insufficient buying power", buying_power=text_of(power), cost_basis=text_of(cost))
    money.held += cost
    return cost


def _check_price(world: World, ticket: Ticket, now: dt.datetime) -> Decimal:
    if ticket.limit_price is not None:
        return ticket.limit_price
    symbol = ticket.asset.symbol
    return world.prices.quote(symbol, now).ask if world.is_open(now) else world.prices.trade(symbol, now)


def _reserve_shares(world: World, account: rows.Account, ticket: Ticket, now: dt.datetime) -> Decimal:
    """Shares, 9 dp. Nothing is sold short."""
    symbol = ticket.asset.symbol
    position = world.store.positions.get(f"{account.id}:{symbol}")
    held, existing = (position.held, position.qty) if position else (rows.ZERO, rows.ZERO)
    qty = ticket.qty
    if qty is None:
        assert ticket.notional is not None
        price = ticket.limit_price or world.prices.quote(symbol, now).bid
        qty = (ticket.notional / price).quantize(NINE_PLACES, ROUND_UP)
    if not existing:
        if ticket.is_fractional:
            raise unprocessable("fractional orders cannot be sold short")
        raise forbidden("account is not allowed to short")
    available = existing - held
    if qty > available:
        raise forbidden(
            "insufficient qty available for order "
            f"(requested: {text_of(qty)}, available: {text_of(available)})",
            available=text_of(available),
            existing_qty=text_of(existing),
            held_for_orders=text_of(held),
            symbol=symbol,
        )
    execution.open_position(world, account.id, symbol, now).held += qty
    return qty


def _check_wash_trade(world: World, account: rows.Account, ticket: Ticket) -> None:
    """An opposite market order, or limits that could meet."""
    for order in world.store.orders.open_of(account.id):
        if order.symbol != ticket.asset.symbol or order.side == ticket.side:
            continue
        limits = (order.limit_price, ticket.limit_price)
        buy, sell = limits if order.side == "buy" else limits[::-1]
        if buy is None or sell is None or buy >= sell:
            raise forbidden(
                "potential wash trade detected. use complex orders",
                reject_reason="opposite side market/stop order exists", existing_order_id=order.id,
            )  # fmt: skip


def _expiry(ticket: Ticket, now: dt.datetime) -> dt.datetime:
    if ticket.time_in_force == "gtc":
        return now + GTC_DAYS
    close = trading_calendar.next_close(now)
    if ticket.extended_hours:
        session = trading_calendar.session_on(close.date())
        close = session.post_close if session else close
    return close.astimezone(dt.UTC)


def _within(call: Call, account: rows.Account, status: str, *, descending: bool) -> list[rows.Order]:
    """The account's orders submitted between after and until (both exclusive), in the order asked for."""
    orders = call.world.store.orders
    found = orders.open_of(account.id) if status == "open" else orders.of(account.id)
    after, until = call.instant("after"), call.instant("until")
    low = bisect.bisect_right(found, after, key=_created_at) if after else 0
    high = bisect.bisect_left(found, until, key=_created_at) if until else len(found)
    part = found[low:high]
    return part[::-1] if descending else part


def _created_at(order: rows.Order) -> dt.datetime:
    return order.created_at


def _order(call: Call) -> rows.Order:
    account, order_id = call.account(), uuid_of(call.params["order_id"])
    order = call.world.store.orders.get(order_id)
    if order is None or order.account_id != account.id:
        raise not_found(f"order not found for {order_id}")
    return order
