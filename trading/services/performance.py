"""What an account gained over a time: its days, flows and books put together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from brokerapp.units.money import quantize_cash
from trading import lots, performance
from trading.day_change import NOT_KNOWN, Day, DayChange, change_of, change_of_account, day_of, session_day
from trading.lots import ZERO, Flow, Group
from trading.models import Asset, DailyEquity, EquityPoint, ExternalFlow, GainBook, Position, Quote
from trading.performance import DayValue, Span, Summary
from trading.services import gains, market
from trading.valuation import Holding, Valuation

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
    change: DayChange
    unexplained: Decimal
    """What balances and positions have and the activities do not say."""

    @property
    def is_today(self) -> bool:
        """Whether the day is today in New York."""
        return self.day == day_in_new_york(self.now)

    @property
    def equity(self) -> Decimal:
        """As the chart ends: to the cent."""
        return equity_of(self.account, self.valuation)

    @property
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
    """An account's holdings, books and day. At most seven queries, however much it holds."""
    positions = list(Position.objects.filter(account=account).select_related("asset"))
    book = gains.get_book(account)
    costs = gains.get_costs(account) if book else {}
    quotes = Quote.objects.in_bulk({position.asset_id for position in positions})
    newest = max((quote.as_of for quote in quotes.values()), default=None)
    day = session_day(market.get_clock(now), now, newest)
    today = _today(account, day, book)
    by_symbol = {p.symbol: quotes[p.asset_id] for p in positions if p.asset_id in quotes}
    by_symbol |= _quotes_of({*costs, *today.moves} - {position.symbol for position in positions})
    held = {symbol: qty for symbol, (qty, _) in costs.items()}
    holdings = [_holding(position, quotes.get(position.asset_id), costs, today) for position in positions]
    valuation = Valuation(account.own_cash, holdings)
    equity = equity_of(account, valuation)
    change = NOT_KNOWN
    if book is not None:
        change = change_of_account(held, by_symbol, today, equity)
    return Figures(
        account,
        now,
        valuation,
        book,
        day,
        today,
        change,
        _unexplained(equity, book, costs, by_symbol, valuation),
    )


def _holding(
    position: Position, quote: Quote | None, costs: Mapping[str, tuple[Decimal, Decimal]], today: Day
) -> Holding:
    """A position with the cost of its lots and its day, where the books have as many shares of it."""
    qty, cost = costs.get(position.symbol, (None, None))
    if qty != position.qty:
        return Holding(position, quote)
    day = change_of(position.qty, quote, today.moves[position.symbol])
    return Holding(position, quote, lots_cost=cost, day=day)


def _today(account: BrokerageAccount, day: date, book: GainBook | None) -> Day:
    """The day's activities that are in the books."""
    if book is None:
        return Day()
    rows = Activity.objects.standing().filter(
        account=account, at__gte=_midnight(day - timedelta(days=1)), date__gte=day
    )
    return day_of(gains.entry_of(row) for row in rows.filter(pk__lte=book.newest_activity or 0))


def _quotes_of(symbols: Iterable[str]) -> dict[str, Quote]:
    """Quotes of what is no longer held, or not yet."""
    wanted = set(symbols)
    if not wanted:
        return {}
    found = Quote.objects.filter(asset__symbol__in=wanted, asset__status=Asset.ACTIVE)
    return {quote.asset.symbol: quote for quote in found.select_related("asset")}


def _unexplained(
    equity: Decimal,
    book: GainBook | None,
    costs: Mapping[str, tuple[Decimal, Decimal]],
    quotes: Mapping[str, Quote],
    valuation: Valuation,
) -> Decimal:
    if book is None or valuation.unpriced:
        return ZERO
    worth = ZERO
    for symbol, (qty, cost) in costs.items():
        quote = quotes.get(symbol)
        worth += qty * quote.last if quote is not None and quote.last is not None else cost
    return equity - book.cash - quantize_cash(worth)


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
class History:
    """A range: what is drawn, oldest first, and what it adds up to; None while that cannot be told."""

    span: Span
    points: Sequence[Point]
    summary: Summary | None

    @property
    def days_counted(self) -> int:
        """Days with a value."""
        return len({day_in_new_york(point.at) for point in self.points})

    @property
    def differing(self) -> list[Point]:
        """Days of which the broker says another figure."""
        return [point for point in self.points if point.difference is not None]


