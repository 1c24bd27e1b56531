"""What an account gained over a time: its days, flows and books put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils.functional import cached_property

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from brokerapp.units.money import quantize_cash
from trading import lots, performance
from trading.day_change import (
    NOT_KNOWN,
    Day,
    DayChange,
    Priced,
    change_of,
    change_of_account,
    day_of,
    session_day,
)
from trading.lots import ZERO, Flow, Group
from trading.models import GainBook
from trading.performance import DayValue, Span, Summary
from trading.services import gains, holdings, market
from trading.services.holdings import Odd, Plain, Rows
from trading.services.past import (
    DayRow,
    Turns,
    find_activities,
    find_days,
    find_flows,
    find_income,
    find_points,
    find_turns,
)
from trading.valuation import Valuation

INCOME = (Group.DIVIDEND, Group.INTEREST, Group.FEE, Group.OTHER)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Figures:
    """An account as it stands: its holdings at the last prices, its books, and its day. USD."""

    account: BrokerageAccount
    now: datetime
    valuation: Valuation
    book: GainBook | None
    day: date
    today: Day
    plain: Plain
    odd: Sequence[Odd]
    prices: Mapping[str, Priced]
    """By symbol, of what is odd and of what the day has besides."""

    @cached_property
    def change(self) -> DayChange:
        """What the day made of the account."""
        if self.book is None:
            return NOT_KNOWN
        held = {odd.symbol: odd.booked for odd in self.odd if odd.booked is not None}
        return change_of_account(held, self.prices, self.today, self.equity, rest=self.plain.day)

    def positions(self, word: str, *, descending: bool) -> Rows:
        """What is held, for a paginator, ordered by a word of `holdings.ORDERS`."""
        moves = self.today.moves
        days = {
            odd.symbol: change_of(odd.held, odd, moves.get(odd.symbol)).amount
            for odd in self.odd
            if odd.held is not None and odd.held == odd.booked
        }
        return Rows(self.account, self.valuation.count, moves, days, word, descending)

    @cached_property
    def unexplained(self) -> Decimal:
        """What balances and positions have and the activities do not say."""
        if self.book is None or self.valuation.unpriced:
            return ZERO
        worth = self.plain.value
        for odd in self.odd:
            prices = self.prices.get(odd.symbol)
            if prices is None or prices.last is None:
                worth += odd.cost or ZERO
            else:
                worth += (odd.booked or ZERO) * prices.last
        return self.equity - self.book.cash - quantize_cash(worth)

    @property
    def is_today(self) -> bool:
        """Whether the day is today in New York."""
        return self.day == day_in_new_york(self.now)

    @cached_property
    def equity(self) -> Decimal:
        """As the chart ends: to the cent."""
        return equity_of(self.account, self.valuation)

    @cached_property
    def total_gain(self) -> Decimal | None:
        """Everything gained since the account was opened; None before its books are worked out."""
        if self.book is None or self.valuation.unpriced:
            return None
        return self.equity - self.unexplained - self.book.paid_in + self.book.paid_out

    @property
    def total_fraction(self) -> Decimal | None:
        """The total gain as a fraction of all that was paid in."""
        if self.total_gain is None or self.book is None or self.book.paid_in <= 0:
            return None
        return self.total_gain / self.book.paid_in

    @property
    def unrealized(self) -> Decimal | None:
        """The part of the total gain that is not sold: `total_gain` less everything that is booked."""
        if self.total_gain is None or self.book is None:
            return None
        book = self.book
        return self.total_gain - book.realized - book.dividends - book.interest - book.fees - book.other

    @property
    def difference(self) -> Decimal | None:
        """The broker's equity, as it last said, less ours now; None where they agree or we cannot tell."""
        if self.valuation.unpriced or self.account.balances_at is None:
            return None
        difference = quantize_cash(self.account.equity) - self.equity
        return difference if abs(difference) >= CENT else None


def equity_of(account: BrokerageAccount, valuation: Valuation) -> Decimal:
    """Own cash and the holdings that have a price, each to the cent."""
    return quantize_cash(account.own_cash) + quantize_cash(valuation.value)


def get_figures(account: BrokerageAccount, now: datetime) -> Figures:
    """An account's holdings, books and day. At most six queries, however much it holds."""
    book = gains.get_book(account)
    valuation = holdings.get_valuation(account)
    day = session_day(market.get_shown_clock(now), now, valuation.newest)
    today = day_in_books(account, day, book)
    plain, odd = holdings.get_day(account, today.moves)
    held: dict[str, Priced] = {each.symbol: each for each in odd if each.held is not None}
    others = {*(each.symbol for each in odd), *today.moves} - held.keys()
    return Figures(
        account=account,
        now=now,
        valuation=valuation,
        book=book,
        day=day,
        today=today,
        plain=plain,
        odd=odd,
        prices={**held, **holdings.quotes_of(others)},
    )


def day_in_books(account: BrokerageAccount, day: date, book: GainBook | None) -> Day:
    """The day's activities that are in the books."""
    if book is None:
        return Day()
    since = _midnight(day - timedelta(days=1))
    return day_of(
        gains.entry_of(row) for row in find_activities(account.pk, since, day, book.newest_activity or 0)
    )


