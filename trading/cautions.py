"""What a person should know of an order before they place it: nothing here forbids it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from brokerapp.units import money
from brokerapp.units.money import quantity, usd
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.order_types import EXITS, PRICES
from trading.rules import Estimate, Facts

PERCENT = Decimal(100)
ALIKE = ("side", "type", "order_class", "qty", "notional", *PRICES, *EXITS)
"""What two orders for one asset have in common that look like one order placed twice."""


@dataclass(frozen=True)
class Limits:
    """From where on a caution is given: settings of the site, percentages and USD per share."""

    limit_away: Decimal
    of_volume: Decimal
    of_portfolio: Decimal
    penny_below: Decimal


@dataclass(frozen=True)
class Seen:
    """What is known beside the facts: shares a day on average, and whether this is a first time."""

    average_volume: Decimal | None = None
    is_first_extended: bool = False


@dataclass(frozen=True)
class Caution:
    """Words for the person; with `ask` they have to tick that they have read them."""

    words: str
    ask: bool = False


def cautions(
    ticket: OrderSpec, facts: Facts, expected: Estimate | None, seen: Seen, limits: Limits
) -> list[Caution]:
    """All that there is to say, what has to be ticked first."""
    found = [
        *_same(ticket, facts),
        *_limit_away(ticket, facts, limits),
        *_size(ticket, facts, expected, seen, limits),
        *_kind(ticket, seen),
        *_time(ticket),
    ]
    return sorted(found, key=lambda each: not each.ask)


def _same(ticket: OrderSpec, facts: Facts) -> Iterator[Caution]:
    def is_alike(order: Order) -> bool:
        return order.parent_id is None and all(
            getattr(order, name) == getattr(ticket, name) for name in ALIKE
        )

    if any(map(is_alike, facts.standing)):
        yield Caution(
            f"You already have an open order for {ticket.asset.symbol} that is the same as this one. Place "
            "this only if you want both.",
            ask=True,
        )


def _limit_away(ticket: OrderSpec, facts: Facts, limits: Limits) -> Iterator[Caution]:
    last = facts.quote.last if facts.quote else None
    price = ticket.limit_price
    if price is None or not last or ticket.stop_price is not None:
        return
    away = (price - last) / last * PERCENT
    if abs(away) < limits.limit_away:
        return
    side = "above" if away > 0 else "below"
    limit, now = money.price(price), money.price(last)
    words = f"Your limit of {limit} is {abs(away):.0f}% {side} the last price, {now}."
    if (away > 0) == ticket.is_buy:
        verb = "pay as much" if ticket.is_buy else "sell for as little"
        yield Caution(f"{words} It trades as soon as it can, and may {verb} as that.", ask=True)
    else:
        yield Caution(f"{words} It may never trade.")


def _size(
    ticket: OrderSpec, facts: Facts, expected: Estimate | None, seen: Seen, limits: Limits
) -> Iterator[Caution]:
    if expected is None:
        return
    if seen.average_volume and expected.qty * PERCENT > seen.average_volume * limits.of_volume:
        yield Caution(
            f"This is a large order for {ticket.asset.symbol}: about {quantity(seen.average_volume)} "
            f"{ticket.asset.kind.unit}s change hands on a usual day. It can move the price against you.",
            ask=True,
        )
    if not ticket.is_buy:
        return
    if expected.price < limits.penny_below:
        yield Caution(
            f"Below {usd(limits.penny_below)} a share prices can move far within minutes, and buyers can be "
            "hard to find when you want to sell."
        )
    equity, after = facts.account.equity, (facts.held_qty + expected.qty) * expected.price
    if equity > 0 and after * PERCENT > equity * limits.of_portfolio:
        share = after / equity * PERCENT
        yield Caution(f"After this, {ticket.asset.symbol} is about {share:.0f}% of your account's value.")


def _kind(ticket: OrderSpec, seen: Seen) -> Iterator[Caution]:
    if ticket.extended_hours and seen.is_first_extended:
        yield Caution(
            "Your first order for trading outside regular hours: fewer people trade then, prices can be "
            "worse and jump, and an order may fill in part or not at all.",
            ask=True,
        )
    stops = (Order.Type.STOP, Order.Type.TRAILING_STOP)
    if ticket.type in stops and not ticket.is_buy:
        yield Caution("Once triggered it sells at market, which may be well below the stop price.")
    if ticket.type in stops and ticket.is_buy:
        yield Caution("Once triggered it buys at market, up to 4% above the stop price (2.5% from $50 on).")


def _time(ticket: OrderSpec) -> Iterator[Caution]:
    if ticket.time_in_force == Order.TimeInForce.GTC:
        yield Caution(
            "It stays open for up to 90 days, also when you do not look. A reverse split cancels it."
        )
    if ticket.time_in_force == Order.TimeInForce.CLS:
        yield Caution("From 3:50 pm ET on it may be too late to cancel it.")
    if ticket.time_in_force == Order.TimeInForce.OPG:
        yield Caution("From 9:28 am ET on it may be too late to cancel it.")
