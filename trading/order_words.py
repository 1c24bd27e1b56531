"""Orders in words: what was asked for, and how one version differs from the one before. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from brokerapp.units.money import price, quantity, shares, usd
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.order_types import OrderClass, OrderType, TimeInForce

LASTS = {
    TimeInForce.DAY: "good for one day",
    TimeInForce.GTC: "until canceled",
    TimeInForce.OPG: "at the open only",
    TimeInForce.CLS: "at the close only",
    TimeInForce.IOC: "at once, what is left is canceled",
    TimeInForce.FOK: "at once and whole, or not at all",
}


@dataclass(frozen=True)
class Difference:
    """One thing that two versions of an order do not share."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.label} {self.before} to {self.after}"


def size(order: Order | OrderSpec) -> str:
    """`10 shares` or `$250.00`."""
    return shares(order.qty) if order.qty is not None else usd(order.notional or Decimal(0))


def kind(order: Order | OrderSpec) -> str:
    """The type with its prices: `Limit $150.00`, `Trailing stop 5%`; of a pair of exits both prices."""
    if order.order_class == OrderClass.OCO:
        return f"Limit {_exit(order.take_profit_price)} or stop {_exit(order.stop_loss_price)}"
    if order.type == OrderType.LIMIT:
        return f"Limit {price(order.limit_price or Decimal(0))}"
    if order.type == OrderType.STOP:
        return f"Stop {price(order.stop_price or Decimal(0))}"
    if order.type == OrderType.STOP_LIMIT:
        stop, limit = price(order.stop_price or Decimal(0)), price(order.limit_price or Decimal(0))
        return f"Stop {stop}, limit {limit}"
    if order.type == OrderType.TRAILING_STOP:
        return f"Trailing stop {trail(order)}"
    return "Market"


def trail(order: Order | OrderSpec) -> str:
    """How far behind the price a trailing stop follows: `$2.00` or `5%`."""
    if order.trail_price is not None:
        return price(order.trail_price)
    return f"{quantity(order.trail_percent or Decimal(0))}%"


def sentence(order: Order | OrderSpec) -> str:
    """`Sell 10 shares of AAPL, limit $150.00, until canceled`."""
    side = "Buy" if order.side == Order.Side.BUY else "Sell"
    how = kind(order)
    parts = [f"{side} {size(order)} of {order.asset.symbol}", how[0].lower() + how[1:]]
    if order.order_class in (OrderClass.BRACKET, OrderClass.OTO):
        parts.append(f"then {_exits(order)}")
    parts.append(LASTS[TimeInForce(order.time_in_force)])
    if order.extended_hours:
        parts.append("outside regular hours too")
    return ", ".join(parts)


def _exits(order: Order | OrderSpec) -> str:
    gain = f"take profit at {_exit(order.take_profit_price)}" if order.take_profit_price else ""
    loss = f"stop loss at {_exit(order.stop_loss_price)}" if order.stop_loss_price else ""
    return " or ".join(part for part in (gain, loss) if part)


def _exit(amount: Decimal | None) -> str:
    return price(amount) if amount is not None else "none"


def differences(before: OrderSpec, after: OrderSpec) -> Iterator[Difference]:
    """What of an order a change is about."""
    for name, label in (
        ("limit_price", "Limit"),
        ("take_profit_price", "Limit"),
        ("stop_price", "Stop"),
    ):
        old, new = getattr(before, name), getattr(after, name)
        if old != new and old and new:
            yield Difference(label, price(old), price(new))
    if (before.trail_price, before.trail_percent) != (after.trail_price, after.trail_percent):
        yield Difference("Trail", trail(before), trail(after))
    if before.qty != after.qty and before.qty and after.qty:
        yield Difference("Shares", quantity(before.qty), quantity(after.qty))
    if before.time_in_force != after.time_in_force:
        old_time, new_time = (TimeInForce(each.time_in_force).label.lower() for each in (before, after))
        yield Difference("Good for", old_time, new_time)
