"""A ticket as a sentence, as one says it. Pure."""

from decimal import Decimal

from brokerapp.units import money
from brokerapp.units.money import plain, shares, usd
from trading.models import Order
from trading.order_spec import OrderSpec


def sentence(ticket: OrderSpec, about_qty: Decimal | None) -> str:
    """What it does, as one says it: `Buy about 1.25 shares of Apple for $250.00 at market`.

    `about_qty`: the shares that an amount of USD should come to, if that is known.
    """
    verb = "Buy" if ticket.is_buy else "Sell"
    return f"{verb} {_amount(ticket, about_qty)} {_price(ticket)}{_exits(ticket)}"


def _amount(ticket: OrderSpec, about_qty: Decimal | None) -> str:
    name, unit = ticket.asset.title, ticket.asset.kind.unit
    if ticket.notional is None:
        assert ticket.qty is not None
        return f"{shares(ticket.qty, unit)} of {name}"
    if about_qty is None:
        return f"{usd(ticket.notional)} of {name}"
    return f"about {shares(about_qty, unit)} of {name} for {usd(ticket.notional)}"


def _bound(price: Decimal, is_buy: bool) -> str:
    return f"at {money.price(price)} or {'less' if is_buy else 'more'}"


def _reaches(price: Decimal, is_buy: bool) -> str:
    return f"once the price {'rises' if is_buy else 'falls'} to {money.price(price)}"


def _price(ticket: OrderSpec) -> str:
    is_buy = ticket.is_buy
    if ticket.order_class == Order.Class.OCO:
        assert ticket.take_profit_price is not None
        return _bound(ticket.take_profit_price, is_buy)
    if ticket.type == Order.Type.TRAILING_STOP:
        distance = usd(ticket.trail_price) if ticket.trail_price is not None else ""
        if ticket.trail_percent is not None:
            distance = f"{plain(ticket.trail_percent)}%"
        turn = "rises {} above its lowest" if is_buy else "falls {} below its highest"
        return f"at market once the price {turn.format(distance)} from now on"
    if ticket.type == Order.Type.STOP:
        assert ticket.stop_price is not None
        return f"at market {_reaches(ticket.stop_price, is_buy)}"
    if ticket.limit_price is None:
        return "at market"
    bound = _bound(ticket.limit_price, is_buy)
    return f"{bound} {_reaches(ticket.stop_price, is_buy)}" if ticket.stop_price is not None else bound


def _exits(ticket: OrderSpec) -> str:
    parts = []
    is_pair = ticket.order_class == Order.Class.OCO
    if ticket.take_profit_price is not None and not is_pair:
        parts.append(_bound(ticket.take_profit_price, is_buy=False))
    if ticket.stop_loss_price is not None:
        limit = ticket.stop_loss_limit_price
        at = _bound(limit, is_buy=False) if limit is not None else "at market"
        parts.append(f"{at} {_reaches(ticket.stop_loss_price, is_buy=False)}")
    if not parts:
        return ""
    return f", or {parts[0]}" if is_pair else f", then sell {', or '.join(parts)}"
