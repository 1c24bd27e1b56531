"""Which types, times in force, classes and sizes of an order for shares go together. Pure."""

from sandbox.orders.tickets import Ticket
from sandbox.state.api import forbidden, unprocessable

UNTRIGGERED = frozenset(("market", "limit"))
STANDING = frozenset(("day", "gtc"))


def check_combination(ticket: Ticket) -> None:
    """Raises a 403 or 422 for the first that does not."""
    kind, tif = ticket.type, ticket.time_in_force
    if ticket.order_class:
        _check_class(ticket)
    if ticket.is_fractional:
        _check_fraction(ticket)
    if kind not in UNTRIGGERED and tif not in STANDING:
        raise unprocessable(f"{kind} orders must be DAY or GTC orders")
    if ticket.asset.exchange == "OTC" and tif not in STANDING:
        raise unprocessable("OTC orders must be DAY or GTC orders")
    if ticket.extended_hours:
        if kind != "limit" or tif not in STANDING or ticket.order_class:
            raise unprocessable("extended hours order must be DAY or GTC limit orders")
        if ticket.is_fractional and "fractional_eh_enabled" not in ticket.asset.attributes:
            raise unprocessable("fractional orders are not allowed in extended hours for this asset")


def _check_class(ticket: Ticket) -> None:
    """A bracket has both exits, an oto one of them; an oco is a limit that takes profit, and a stop."""
    name, exits = ticket.order_class, (ticket.prices.take_profit, ticket.prices.stop_loss)
    if ticket.time_in_force not in STANDING:
        raise unprocessable(f"{name} orders must be DAY or GTC orders")
    if ticket.type not in UNTRIGGERED:
        raise unprocessable(f"{name} orders must be market or limit orders")
    if name == "oco" and ticket.type != "limit":
        raise unprocessable("oco orders must be limit orders")
    if name in ("bracket", "oco") and None in exits:
        raise unprocessable(f"{name} orders require take_profit.limit_price and stop_loss.stop_price")
    if name == "oto" and (None not in exits or exits == (None, None)):
        raise unprocessable("oto orders require one of take_profit or stop_loss")


def _check_fraction(ticket: Ticket) -> None:
    if not ticket.asset.fractionable:
        raise forbidden(f'asset "{ticket.asset.symbol}" is not fractionable')
    if ticket.order_class:
        raise unprocessable("fractional orders must be simple orders")
    if ticket.type == "trailing_stop":
        raise unprocessable("fractional orders must be market, limit, stop, or stop_limit orders")
    if ticket.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
