"""Rows of activities for tests of books and pages."""

from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from brokerapp.units.market_time import NEW_YORK
from trading.models import ClosedLot

_numbers = count(1)


def happened(
    account: BrokerageAccount, kind: str, day: date, cash: str | Decimal = "0", **columns: Any
) -> Activity:
    """An activity of a day in New York."""
    number = next(_numbers)
    return Activity.objects.create(
        account=account,
        activity_id=f"{day:%Y%m%d}000000000::a{number}",
        reference=f"a{number}",
        activity_type=kind,
        at=datetime.combine(day, time(11), NEW_YORK),
        date=day,
        net_amount=Decimal(cash),
        status="executed",
        **columns,
    )


def traded(
    account: BrokerageAccount, day: date, qty: str, price: str, symbol: str = "AAPL", **columns: Any
) -> Activity:
    """An execution: a buy, or a sale if the quantity is negative."""
    shares = Decimal(qty)
    return happened(
        account,
        "FILL",
        day,
        -(shares * Decimal(price)).quantize(Decimal("0.01")),
        symbol=symbol,
        qty=abs(shares),
        price=Decimal(price),
        side="buy" if shares > 0 else "sell",
        **columns,
    )


def closed_lot(account: BrokerageAccount) -> ClosedLot:
    """A share that was bought and sold again, as a row of the account's books."""
    return ClosedLot.objects.create(
        account=account,
        number=0,
        symbol="AAPL",
        opened_on=date(2025, 3, 3),
        closed_on=date(2025, 3, 4),
        qty=Decimal(1),
        proceeds=Decimal(12),
        cost=Decimal(10),
        gain=Decimal(2),
        is_long_term=False,
        is_sale=True,
    )
