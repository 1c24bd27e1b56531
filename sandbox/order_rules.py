"""What an order must look like: from the JSON of a request to a Ticket. Pure but for the asset list."""

import re
import uuid
from decimal import Decimal
from typing import Any

import msgspec

from sandbox.api import decimal_of, forbidden, invalid, text_of, unprocessable
from sandbox.assets import Asset
from sandbox.world import World

TYPES = frozenset(("market", "limit", "stop", "stop_limit", "trailing_stop"))
TIMES_IN_FORCE = frozenset(("day", "gtc", "opg", "cls", "ioc", "fok"))
SUPPORTED_TYPES = frozenset(("market", "limit"))
SUPPORTED_TIMES = frozenset(("day", "gtc", "ioc", "fok"))
SUPPORTED_CLASSES = (None, "", "simple")
SUBTAG = re.compile(r"[ -~]{0,128}")
MOST_QTY = Decimal(10**9)
ONE = Decimal(1)


class Ticket(msgspec.Struct, kw_only=True):
    """A checked order request. Exactly one of qty (shares, up to 9 dp) and notional (USD, 2 dp) is set."""

    asset: Asset
    side: str
    type: str
    time_in_force: str
    client_order_id: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    extended_hours: bool = False
    commission: Decimal = Decimal(0)
    subtag: str | None = None

    @property
    def is_fractional(self) -> bool:
        """A fraction of a share, or an amount of money."""
        return self.qty is None or self.qty != self.qty.to_integral_value()


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
    qty, notional = _size(body)
    ticket = Ticket(
        asset=asset, side=side, type=kind, time_in_force=tif, client_order_id=_client_order_id(body), qty=qty,
        notional=notional, limit_price=_prices(body, kind), extended_hours=_extended_hours(body),
        commission=decimal_of(body["commission"], "commission") if body.get("commission") else Decimal(0),
        subtag=_subtag(body),
    )  # fmt: skip
    _check_support(ticket, body)
    _check_fraction(ticket)
    if ticket.extended_hours and (kind != "limit" or tif != "day"):
        raise unprocessable("extended hours order must be DAY limit orders")
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
    asset = world.find_asset(symbol)
    if asset is None:
        raise unprocessable(f'asset "{symbol[:40]}" not found')
    return asset


def _client_order_id(body: dict[str, Any]) -> str:
    given = body.get("client_order_id")
    if not given:
        return str(uuid.uuid4())
    if not isinstance(given, str):
        raise invalid("client_order_id must be a string")
    if len(given) > 128:
        raise invalid("client_order_id must be no more than 128 characters")
    return given


def _size(body: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    qty, notional = body.get("qty"), body.get("notional")
    if qty in (None, "") and notional in (None, ""):
        raise invalid("qty or notional is required")
    if qty not in (None, "") and notional not in (None, ""):
        raise invalid("only one of qty or notional is accepted")
    if qty not in (None, ""):
        qty = decimal_of(qty, "qty")
        if not 0 < qty <= MOST_QTY:
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


def _prices(body: dict[str, Any], kind: str) -> Decimal | None:
    """The limit price; every other price must fit the type."""
    limit, stop = body.get("limit_price"), body.get("stop_price")
    if kind == "market":
        if limit or stop:
            raise invalid("market orders require no stop or limit price")
        if body.get("trail_price") or body.get("trail_percent"):
            raise invalid("market orders must not have trail_price")
        return None
    if kind == "limit" and not limit:
        raise invalid("limit orders require a limit price")
    if kind == "stop" and not stop:
        raise invalid("stop orders require a stop price")
    if kind == "stop_limit" and not (limit and stop):
        raise invalid("stop limit orders require both stop and limit price")
    if kind == "trailing_stop" and bool(body.get("trail_price")) == bool(body.get("trail_percent")):
        raise invalid("trailing stop orders must specify one of trail_price or trail_percent")
    for name, given in (("limit_price", limit), ("stop_price", stop)):
        if given:
            _check_increment(name, decimal_of(given, name))
    return decimal_of(limit, "limit_price") if limit else None


def _check_increment(name: str, price: Decimal) -> None:
    if price <= 0:
        raise invalid(f"{name} must be > 0")
    if price != round(price, 2 if price >= ONE else 4):
        raise unprocessable(
            f"invalid {name} {text_of(price)}. sub-penny increment does not fulfill minimum pricing criteria"
        )


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


def _check_support(ticket: Ticket, body: dict[str, Any]) -> None:
    """Refuse what this sandbox does not trade, in words that say so."""
    if body.get("order_class") not in SUPPORTED_CLASSES:
        raise unprocessable("only simple orders are enabled")
    if ticket.type not in SUPPORTED_TYPES:
        raise unprocessable(f"{ticket.type} orders are not enabled")
    if ticket.time_in_force not in SUPPORTED_TIMES:
        raise unprocessable(f"{ticket.time_in_force} orders are not enabled")


def _check_fraction(ticket: Ticket) -> None:
    if not ticket.is_fractional:
        return
    if not ticket.asset.fractionable:
        raise forbidden(f'asset "{ticket.asset.symbol}" is not fractionable')
    if ticket.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
