"""Where an account's cash is, and what keeps each part of it from being used."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import FILL, Activity
from brokerapp.units.market_time import day_text
from brokerapp.units.money import quantize_cash
from trading import hours
from trading.lots import ZERO
from trading.models import Order

LOOK_BACK = timedelta(days=6)
"""A sale settles on the next settlement day, which is at most so many days later."""


@dataclass(frozen=True)
class Settling:
    """What of a day's sales becomes the person's own for good, USD, before fees."""

    day: date
    amount: Decimal
    symbols: tuple[str, ...]

    @property
    def words(self) -> str:
        """`AAPL and VTI`."""
        *others, last = self.symbols
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def day_words(self) -> str:
        """`Mon 4 Mar`."""
        return day_text(self.day)


@dataclass(frozen=True)
class Cash:
    """Own cash, USD: `withdrawable + held + leaving + unsettled` is `total`, unless money is owed."""

    total: Decimal
    withdrawable: Decimal
    held: Decimal
    """For open buy orders."""
    leaving: Decimal
    """On its way to the bank."""
    unsettled: Decimal
    """The rest: what the broker does not let go yet."""
    arriving: Decimal
    """On its way from the bank; not in the total."""
    lent: Decimal
    """By the broker, until a deposit arrives; not in the total."""
    settling: tuple[Settling, ...]
    """The part of the unsettled cash that sales explain, the next day of settlement first."""

    @property
    def unexplained(self) -> Decimal:
        """The part of the unsettled cash that no sale explains."""
        return max(self.unsettled - sum((each.amount for each in self.settling), ZERO), ZERO)

    @property
    def settled(self) -> Decimal:
        """What is the person's own for good."""
        return self.total - self.unsettled

    @property
    def cannot_withdraw(self) -> Decimal:
        """The part of the total that cannot be withdrawn now."""
        return max(self.total - self.withdrawable, ZERO)


def get_cash(account: BrokerageAccount, open_orders: list[Order], day: date) -> Cash:
    """An account's cash by where it is. One query, if there is unsettled cash; `open_orders` have quotes."""
    total = quantize_cash(account.own_cash)
    withdrawable = min(quantize_cash(account.cash_withdrawable), max(total, ZERO))
    rest = max(total - withdrawable, ZERO)
    leaving = min(quantize_cash(account.pending_transfer_out), rest)
    held = min(sum(map(_claim, open_orders), ZERO), rest - leaving)
    unsettled = rest - leaving - held
    return Cash(
        total=total,
        withdrawable=withdrawable,
        held=held,
        leaving=leaving,
        unsettled=unsettled,
        arriving=quantize_cash(account.pending_transfer_in),
        lent=quantize_cash(account.memoposts),
        settling=_settling(account, unsettled, day) if unsettled else (),
    )


def _claim(order: Order) -> Decimal:
    """USD that an open buy order still takes, at its limit or the last price."""
    if order.side != Order.Side.BUY:
        return ZERO
    if order.notional is not None:
        return max(order.notional - quantize_cash(order.filled_value or ZERO), ZERO)
    quote = getattr(order.asset, "quote", None)
    price = order.limit_price or (quote.last if quote else None) or ZERO
    return quantize_cash(max((order.qty or ZERO) - order.filled_qty, ZERO) * price)


def _settling(account: BrokerageAccount, unsettled: Decimal, day: date) -> tuple[Settling, ...]:
    """What is sold and settles after `day`, by day of settlement; no more than is unsettled. One query."""
    sales = Activity.objects.standing().filter(
        account=account, activity_type=FILL, side__startswith="sell", date__gte=day - LOOK_BACK
    )
    amounts: dict[date, Decimal] = defaultdict(lambda: ZERO)
    symbols: dict[date, set[str]] = defaultdict(set)
    for sold_on, symbol, amount in sales.values_list("date", "symbol", "net_amount"):
        settles = hours.settles_on(sold_on)
        if settles > day:
            amounts[settles] += amount or ZERO
            symbols[settles].add(symbol)
    found, left = [], unsettled
    for settles, amount in sorted(amounts.items()):
        part = min(quantize_cash(amount), left)
        if part > 0:
            found.append(Settling(settles, part, tuple(sorted(symbols[settles]))))
            left -= part
    return tuple(found)
