"""The prices in an order request: which of them belong to its type, and their increments. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from sandbox.state.api import decimal_of, invalid, text_of, unprocessable

ONE = Decimal(1)
MOST_PERCENT = Decimal(100)


class Prices(msgspec.Struct, kw_only=True):
    """USD, 2 dp from $1 on and 4 dp below; the percentage is of the high-water mark."""

    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: tuple[Decimal, Decimal | None] | None = None  # stop price, limit price


def read_prices(
    body: dict[str, Any], kind: str, order_class: str, increment: Decimal | None = None
) -> Prices:
    """Raises a 422 for a price that is missing, does not fit the type, or has a forbidden increment.

    ``increment`` is that of a crypto pair.
    """
    take_profit = _take_profit(body)
    limit = body.get("limit_price")
    if order_class == "oco" and kind == "limit" and not limit:
        limit = take_profit
    _check_type(body, kind, limit)
    prices = Prices(
        limit_price=price_of(limit, "limit_price", increment),
        stop_price=price_of(body.get("stop_price"), "stop_price", increment),
        take_profit=take_profit, stop_loss=_stop_loss(body),
    )  # fmt: skip
    if kind == "trailing_stop":
        prices.trail_price = price_of(body.get("trail_price"), "trail_price")
        prices.trail_percent = percent_of(body.get("trail_percent"))
    return prices


def price_of(given: Any, name: str, increment: Decimal | None = None) -> Decimal | None:
    """None for nothing. ``increment`` instead of the cents of a share."""
    if not given:
        return None
    price = decimal_of(given, name)
    if price <= 0:
        raise invalid(f"{name} must be > 0")
    if increment is not None:
        if price % increment:
            raise invalid(f"{name} must be a multiple of {increment:f}")
    elif price != round(price, 2 if price >= ONE else 4):
        raise unprocessable(
            f"invalid {name} {text_of(price)}. sub-penny increment does not fulfill minimum pricing criteria"
        )
    return price


def percent_of(given: Any) -> Decimal | None:
    if not given:
        return None
    percent = decimal_of(given, "trail_percent")
    if not 0 < percent < MOST_PERCENT:
        raise invalid("trail_percent must be > 0 and < 100")
    return percent


def _check_type(body: dict[str, Any], kind: str, limit: Any) -> None:
    stop = body.get("stop_price")
    trails = bool(body.get("trail_price")) + bool(body.get("trail_percent"))
    if kind == "market" and (limit or stop):
        raise invalid("market orders require no stop or limit price")
    if kind == "limit" and not limit:
        raise invalid("limit orders require a limit price")
    if kind == "limit" and stop:
        raise invalid("limit orders require no stop price")
    if kind == "stop" and not stop:
        raise invalid("stop orders require a stop price")
    if kind == "stop" and limit:
        raise invalid("stop orders require no limit price")
    if kind == "stop_limit" and not (limit and stop):
        raise invalid("stop limit orders require both stop and limit price")
    if kind == "trailing_stop" and trails != 1:
        raise invalid("trailing stop orders must specify one of trail_price or trail_percent")
    if kind == "trailing_stop" and (limit or stop):
        raise invalid("trailing stop orders require no stop or limit price")
    if kind != "trailing_stop" and trails:
        raise invalid(f"{kind.replace('_', ' ')} orders must not have trail_price")


def _take_profit(body: dict[str, Any]) -> Decimal | None:
    given = _part(body, "take_profit")
    if given is None:
        return None
    price = price_of(given.get("limit_price"), "take_profit.limit_price")
    if price is None:
        raise invalid("take_profit.limit_price is required")
    return price


def _stop_loss(body: dict[str, Any]) -> tuple[Decimal, Decimal | None] | None:
    given = _part(body, "stop_loss")
    if given is None:
        return None
    stop = price_of(given.get("stop_price"), "stop_loss.stop_price")
    limit = price_of(given.get("limit_price"), "stop_loss.limit_price")
    if stop is None:
        raise invalid("stop_loss.stop_price is required")
    return stop, limit


def _part(body: dict[str, Any], name: str) -> dict[str, Any] | None:
    given = body.get(name)
    if not given:
        return None
    if not isinstance(given, dict):
        raise invalid(f"{name} must be an object")
    return given
