"""What an account returned over a time, with the arithmetic. Pure; USD, fractions.

Money that came in or went out is never a gain. Time-weighted: the growth of a dollar that was in the account
all the time, whatever came in or went out meanwhile. Money-weighted: the one rate at which all that came in,
each for as long as it was there, would have become what is there now.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from trading.lots import Flow, Group

ZERO, ONE = Decimal(0), Decimal(1)
PRECISE = Decimal("0.00000001")
YEAR_DAYS = 365
LEAST_GROWTH, MOST_GROWTH = 1e-9, 1e9
HALVINGS = 200


@dataclass(frozen=True)
class Span:
    """A range of the portfolio's chart: `word` in addresses and on its button, `text` when read aloud."""

    word: str
    text: str
    days: int
    """Calendar days up to today, which is one of them; 0 for all."""
    is_intraday: bool = False

    def starts_on(self, today: date) -> date | None:
        """Its first day; None if it begins with the account."""
        return today - timedelta(days=self.days - 1) if self.days else None


SPANS = {
    each.word: each
    for each in (
        Span("1D", "one day", 1, is_intraday=True),
        Span("1W", "one week", 7, is_intraday=True),
        Span("1M", "one month", 31),
        Span("3M", "three months", 92),
        Span("1Y", "one year", 366),
        Span("All", "the whole time", 0),
    )
}


def span_of(word: str, default: str) -> Span:
    """The range that an address names; the default if it names none that there is."""
    return SPANS.get(word, SPANS[default])


@dataclass(frozen=True)
class DayValue:
    """What an account was worth at the end of a day."""

    day: date
    equity: Decimal


@dataclass(frozen=True)
class Summary:
    """A time: `closing = opening + deposits − withdrawals + gain + unexplained`.

    `unexplained` is what the balances have and the activities do not say, in a time that ends now; it counts
    neither as a gain nor as a deposit. Fractions are None where there was nothing to gain on.
    """

    first_day: date | None
    last_day: date
    opening: Decimal
    deposits: Decimal
    withdrawals: Decimal
    income: Mapping[Group, Decimal]
    unexplained: Decimal
    closing: Decimal
    time_weighted: Decimal | None
    money_weighted: Decimal | None

    @property
    def gain(self) -> Decimal:
        """All that was gained or lost: prices, dividends, interest and fees."""
        return self.closing - self.opening - self.deposits + self.withdrawals - self.unexplained

    @property
    def market_gain(self) -> Decimal:
        """What prices alone made: the gain without dividends, interest, fees and other cash."""
        return self.gain - sum(self.income.values(), ZERO)

    @property
    def income_rows(self) -> list[tuple[str, Decimal]]:
        """What came in by itself, with its word; dividends, interest and fees always."""
        shown = (Group.DIVIDEND, Group.INTEREST, Group.FEE)
        return [(group.value, amount) for group, amount in self.income.items() if amount or group in shown]

    @property
    def fraction(self) -> Decimal | None:
        """The gain by what was there at first and was paid in."""
        base = self.opening + self.deposits
        return self.gain / base if base > 0 else None

    @property
    def days(self) -> int:
        """How long it is."""
        return (self.last_day - self.first_day).days + 1 if self.first_day else 0


def summarize(
    *,
    first_day: date | None,
    opening: Decimal,
    days: Sequence[DayValue],
    closing: DayValue,
    flows: Iterable[Flow],
    income: Mapping[Group, Decimal],
    unexplained: Decimal = ZERO,
) -> Summary:
    """A time from `first_day` on (None: from the first flow) to the closing.

    `opening` is the worth before it, `days` those within it, oldest first, where those may be left out that
    have no flow beside them (`past.TURNS`); flows and income are of its days.
    """
    flows = sorted(flows, key=lambda flow: flow.day)
    known = [first_day] if first_day else [flow.day for flow in flows[:1]]
    start = min([*known, *(day.day for day in days[:1])], default=None)
    settled = DayValue(closing.day, closing.equity - unexplained)
    earlier = [day for day in days if day.day < closing.day]
    return Summary(
        first_day=start,
        last_day=closing.day,
        opening=opening,
        deposits=sum((flow.amount for flow in flows if flow.amount > 0), ZERO),
        withdrawals=-sum((flow.amount for flow in flows if flow.amount < 0), ZERO),
        income=income,
        unexplained=unexplained,
        closing=closing.equity,
        time_weighted=time_weighted(opening, [*earlier, settled], flows),
        money_weighted=money_weighted(opening, settled, flows, start) if start else None,
    )


def time_weighted(opening: Decimal, days: Sequence[DayValue], flows: Iterable[Flow]) -> Decimal | None:
    """Growth from day to day, multiplied; what came in or went out counts from the start of its day.

    A day that began with nothing and got nothing does not count; None if there is no other.
    """
    left, growth, before, counted = sorted(flows, key=lambda flow: flow.day), ONE, opening, False
    position = 0
    for day in days:
        while position < len(left) and left[position].day <= day.day:
            before += left[position].amount
            position += 1
        if before > 0:
            growth *= max(day.equity, ZERO) / before
            counted = True
        before = day.equity
    return (growth - 1).quantize(PRECISE) if counted else None


def money_weighted(
    opening: Decimal, closing: DayValue, flows: Iterable[Flow], first_day: date
) -> Decimal | None:
    """The rate over the whole time, not a year's, at which opening and flows grow to the closing.

    The root of `opening·g + Σ flow·g^(part of the time that it was there) − closing` is found by halving its
    logarithm, which always ends; None where there is none or it is not the only one that we can tell. A ratio
    needs no exact digits, so that floats do here.
    """
    length = max((closing.day - first_day).days + 1, 1)
    by_part: dict[float, float] = defaultdict(float)
    by_part[1.0] += float(opening)
    for flow in flows:
        by_part[((closing.day - flow.day).days + 1) / length] += float(flow.amount)
    parts = [(part, amount) for part, amount in by_part.items() if amount]
    if not parts or sum(amount for _, amount in parts if amount > 0) <= 0:
        return None

    def missing(log_growth: float) -> float:
        return sum(amount * math.exp(part * log_growth) for part, amount in parts) - float(closing.equity)

    low, high = math.log(LEAST_GROWTH), math.log(MOST_GROWTH)
    if missing(low) > 0:
        return -ONE if closing.equity <= 0 else None
    if missing(high) < 0:
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):  # as near as floats come
            break
        if missing(middle) > 0:
            high = middle
        else:
            low = middle
    return Decimal(math.exp(low) - 1).quantize(PRECISE)


def yearly(fraction: Decimal | None, days: int) -> Decimal | None:
    """A rate over so many days as a rate a year; None for less than a year, which it would blow up."""
    if fraction is None or days <= YEAR_DAYS or fraction <= -1:
        return None
    return Decimal(math.pow(1 + float(fraction), YEAR_DAYS / days) - 1).quantize(PRECISE)
