"""Which prices an order may have, and what they let expect: steps, sides of the market, distances. Pure.

USD per share. Source: Broker API, "Orders": order precision, order classes, buying-power check.
"""

from decimal import ROUND_HALF_UP, Decimal

from brokerapp.units.money import CENT, usd
from trading.models import Order
from trading.order_spec import OrderSpec

MIL = Decimal("0.0001")
ONE, FIFTY, PERCENT = Decimal(1), Decimal(50), Decimal(100)
COLLAR_BELOW_FIFTY, COLLAR = Decimal("1.04"), Decimal("1.025")
"""A stop that buys is sent on with a limit so far above its stop price."""
PRICE_FIELDS = (
    "limit_price",
    "stop_price",
    "trail_price",
    "take_profit_price",
    "stop_loss_price",
    "stop_loss_limit_price",
)


def tick(price: Decimal) -> Decimal:
    """The step of a price: a cent from $1 up, a hundredth of one below."""
    return CENT if price >= ONE else MIL


def stop_price(ticket: OrderSpec, last: Decimal | None) -> Decimal | None:
    """Where a stop order is triggered: its stop price, or for a trailing one where it begins to trail."""
    if ticket.type != Order.Type.TRAILING_STOP:
        return ticket.stop_price
    if last is None:
        return None
    distance = ticket.trail_price
    if distance is None:
        assert ticket.trail_percent is not None
        distance = last * ticket.trail_percent / PERCENT
    stop = last + distance if ticket.is_buy else last - distance
    return stop.quantize(tick(stop), ROUND_HALF_UP)


def likely_price(ticket: OrderSpec, market: Decimal | None, last: Decimal | None) -> Decimal | None:
    """What it should trade at: its limit or the market's better price, its stop, or the market's price.

    None if that is not known.
    """
    if ticket.order_class == Order.Class.OCO:
        return ticket.take_profit_price
    limit = ticket.limit_price
    if limit is not None:
        if market is None or ticket.type != Order.Type.LIMIT:
            return limit
        return min(limit, market) if ticket.is_buy else max(limit, market)
    return market if ticket.type == Order.Type.MARKET else stop_price(ticket, last)


def highest_price(ticket: OrderSpec, likely: Decimal) -> Decimal:
    """The most that a purchase may pay, for which the broker sets cash aside; `likely` is `likely_price`."""
    if ticket.is_buy and ticket.type in (Order.Type.STOP, Order.Type.TRAILING_STOP):
        highest = likely * (COLLAR_BELOW_FIFTY if likely < FIFTY else COLLAR)
        return highest.quantize(tick(highest), ROUND_HALF_UP)
    return likely if ticket.limit_price is None else max(likely, ticket.limit_price)


def problem(ticket: OrderSpec, last: Decimal | None) -> tuple[str, str] | None:
    """The first price that may not be, as its field and words; `last` is the last trade's, if known."""
    return _step(ticket) or _trail(ticket, last) or _stop_side(ticket, last) or _exits(ticket, last)


def _step(ticket: OrderSpec) -> tuple[str, str] | None:
    for name in PRICE_FIELDS:
        price = getattr(ticket, name)
        if price is not None and price % tick(price):
            places = "2 decimals" if price >= ONE else "4 decimals below $1"
            return name, f"A price can have at most {places}."
    return None


def _trail(ticket: OrderSpec, last: Decimal | None) -> tuple[str, str] | None:
    if ticket.trail_percent is not None and ticket.trail_percent >= PERCENT:
        return "trail", "Enter a percentage below 100."
    if ticket.trail_price is not None and last is not None and not ticket.is_buy:
        start = stop_price(ticket, last)
        if start is not None and start <= 0:
            return "trail", f"Enter less than the last price, {usd(last)}."
    return None


def _stop_side(ticket: OrderSpec, last: Decimal | None) -> tuple[str, str] | None:
    stop = ticket.stop_price
    if stop is None or last is None:
        return None
    if ticket.is_buy and stop <= last:
        return "stop_price", f"A stop that buys has to be above the last price, {usd(last)}."
    if not ticket.is_buy and stop >= last:
        return "stop_price", f"A stop that sells has to be below the last price, {usd(last)}."
    return None


def _exits(ticket: OrderSpec, last: Decimal | None) -> tuple[str, str] | None:
    """The exits of a purchase, or of what is held: the profit above the base price, the stop below it."""
    if ticket.order_class == Order.Class.SIMPLE:
        return None
    is_pair = ticket.order_class == Order.Class.OCO
    base = ticket.limit_price if ticket.limit_price is not None and not is_pair else last
    name = "your limit" if ticket.limit_price is not None and not is_pair else "the last price"
    profit, stop, limit = ticket.take_profit_price, ticket.stop_loss_price, ticket.stop_loss_limit_price
    if base is not None and profit is not None and profit < base + CENT:
        return "take_profit_price", f"Take profit has to be at least a cent above {name}, {usd(base)}."
    if base is not None and stop is not None and stop > base - CENT:
        return "stop_loss_price", f"The stop loss has to be at least a cent below {name}, {usd(base)}."
    if stop is not None and limit is not None and limit > stop:
        return "stop_loss_limit_price", f"The limit of the stop loss has to be {usd(stop)} or less."
    return None
