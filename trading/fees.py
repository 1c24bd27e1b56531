"""Regulatory fees on sales of US shares, at dated rates. Pure.

Source: Broker API, "Account activities": the SEC's fee on proceeds, FINRA's Trading Activity Fee (TAF) per
share with a cap, and the Consolidated Audit Trail (CAT) fee per share, charged the day after the sale. The
rates are settings, since their owners change them from a date on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

from brokerapp.units.money import CENT

MILLION = Decimal(1_000_000)
ZERO = Decimal(0)
Rates = Sequence[tuple[date, Decimal]]
"""A rate from a date on, in any order; before the first, none is known and none is charged."""


@dataclass(frozen=True)
class Fee:
    """One fee on one order, USD, 2 dp."""

    name: str
    amount: Decimal


def rate_on(rates: Rates, day: date) -> Decimal:
    """The rate in force on a day; 0 before the first."""
    known = [each for each in rates if each[0] <= day]
    return max(known)[1] if known else ZERO


def fees_on_sale(qty: Decimal, proceeds: Decimal, day: date, rates: Mapping[str, Rates]) -> list[Fee]:
    """What a sale of shares is charged, each fee rounded up to a cent; those that are nothing are left out.

    `rates`: SEC (USD per million of proceeds), TAF and CAT (USD per share), TAF_CAP (USD per trade; 0: none).
    """
    cap = rate_on(rates["TAF_CAP"], day)
    taf = qty * rate_on(rates["TAF"], day)
    found = {
        "SEC fee": proceeds * rate_on(rates["SEC"], day) / MILLION,
        "FINRA trading activity fee": min(taf, cap) if cap else taf,
        "Consolidated audit trail fee": qty * rate_on(rates["CAT"], day),
    }
    return [Fee(name, amount.quantize(CENT, ROUND_UP)) for name, amount in found.items() if amount > 0]
