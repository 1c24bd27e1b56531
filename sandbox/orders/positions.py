"""Positions: what an account holds, worth and gain; closing one or all."""

import datetime as dt
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sandbox.books.holdings import nearest_to_zero
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel.clock import market_date
from sandbox.orders import execution
from sandbox.orders.asset_classes import trading_of
from sandbox.orders.execution import NINE_PLACES
from sandbox.orders.placement import place
from sandbox.orders.rules import read_ticket
from sandbox.orders.views import order_view
from sandbox.state import rows
from sandbox.state.api import (
    Call,
    Refusal,
    Reply,
    decimal_of,
    endpoint,
    instant_text,
    invalid,
    not_found,
    text_of,
)  # fmt: skip
from sandbox.state.rows import ZERO
from sandbox.state.world import World

EVERYONES = "/v1/accounts/positions"
POSITIONS = "/v1/trading/accounts/{account_id}/positions"
ONE = Decimal(1)
FRACTION = Decimal("0.000001")


@endpoint("GET", POSITIONS)
def list_positions(call: Call) -> list[dict[str, Any]]:
    return [position_view(call.world, position, call.now) for position in _held(call, call.account())]


@endpoint("GET", EVERYONES)
def list_all_positions(call: Call) -> dict[str, Any]:
    """Of every account that holds something, by account id."""
    world = call.world
    held: dict[str, list[dict[str, Any]]] = {}
    for position in world.store.positions:
        if position.qty:
            held.setdefault(position.account_id, []).append(position_view(world, position, call.now))
    return {"as_of": instant_text(call.now), "positions": held}


@endpoint("GET", POSITIONS + "/{symbol_or_asset_id:path}")
def get_position(call: Call) -> dict[str, Any]:
    return position_view(call.world, _position(call), call.now)


@endpoint("DELETE", POSITIONS + "/{symbol_or_asset_id:path}")
def close_position(call: Call) -> dict[str, Any]:
    """Sell it at market, or buy it back: all of it, ``qty`` shares, or ``percentage`` per cent."""
    position = _position(call)
    qty, percentage = call.arg("qty"), call.arg("percentage")
    if qty and percentage:
        raise invalid("only one of qty or percentage is accepted")
    shares = abs(position.qty - position.held) if not (qty or percentage) else ZERO
    if percentage:
        part = decimal_of(percentage, "percentage")
        if not 0 < part <= 100:
            raise invalid("percentage must be between 0 and 100")
        is_whole = position.qty == position.qty.to_integral_value()
        is_whole = is_whole and asset_class_of(position.symbol).has_whole_units
        shares = (abs(position.qty) * part / 100).quantize(ONE if is_whole else NINE_PLACES, ROUND_DOWN)
        if not shares:
            raise invalid("qty must be > 0")
    elif qty:
        shares = decimal_of(qty, "qty")
    return order_view(call.world, _close(call, position, shares or abs(position.qty)))


@endpoint("DELETE", POSITIONS)
def close_all_positions(call: Call) -> Reply:
    """207 with one row per position: the order, or why there is none. ``cancel_orders`` frees held shares."""
    account, world = call.account(), call.world
    if call.flag("cancel_orders"):
        for order in world.store.orders.open_of(account.id):
            execution.cancel(world, order, call.now)
    results = []
    for position in _held(call, account):
        symbol = asset_class_of(position.symbol).shown(position.symbol)
        try:
            order = _close(call, position, abs(position.qty))
            results.append({"symbol": symbol, "status": 200, "body": order_view(world, order)})
        except Refusal as refusal:
            results.append({"symbol": symbol, "status": refusal.status, "body": refusal.body})
    return Reply(207, results)


def position_view(world: World, position: rows.Position, now: dt.datetime) -> dict[str, Any]:
    """Worth at the last trade; today's gain counts shares bought today from what they cost."""
    asset, kind = world.asset(position.symbol), asset_class_of(position.symbol)
    price, before = (
        world.prices.trade(position.symbol, now),
        world.prices.previous_close(position.symbol, now),
    )
    units = position.qty * kind.multiplier
    cost, value = units * position.avg_entry_price, units * price
    last_qty = position.last_qty if position.day == market_date(now) else position.qty
    overnight = nearest_to_zero(last_qty, position.qty)
    start = overnight * before + (position.qty - overnight) * position.avg_entry_price
    start *= kind.multiplier
    return {
        "asset_id": asset.id,
        "symbol": kind.shown(position.symbol),
        "exchange": asset.exchange,
        "asset_class": asset.asset_class,
        "asset_marginable": asset.marginable,
        "qty": text_of(position.qty),
        "qty_available": text_of(position.qty - position.held),
        "avg_entry_price": text_of(position.avg_entry_price),
        "side": "long" if position.qty > 0 else "short",
        "market_value": text_of(value),
        "cost_basis": text_of(cost),
        "unrealized_pl": text_of(value - cost),
        "unrealized_plpc": _fraction(value - cost, cost),
        "unrealized_intraday_pl": text_of(value - start),
        "unrealized_intraday_plpc": _fraction(value - start, start),
        "current_price": text_of(price),
        "lastday_price": text_of(before),
        "change_today": _fraction(price - before, before),
    }


def _close(call: Call, position: rows.Position, shares: Decimal) -> rows.Order:
    body = {
        "symbol": position.symbol,
        "qty": shares,
        "side": "sell" if position.qty > 0 else "buy",
        "type": "market",
        "time_in_force": trading_of(position.symbol).closing_time_in_force,
    }
    return place(call.world, call.account(), read_ticket(call.world, body), call.now)


def _held(call: Call, account: rows.Account) -> list[rows.Position]:
    return [position for position in call.world.store.positions.of(account.id) if position.qty]


def _position(call: Call) -> rows.Position:
    account, asset = call.account(), call.world.find_instrument(call.params["symbol_or_asset_id"])
    position = call.world.store.positions.get(f"{account.id}:{asset.symbol}") if asset else None
    if position is None or not position.qty:
        raise not_found("position does not exist")
    return position


def _fraction(part: Decimal, whole: Decimal) -> str:
    """A gain is positive, of a short position too, whose cost is negative."""
    return text_of((part / abs(whole)).quantize(FRACTION)) if whole else "0"
