"""What is read of an account's past for its performance: days, flows, income, as columns."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from brokerapp.activities.models import Activity
from brokerapp.web.fixed_queries import FixedQuery
from trading import lots
from trading.models import DailyEquity, EquityPoint, ExternalFlow

KEY, DAY = UUID(int=1), date(1900, 1, 2)
"""Stand-ins."""
INSTANT = datetime(1900, 1, 1, tzinfo=UTC)
NEWEST = -918_273_645


class DayRow(NamedTuple):
    """What an account was worth at the end of a day, and what the broker said of it, USD."""

    day: date
    at: datetime
    equity: Decimal
    broker_equity: Decimal | None


find_days: FixedQuery[tuple[date, datetime, Decimal, Decimal | None]] = FixedQuery(
    lambda account_id, day: (
        DailyEquity.objects.filter(account=account_id, day__gte=day)
        .order_by("day")
        .values_list("day", "at", "equity", "broker_equity")
    ),
    KEY,
    DAY,
)
"""The days from one on, oldest first."""
find_points: FixedQuery[tuple[datetime, Decimal]] = FixedQuery(
    lambda account_id, at: (
        EquityPoint.objects.filter(account=account_id, at__gte=at).order_by("at").values_list("at", "equity")
    ),
    KEY,
    INSTANT,
)
find_flows: FixedQuery[tuple[date, Decimal, str, str]] = FixedQuery(
    lambda account_id, day: (
        ExternalFlow.objects.filter(account=account_id, day__gte=day)
        .order_by("day", "pk")
        .values_list("day", "amount", "kind", "symbol")
    ),
    KEY,
    DAY,
)
find_income: FixedQuery[tuple[str, Decimal | None]] = FixedQuery(
    lambda account_id, day: (
        Activity.objects.standing()
        .filter(account=account_id, date__gte=day)
        .exclude(activity_type__in=(*lots.FLOWS, lots.FILL, "MEM"))
        .order_by()
        .values("activity_type")
        .annotate(total=Sum("net_amount"))
        .values_list("activity_type", "total")
    ),
    KEY,
    DAY,
)
"""What came in and went out by itself, by Alpaca's type."""
find_activities = FixedQuery(
    lambda account_id, at, day, newest: Activity.objects.standing().filter(
        account=account_id, at__gte=at, date__gte=day, pk__lte=newest
    ),
    KEY,
    INSTANT,
    DAY,
    NEWEST,
)
"""What was booked since an instant, for a day or later ones, up to a row."""


class Turns(NamedTuple):
    """The days of an account from one on, without those on which nothing but prices moved. USD."""

    value_before: Decimal | None
    """What it was worth when the first of them began; None if that is not known."""
    had_flows_before: bool
    counted: int
    """Days with a value, of all."""
    differing: int
    """Days of which the broker says another figure."""
    days: Sequence[date]
    equities: Sequence[Decimal]
    """What it was worth at the end of `days`."""

    @property
    def newest(self) -> date | None:
        """The last day with a value."""
        return self.days[-1] if self.days else None


TURNS = """
WITH told AS (
    SELECT day, equity, broker_equity,
        lag(day) OVER past AS before, lag(equity) OVER past AS began, lead(day) OVER past AS after
    FROM trading_dailyequity WHERE account_id = %(account)s AND day >= %(since)s WINDOW past AS (ORDER BY day)
), days AS (
    SELECT *, before IS NULL OR after IS NULL OR equity <= 0 OR began <= 0 OR EXISTS (
        SELECT FROM trading_externalflow AS flow
        WHERE flow.account_id = %(account)s AND flow.day > before AND flow.day <= after
    ) AS turns
    FROM told
)
SELECT
    (SELECT equity FROM trading_dailyequity
        WHERE account_id = %(account)s AND day < %(since)s ORDER BY day DESC LIMIT 1),
    EXISTS (SELECT FROM trading_externalflow WHERE account_id = %(account)s AND day < %(since)s),
    count(*), count(*) FILTER (WHERE abs(broker_equity - equity) >= 0.01),
    coalesce(array_agg(day ORDER BY day) FILTER (WHERE turns), '{}'),
    coalesce(array_agg(equity ORDER BY day) FILTER (WHERE turns), '{}')
FROM days
"""
"""Growth over days without flows is that from the first of them to the last: only where flows are between two
days, or nothing was left to grow, both have to be read. So years are as quick as a month."""


def find_turns(account_id: UUID, since: date) -> Turns:
    """The days from one on that growth has to be worked out by. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TURNS, {"account": account_id, "since": since})
        return Turns(*cursor.fetchone())
