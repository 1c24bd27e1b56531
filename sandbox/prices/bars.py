"""Price bars and the timeframes they are grouped into (Market data API, GET /v2/stocks/bars)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

VWAP_PLACES = Decimal("0.0001")


class Bar(msgspec.Struct, frozen=True):
    """Prices of one interval, USD, 2 dp (4 dp below $1), vwap 4 dp; timestamp is its start, aware UTC.

    Of a pair: prices in its own increments, vwap 12 dp, volume in billionths of a coin.
    """

    timestamp: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    trade_count: int
    vwap: Decimal


class BadTimeframe(ValueError):
    """Not a timeframe the API knows."""


class Timeframe(msgspec.Struct, frozen=True):
    """An amount and a unit, such as 15 "Min"."""

    amount: int
    unit: Literal["Min", "Hour", "Day", "Week", "Month"]

    @property
    def is_intraday(self) -> bool:
        return self.unit in ("Min", "Hour")

    @property
    def seconds(self) -> int:
        """Length of an intraday interval. Intervals are counted from New York midnight."""
        return self.amount * (60 if self.unit == "Min" else 3600)

    def first_day(self, day: date) -> date:
        """The first date of the interval that holds a date: that day, a Monday, or a first of the month."""
        if self.unit == "Week":
            return day - timedelta(days=day.weekday())
        if self.unit == "Month":
            return day.replace(month=(day.month - 1) // self.amount * self.amount + 1, day=1)
        return day

    def last_day(self, day: date) -> date:
        """The last date of that interval."""
        first = self.first_day(day)
        if self.unit == "Week":
            return first + timedelta(days=6)
        if self.unit == "Month":
            later = first.month - 1 + self.amount
            return date(first.year + later // 12, later % 12 + 1, 1) - timedelta(days=1)
        return day


UNITS = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}
AMOUNTS = {"Min": range(1, 60), "Hour": range(1, 24), "Day": (1,), "Week": (1,), "Month": (1, 2, 3, 4, 6, 12)}


def parse_timeframe(text: str) -> Timeframe:
    """Reads 1Min to 59Min, 1Hour to 23Hour, 1Day, 1Week, 1, 2, 3, 4, 6 or 12Month; or T, H, D, W, M.

    Raises BadTimeframe.
    """
    found = re.fullmatch(r"(\d{1,2})(Min|Hour|Day|Week|Month|[THDWM])", text)
    if found:
        unit = UNITS.get(found[2], found[2])
        if int(found[1]) in AMOUNTS[unit]:
            return msgspec.convert({"amount": int(found[1]), "unit": unit}, Timeframe)
    raise BadTimeframe(f"invalid timeframe: {text}")


def merge(bars: Sequence[Bar], timestamp: datetime) -> Bar:
    """One bar for an unbroken run of bars, oldest first, at least one."""
    volume = sum(bar.volume for bar in bars)
    weighted = sum((bar.vwap * bar.volume for bar in bars), Decimal(0))
    return Bar(
        timestamp=timestamp,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=volume,
        trade_count=sum(bar.trade_count for bar in bars),
        vwap=(weighted / volume).quantize(_finer(bars[0].vwap)) if volume else bars[0].vwap,
    )


def _finer(vwap: Decimal) -> Decimal:
    """The places of a pair's average; those of a share's otherwise."""
    return min(VWAP_PLACES, Decimal((0, (1,), int(vwap.as_tuple().exponent))))
