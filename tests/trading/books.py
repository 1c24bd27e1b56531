"""Histories for tests: entries as the broker's activities tell of them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

from trading.lots import Entry

FIRST = date(2026, 1, 5)
_numbers = count()


def on(day: int) -> date:
    """The day with that number, from 0."""
    return FIRST + timedelta(days=day)


def entry(kind: str, day: int, cash: str | Decimal = "0", **columns: Any) -> Entry:
    """An activity of a day; those of a day follow one another."""
    number = next(_numbers)
    reference = columns.pop("reference", f"r{number}")
    for name in ("qty", "price"):
        if name in columns:
            columns[name] = Decimal(columns[name])
    at = datetime.combine(on(day), time(15), UTC) + timedelta(microseconds=number)
    return Entry(reference, kind, at, on(day), Decimal(cash), **columns)


def trade(day: int, qty: str | Decimal, price: str | Decimal, symbol: str = "AAPL", **columns: Any) -> Entry:
    """An execution: a buy, or a sale if the quantity is negative."""
    cash = -(Decimal(qty) * Decimal(price)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return entry("FILL", day, cash, symbol=symbol, qty=qty, price=price, **columns)


def taking_back(day: int, other: Entry, **columns: Any) -> Entry:
    """The execution of negative quantity that undoes another."""
    return entry(
        "FILL",
        day,
        -other.cash,
        symbol=other.symbol,
        qty=-other.qty,
        price=other.price,
        order=other.order,
        takes_back=True,
        **columns,
    )
