"""Between the inputs of a ticket and the table of what goes together (`trading.legality`)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from brokerapp.units.money import plain
from trading.legality import Choice, OrderRules, Situation, Size
from trading.models import Order
from trading.order_spec import OrderSpec

SHARES, DOLLARS, PERCENT = "SHARES", "DOLLARS", "PERCENT"
BOTH, PROFIT, LOSS = "BOTH", "TAKE_PROFIT", "STOP_LOSS"
TYPE, TIME = Order.Type, Order.TimeInForce
PAIR = Order.Class.OCO.value
"""To people a pair of exits is a type of order."""
SIMPLE_TYPES = (TYPE.MARKET.value, TYPE.LIMIT.value)
SIMPLE_TIMES = (TIME.DAY.value, TIME.GTC.value)
LIMITED, STOPPED = (TYPE.LIMIT, TYPE.STOP_LIMIT), (TYPE.STOP, TYPE.STOP_LIMIT)
TRAILING = (TYPE.TRAILING_STOP,)
EXITS_OF: Mapping[str, str] = {
    "": Order.Class.SIMPLE,
    BOTH: Order.Class.BRACKET,
    PROFIT: Order.Class.OTO,
    LOSS: Order.Class.OTO,
}
"""The class of an order by its exits."""
SHORT = frozenset({"side", "type", "unit", "amount", "limit_price", "time_in_force"})
"""The inputs of the short ticket."""
EXIT_PRICES = ("take_profit_price", "stop_loss_price", "stop_loss_limit_price")


def choice_of(data: Mapping[str, Any]) -> Choice | None:
    """What clean answers choose; None while side, unit, type, time or exits are not known."""
    side, unit, kind = data.get("side"), data.get("unit"), data.get("type")
    time, exits = data.get("time_in_force"), data.get("exits", "")
    if not (side and unit and kind and time) or exits not in EXITS_OF:
        return None
    amount = data.get("amount")
    size = Size.DOLLARS if unit == DOLLARS else Size.WHOLE
    if size == Size.WHOLE and amount is not None and amount != amount.to_integral_value():
        size = Size.FRACTION
    return _with_type(
        Choice(
            side=side,
            time_in_force=time,
            order_class=EXITS_OF[exits],
            size=size,
            extended_hours=bool(data.get("extended_hours")),
        ),
        kind,
    )


def prices_of(data: Mapping[str, Any]) -> set[str]:
    """The inputs of prices that clean answers need."""
    kind, exits = data["type"], data.get("exits", "")
    needs = (
        ("limit_price", kind in LIMITED),
        ("stop_price", kind in STOPPED),
        ("trail", kind in TRAILING),
        ("take_profit_price", kind == PAIR or exits in (BOTH, PROFIT)),
        ("stop_loss_price", kind == PAIR or exits in (BOTH, LOSS)),
    )
    return {name for name, is_needed in needs if is_needed}


def _with_type(choice: Choice, kind: str) -> Choice:
    if kind == PAIR:
        return replace(choice, type=TYPE.LIMIT.value, order_class=PAIR)
    simple = Order.Class.SIMPLE.value
    return replace(
        choice, type=kind, order_class=simple if choice.order_class == PAIR else choice.order_class
    )


def _with(choice: Choice, name: str, value: str) -> tuple[Choice, str]:
    """The choice with an input at a value, and the part of it that this input is."""
    if name == "type":
        return _with_type(choice, value), "order_class" if value == PAIR else "type"
    if name == "unit":
        size = Size.DOLLARS if value == DOLLARS else Size.WHOLE
        return replace(choice, size=size), "size"
    if name == "exits":
        return replace(choice, order_class=EXITS_OF[value]), "order_class"
    if name == "extended_hours":
        return replace(choice, extended_hours=True), name
    return replace(choice, time_in_force=value), name


def never(orders: OrderRules, name: str, value: str, situation: Situation) -> str:
    """Why one answer is not offered here and now, whatever else is chosen; empty if it may be."""
    choice, part = _with(Choice(), name, value)
    return orders.never(part, getattr(choice, part), situation)


def refused(
    orders: OrderRules, name: str, values: list[str], choice: Choice, situation: Situation
) -> Iterator[tuple[str, str]]:
    """Which answers do not go together with the rest of a choice, and why."""
    for value in values:
        other, part = _with(choice, name, value)
        about = {part, "type"} if name == "type" else {part}
        conflicts = orders.conflicts(other, situation)
        words = next((each.words for each in conflicts if about & set(each.parts)), "")
        if words and other != choice:
            yield value, words


def given_by(ticket: OrderSpec) -> dict[str, str]:
    """What the inputs are filled with so that they say this ticket; without what stands at its default."""
    amount = ticket.qty if ticket.qty is not None else ticket.notional
    assert amount is not None
    found = {
        "side": ticket.side,
        "unit": SHARES if ticket.qty is not None else DOLLARS,
        "amount": plain(amount),
    }
    kind = PAIR if ticket.order_class == PAIR else ticket.type
    if kind != TYPE.MARKET:
        found["type"] = kind
    if ticket.time_in_force != TIME.DAY:
        found["time_in_force"] = ticket.time_in_force
    for name in ("limit_price", "stop_price", *EXIT_PRICES):
        if (price := getattr(ticket, name)) is not None:
            found[name] = plain(price)
    if (trail := ticket.trail_percent or ticket.trail_price) is not None:
        found |= {"trail_unit": PERCENT if ticket.trail_percent else DOLLARS, "trail": plain(trail)}
    if ticket.order_class == Order.Class.BRACKET:
        found["exits"] = BOTH
    elif ticket.order_class == Order.Class.OTO:
        found["exits"] = PROFIT if ticket.take_profit_price is not None else LOSS
    if ticket.extended_hours:
        found["extended_hours"] = "on"
    return found


def is_simple(given: Mapping[str, str]) -> bool:
    """Whether the short ticket can say what these inputs say."""
    if not SHORT.issuperset(name for name, value in given.items() if value):
        return False
    kind, time = given.get("type") or TYPE.MARKET, given.get("time_in_force") or TIME.DAY
    return kind in SIMPLE_TYPES and time in SIMPLE_TIMES