@dataclass(frozen=True)
class Point:
    """What an account was worth at an instant, what the broker said of it, and what came in or went out."""

    at: datetime
    equity: Decimal
    broker_equity: Decimal | None = None
    is_day: bool = False
    flows: tuple[Flow, ...] = ()

    @property
    def difference(self) -> Decimal | None:
        """The broker's figure less ours, where both are of the same moment and differ by a cent or more."""
        if self.broker_equity is None or abs(self.broker_equity - self.equity) < CENT:
            return None
        return self.broker_equity - self.equity


@dataclass(frozen=True)
class Outline:
    """What a range adds up to (None while that cannot be told), and the flows in it, oldest first."""

    span: Span
    summary: Summary | None
    flows: Sequence[Flow]
    days_counted: int
    """Days with a value."""
    differing: int
    """Days of which the broker says another figure."""


@dataclass(frozen=True)
class History:
    """A range: what is drawn, oldest first, and what it adds up to."""

    outline: Outline
    points: Sequence[Point]

    @property
    def summary(self) -> Summary | None:
        """What it adds up to; None while that cannot be told."""
        return self.outline.summary


def get_outline(figures: Figures, span: Span, now: datetime) -> Outline:
    """A range up to now, at the last prices, without its points. Three queries, five for one within days."""
    if span.is_intraday:
        return get_history(figures, span, now).outline
    return _outline(figures, span, now)


def get_history(figures: Figures, span: Span, now: datetime) -> History:
    """A range up to now, which ends at what the account is worth at the last prices. At most five queries."""
    outline = _outline(figures, span, now)
    points = _points(figures, span, outline.flows, now)
    if span.is_intraday:
        # A day with points of its own is drawn by them, and not held against the broker's figure.
        differing = sum(point.difference is not None for point in points)
        outline = replace(outline, differing=differing)
    return History(outline, points)


def _outline(figures: Figures, span: Span, now: datetime) -> Outline:
    account, first_day = figures.account, span.starts_on(figures.day)
    since = first_day or date.min
    turns = find_turns(account.pk, since)
    flows = [Flow(*row) for row in find_flows(account.pk, since)]
    summary = None
    opening = _opening(figures, span, turns)
    if figures.book is not None and not figures.valuation.unpriced and opening is not None:
        summary = performance.summarize(
            first_day=first_day,
            opening=opening,
            days=[DayValue(*row) for row in zip(turns.days, turns.equities, strict=True)],
            closing=DayValue(max([figures.day, *(flow.day for flow in flows)]), figures.equity),
            flows=flows,
            income=_income(account, since),
            unexplained=figures.unexplained,
        )
    is_new_day = not figures.valuation.unpriced and turns.newest != day_in_new_york(now)
    return Outline(span, summary, flows, turns.counted + is_new_day, turns.differing)


def _opening(figures: Figures, span: Span, turns: Turns) -> Decimal | None:
    """What was there before a range; None while the values of earlier days have not been read.

    That of one day is at the prices that the day is counted from.
    """
    if span.days == 1 and figures.change.amount is not None:
        return figures.equity - figures.unexplained - figures.change.amount - figures.today.flows
    if turns.value_before is not None:
        return turns.value_before
    return None if turns.had_flows_before else ZERO


def _income(account: BrokerageAccount, since: date) -> dict[Group, Decimal]:
    """Dividends, interest, fees and other cash since a day."""
    totals = dict.fromkeys(INCOME, ZERO)
    for kind, total in find_income(account.pk, since):
        if total and kind not in (*lots.SHARES_IN_OUT, *lots.SHARES_EXCHANGED):
            totals[lots.group_of(kind)] += quantize_cash(total)
    return totals


def _points(figures: Figures, span: Span, flows: Sequence[Flow], now: datetime) -> list[Point]:
    """Of a short range each point written down, and the days that have none; of a longer one the days."""
    first_day = span.starts_on(figures.day)
    days = [DayRow(*row) for row in find_days(figures.account.pk, first_day or date.min)]
    found = [Point(day.at, day.equity, day.broker_equity, is_day=True) for day in days]
    if span.is_intraday and first_day:
        since = _midnight(first_day)
        fine = [Point(at, equity) for at, equity in find_points(figures.account.pk, since)]
        had = {day_in_new_york(point.at) for point in fine}
        found = sorted(
            [*fine, *(point for point in found if day_in_new_york(point.at) not in had)],
            key=lambda point: point.at,
        )
    if not figures.valuation.unpriced:
        found = [*(point for point in found if point.at < now), Point(now, figures.equity)]
    return _with_flows(found, flows)


def _with_flows(points: Sequence[Point], flows: Sequence[Flow]) -> list[Point]:
    """Each flow at the first point of its day, or of the next one that has a point."""
    left, result = list(flows), []
    for point in points:
        mine = [flow for flow in left if flow.day <= day_in_new_york(point.at)]
        left = left[len(mine) :]
        result.append(
            Point(point.at, point.equity, point.broker_equity, point.is_day, tuple(mine)) if mine else point
        )
    return result


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), NEW_YORK)
