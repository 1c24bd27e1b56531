"""What is read of an account's past for its performance: days, flows, income, as columns."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

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
find_value_before: FixedQuery[tuple[Decimal]] = FixedQuery(
    lambda account_id, day: (
        DailyEquity.objects.filter(account=account_id, day__lt=day).order_by("-day").values_list("equity")[:1]
    ),
    KEY,
    DAY,
)
"""What the account was worth when a day began, in a list; empty if that is not known."""
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
find_flow_before: FixedQuery[tuple[int]] = FixedQuery(
    lambda account_id, day: (
        ExternalFlow.objects.filter(account=account_id, day__lt=day).order_by().values_list("pk")[:1]
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