def get_history(figures: Figures, span: Span, now: datetime) -> History:
    """A range up to now, which ends at what the account is worth at the last prices. At most six queries."""
    account, first_day = figures.account, span.starts_on(figures.day)
    days = list(_days(account, first_day))
    flows = list(_flows(account, first_day))
    summary = None
    opening = _opening(figures, span, first_day)
    if figures.book is not None and not figures.valuation.unpriced and opening is not None:
        summary = performance.summarize(
            first_day=first_day,
            opening=opening,
            days=[DayValue(day.day, day.equity) for day in days],
            closing=DayValue(max([figures.day, *(flow.day for flow in flows)]), figures.equity),
            flows=flows,
            income=_income(account, first_day),
            unexplained=figures.unexplained,
        )
    return History(span, _points(figures, span, days, flows, first_day, now), summary)


def _opening(figures: Figures, span: Span, first_day: date | None) -> Decimal | None:
    """What was there before a range; None while the values of earlier days have not been read.

    That of one day is at the prices that the day is counted from.
    """
    if span.days == 1 and figures.change.amount is not None:
        return figures.equity - figures.unexplained - figures.change.amount - figures.today.flows
    if first_day is None:
        return ZERO
    if before := DailyEquity.objects.before(figures.account, first_day):
        return before.equity
    had_money = ExternalFlow.objects.filter(account=figures.account, day__lt=first_day).exists()
    return None if had_money else ZERO


def _days(account: BrokerageAccount, first_day: date | None) -> Iterable[DailyEquity]:
    since = Q(day__gte=first_day) if first_day else Q()
    return DailyEquity.objects.filter(since, account=account).order_by("day")


def _flows(account: BrokerageAccount, first_day: date | None) -> Iterable[Flow]:
    since = Q(day__gte=first_day) if first_day else Q()
    rows = ExternalFlow.objects.filter(since, account=account).order_by("day", "pk")
    return [Flow(row.day, row.amount, row.kind, row.symbol) for row in rows]


def _income(account: BrokerageAccount, first_day: date | None) -> dict[Group, Decimal]:
    """Dividends, interest, fees and other cash of a range."""
    since = Q(date__gte=first_day) if first_day else Q()
    rows = (
        Activity.objects.standing()
        .filter(since, account=account)
        .exclude(activity_type__in=(*lots.FLOWS, lots.FILL, "MEM"))
        .order_by()
        .values("activity_type")
        .annotate(total=Sum("net_amount"))
    )
    totals = dict.fromkeys(INCOME, ZERO)
    for row in rows:
        if row["total"] and row["activity_type"] not in (*lots.SHARES_IN_OUT, *lots.SHARES_EXCHANGED):
            totals[lots.group_of(row["activity_type"])] += quantize_cash(row["total"])
    return totals


def _points(
    figures: Figures,
    span: Span,
    days: Sequence[DailyEquity],
    flows: Sequence[Flow],
    first_day: date | None,
    now: datetime,
) -> list[Point]:
    """Of a short range each point written down, and the days that have none; of a longer one the days."""
    found = [Point(day.at, day.equity, day.broker_equity, is_day=True) for day in days]
    if span.is_intraday and first_day:
        since = _midnight(first_day)
        rows = EquityPoint.objects.filter(account=figures.account, at__gte=since).order_by("at")
        fine = [Point(row.at, row.equity) for row in rows.only("at", "equity")]
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
