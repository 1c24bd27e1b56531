"""Where an account's cash is, and what keeps each part of it from being used."""

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
from trading.lots import ZERO
from trading.models import Order

LOOK_BACK = timedelta(days=6)
"""A sale settles on the next business day, which is at most so many days later."""


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
    sold: str
    """What was sold lately: `AAPL and VTI on Mon 4 Mar`; empty if nothing."""

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
        sold=_sold(account, day) if unsettled else "",
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


def _sold(account: BrokerageAccount, day: date) -> str:
    """The newest day of sales that may not be settled, in words."""
    sales = Activity.objects.filter(account=account, activity_type=FILL, side__startswith="sell", qty__gt=0)
    rows = list(sales.filter(date__gte=day - LOOK_BACK).newest_first().values_list("date", "symbol")[:50])
    if not rows:
        return ""
    newest = rows[0][0]
    symbols = sorted({symbol for sold_on, symbol in rows if sold_on == newest})
    named = symbols[0] if len(symbols) == 1 else f"{', '.join(symbols[:-1])} and {symbols[-1]}"
    return f"{named} on {day_text(newest)}"
