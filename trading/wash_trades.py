"""Orders of one account that could trade with each other, which brokers must not let happen. Pure.

Source: Broker API, "Orders": the wash-trade rule.
"""

from collections.abc import Iterable

from brokerapp.units.money import usd
from trading.models import Order
from trading.order_spec import OrderSpec


def could_meet(ticket: OrderSpec, other: Order) -> bool:
    """Whether the broker refuses it while `other`, an open order of the opposite side, is open."""
    if ticket.side == other.side or _is_exempt(ticket) or _is_exempt(other):
        return False
    if ticket.type != Order.Type.LIMIT or other.type != Order.Type.LIMIT:
        return True
    assert ticket.limit_price is not None
    assert other.limit_price is not None
    buys, sells = ticket.limit_price, other.limit_price
    return buys >= sells if ticket.is_buy else sells >= buys


def first_to_meet(ticket: OrderSpec, standing: Iterable[Order]) -> Order | None:
    """The first of the open orders for the same asset that it could trade with."""
    return next((other for other in standing if could_meet(ticket, other)), None)


def words(other: Order) -> str:
    """What the person is told of the order in the way."""
    kind = f"{other.get_type_display().lower()} order to {other.get_side_display().lower()}"
    at = f" at {usd(other.limit_price)}" if other.limit_price is not None else ""
    return (
        f"You have an open {kind} {other.symbol}{at}, and the two could trade with each other, which is not "
        "allowed (a wash trade). Cancel that order first, or set a limit that cannot meet it."
    )


def _is_exempt(order: OrderSpec | Order) -> bool:
    return order.order_class != Order.Class.SIMPLE or order.type == Order.Type.TRAILING_STOP
