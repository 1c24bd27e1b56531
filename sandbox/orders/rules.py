"""What an order must look like: from the JSON of a request to a Ticket. Pure but for the asset list."""

import re
import uuid
from decimal import Decimal
from typing import Any

from sandbox.instruments.assets import Asset
from sandbox.orders.asset_classes import trading_of
from sandbox.orders.options.rules import not_found, read_intent
from sandbox.orders.prices import read_prices
from sandbox.orders.tickets import Ticket
from sandbox.state.api import decimal_of, invalid, unprocessable
from sandbox.state.world import World

TYPES = frozenset(("market", "limit", "stop", "stop_limit", "trailing_stop"))
TIMES_IN_FORCE = frozenset(("day", "gtc", "opg", "cls", "ioc", "fok"))
CLASSES = frozenset(("simple", "bracket", "oco", "oto"))
COMMISSION_TYPES = (None, "", "notional", "qty", "bps")
SUBTAG = re.compile(r"[ -~]{0,128}")


def read_ticket(world: World, body: dict[str, Any]) -> Ticket:
    """Raises the vendor's refusal for the first thing that is wrong."""
    asset = _asset(world, body)
    side, kind, tif = body.get("side"), body.get("type"), body.get("time_in_force")
    if side not in ("buy", "sell"):
        raise invalid("invalid side" if side else "side is required")
    if not isinstance(kind, str) or kind not in TYPES:
        raise invalid("invalid order type")
    if not isinstance(tif, str) or tif not in TIMES_IN_FORCE:
        raise invalid("invalid time_in_force")
    order_class, trading = _order_class(body), trading_of(asset.symbol)
    trading.check_words(kind, tif, order_class, body)
    qty, notional = _size(body, trading.most_qty)
    price_increment = asset.increments.price if asset.increments is not None else None
    ticket = Ticket(
        asset=asset, side=side, type=kind, time_in_force=tif, client_order_id=client_order_id_of(body),
        qty=qty, notional=notional, prices=read_prices(body, kind, order_class, price_increment),
        order_class=order_class, extended_hours=_extended_hours(body), commission=_commission(body),
        commission_type=body.get("commission_type") or None, subtag=_subtag(body),
        position_intent=read_intent(body, side),
    )  # fmt: skip
    trading.check_ticket(ticket)
    return ticket


def check_asset(asset: Asset, side: str) -> None:
    """An inactive asset trades no more; one that is not tradable can only be sold."""
    if asset.status != "active":
        raise invalid(f"asset {asset.symbol} is not active")
    if side == "buy" and (not asset.tradable or "ptp_no_exception" in asset.attributes):
        raise unprocessable(f'asset "{asset.symbol}" is not tradable')


def _asset(world: World, body: dict[str, Any]) -> Asset:
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise invalid("symbol is required")
    asset = world.find_instrument(symbol)
    if asset is None:
        raise not_found(symbol)
    return asset


def client_order_id_of(body: dict[str, Any]) -> str:
    given = body.get("client_order_id")
    if not given:
        return str(uuid.uuid4())
    if not isinstance(given, str):
        raise invalid("client_order_id must be a string")
    if len(given) > 128:
        raise invalid("client_order_id must be no more than 128 characters")
    return given


def _size(body: dict[str, Any], most: Decimal) -> tuple[Decimal | None, Decimal | None]:
    qty, notional = body.get("qty"), body.get("notional")
    if qty in (None, "") and notional in (None, ""):
        raise invalid("qty or notional is required")
    if qty not in (None, "") and notional not in (None, ""):
        raise invalid("only one of qty or notional is accepted")
    if qty not in (None, ""):
        qty = decimal_of(qty, "qty")
        if not 0 < qty <= most:
            raise invalid("qty must be > 0" if qty <= 0 else "qty is too large")
        if qty != round(qty, 9):
            raise invalid("qty must be limited to 9 decimal places")
        return qty, None
    notional = decimal_of(notional, "notional")
    if notional <= 0:
        raise invalid("notional must be > 0")
    if notional != round(notional, 2):
        raise invalid("notional value must be limited to 2 decimal places")
    return None, notional


def _order_class(body: dict[str, Any]) -> str:
    given = body.get("order_class") or "simple"
    if given == "mleg":
        raise unprocessable("mleg orders are not enabled")
    if not isinstance(given, str) or given not in CLASSES:
        raise invalid("invalid order_class")
    return "" if given == "simple" else given


def _commission(body: dict[str, Any]) -> Decimal:
    if body.get("commission_type") not in COMMISSION_TYPES:
        raise invalid("invalid commission_type")
    given = decimal_of(body["commission"], "commission") if body.get("commission") else Decimal(0)
    if given < 0:
        raise invalid("commission must be >= 0")
    return given


def _extended_hours(body: dict[str, Any]) -> bool:
    given = body.get("extended_hours")
    if given not in (None, True, False):
        raise invalid("extended_hours must be a boolean")
    return bool(given)


def _subtag(body: dict[str, Any]) -> str | None:
    given = body.get("subtag")
    if given is not None and (not isinstance(given, str) or not SUBTAG.fullmatch(given)):
        raise invalid("subtag is invalid")
    return given
