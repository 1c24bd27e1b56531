"""Where an account's cash is, and what keeps each part of it from being used."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import FILL, Activity
from brokerapp.units.market_time import day_text
from brokerapp.units.money import quantize_cash
from brokerapp.web.fixed_queries import FixedQuery
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


find_open_buys: FixedQuery[tuple[Any, ...]] = FixedQuery(
    lambda account_id: (
        Order.objects.open()
        .current()
        .filter(account=account_id, side=Order.Side.BUY)
        .order_by()
        .values_list("notional", "qty", "filled_qty", "filled_avg_price", "limit_price", "asset__quote__last")
    ),
    UUID(int=1),
)
"""What `_claim` takes, of each open order to buy."""


find_sales: FixedQuery[tuple[date, str, Decimal | None]] = FixedQuery(
    lambda account_id, day: (
        Activity.objects.standing()
        .filter(account=account_id, activity_type=FILL, side__startswith="sell", date__gte=day)
        .order_by()
        .values_list("date", "symbol", "net_amount")
    ),
    UUID(int=1),
    date(1900, 1, 2),
)
"""The sales since a day."""


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


def get_cash(account: BrokerageAccount, day: date) -> Cash:
    """An account's cash by where it is. One query; one more if there is unsettled cash."""
    total = quantize_cash(account.own_cash)
    withdrawable = min(quantize_cash(account.cash_withdrawable), max(total, ZERO))
    rest = max(total - withdrawable, ZERO)
    leaving = min(quantize_cash(account.pending_transfer_out), rest)
    held = min(sum((_claim(*row) for row in find_open_buys(account.pk)), ZERO), rest - leaving)
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


def _claim(
    notional: Decimal | None,
    qty: Decimal | None,
    filled_qty: Decimal,
    filled_avg_price: Decimal | None,
    limit_price: Decimal | None,
    last: Decimal | None,
) -> Decimal:
    """USD that an open buy order still takes, at its limit or the last price."""
    if notional is not None:
        return max(notional - quantize_cash(filled_qty * (filled_avg_price or ZERO)), ZERO)
    return quantize_cash(max((qty or ZERO) - filled_qty, ZERO) * (limit_price or last or ZERO))


def _settling(account: BrokerageAccount, unsettled: Decimal, day: date) -> tuple[Settling, ...]:
    """What is sold and settles after `day`, by day of settlement; no more than is unsettled. One query."""
    amounts: dict[date, Decimal] = defaultdict(lambda: ZERO)
    symbols: dict[date, set[str]] = defaultdict(set)
    for sold_on, symbol, amount in find_sales(account.pk, day - LOOK_BACK):
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
