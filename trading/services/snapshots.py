"""What accounts are worth over time: written down by us for all at once, beside what the broker says.

A run asks nobody: cash, shares and prices are rows already. Once a day and account the broker's own history
is read: it fills the days before we existed, and stands beside each of ours.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, DecimalField, F, Q, Sum

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import OPEN_ACCOUNT, AccountStatus
from brokerapp.broker.clients import get_client
from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import quantize_cash
from brokerapp.workflow import following, state, sweeps
from trading.models import DailyEquity, EquityPoint, EquitySync, Position
from trading.services import market

logger = logging.getLogger(__name__)

BATCH = 500
POINTS_KEPT_FOR = timedelta(days=35)
FIRST_HISTORY = timedelta(days=3650)
"""How far back the broker is asked the first time; it begins with the account."""
READ_AGAIN = timedelta(days=7)
"""Days that are compared once more: what the broker says of a day may come late."""
ONE_DAY = timedelta(days=1)
SPREAD_SECONDS = 2 * 3600
STRANGERS_PER_SWEEP = 500


class Worth(NamedTuple):
    """Of the positions of an account, USD, and how many have no price."""

    value: Decimal
    unpriced: int


NOTHING = Worth(Decimal(0), 0)


def take_points(*, now: datetime) -> int:
    """Write down what every open account is worth, unless it is what was written last; how many were."""
    with sweeps.lock("trading.equity points") as held:
        if held is None:
            return 0
        clock, stop = market.get_clock(now), time.monotonic() + sweeps.SECONDS
        is_open, written = clock is None or clock.is_open, 0
        for batch in _batches():
            if time.monotonic() > stop or not held.is_held():
                logger.warning("not all accounts were valued in time")
                break
            written += _take(batch, now, is_open)
        return written


def _batches() -> Iterator[list[BrokerageAccount]]:
    """All open accounts, beginning anywhere, so that a run out of time leaves out others each time."""
    known = BrokerageAccount.objects.filter(status__in=OPEN_ACCOUNT, balances_at__isnull=False).order_by("pk")
    start = uuid.uuid4()
    for part in (known.filter(pk__gt=start), known.filter(pk__lte=start)):
        after = None
        while batch := list(part.filter(pk__gt=after)[:BATCH] if after else part[:BATCH]):
            yield batch
            after = batch[-1].pk


def _take(batch: Sequence[BrokerageAccount], now: datetime, is_open: bool) -> int:
    worth, latest = _worth(batch), _latest(batch)
    today, points = day_in_new_york(now), []
    for account in batch:
        value, unpriced = worth.get(account.pk, NOTHING)
        if unpriced:
            continue
        point = point_of(account, value, now)
        before = latest.get(account.pk)
        is_new_day = is_open and (before is None or before.day != today)
        if is_new_day or before is None or (before.cash, before.positions_value) != _parts(point):
            points.append(point)
    _store(points)
    return len(points)


def _parts(point: EquityPoint) -> tuple[Decimal, Decimal]:
    return point.cash, point.positions_value


def point_of(account: BrokerageAccount, value: Decimal, now: datetime) -> EquityPoint:
    """What an account is worth with positions of that value, USD; not saved."""
    cash, positions = quantize_cash(account.own_cash), quantize_cash(value)
    return EquityPoint(
        account=account,
        at=now,
        cash=cash,
        positions_value=positions,
        equity=cash + positions,
        broker_equity=quantize_cash(account.equity),
        broker_at=account.balances_at,
    )


def _worth(batch: Sequence[BrokerageAccount]) -> Mapping[UUID, Worth]:
    exact = DecimalField(max_digits=48, decimal_places=18)
    rows = (
        Position.objects.filter(account__in=batch)
        .order_by()
        .values("account_id")
        .annotate(
            value=Sum(F("qty") * F("asset__quote__last"), output_field=exact, default=Decimal(0)),
            unpriced=Count("pk", filter=Q(asset__quote__last__isnull=True)),
        )
    )
    return {row["account_id"]: Worth(row["value"], row["unpriced"]) for row in rows}


def _latest(batch: Sequence[BrokerageAccount]) -> Mapping[UUID, DailyEquity]:
    newest = DailyEquity.objects.filter(account__in=batch).order_by("account_id", "-day")
    return {row.account_id: row for row in newest.distinct("account_id")}


def _store(points: Sequence[EquityPoint]) -> None:
    days = [
        DailyEquity(
            account_id=point.account_id,
            day=day_in_new_york(point.at),
            at=point.at,
            cash=point.cash,
            positions_value=point.positions_value,
            equity=point.equity,
        )
        for point in points
    ]
    with transaction.atomic():
        EquityPoint.objects.bulk_create(points, ignore_conflicts=True)
        DailyEquity.objects.bulk_create(
            days,
            update_conflicts=True,
            unique_fields=["account", "day"],
            update_fields=["at", "cash", "positions_value", "equity"],
        )


def sync_histories(*, now: datetime) -> sweeps.Swept:
    """Read the broker's own history of the accounts that are due: all of it once, then the last days."""
    strangers = BrokerageAccount.objects.filter(status=AccountStatus.ACTIVE, equity_sync__isnull=True)
    EquitySync.objects.bulk_create(
        [EquitySync(account=account, due_at=now) for account in strangers[:STRANGERS_PER_SWEEP]],
        ignore_conflicts=True,
    )
    return sweeps.sweep(
        "trading.equity histories",
        EquitySync.objects.due(now),
        lambda sync: sync_history(sync=sync, now=now),
        failed=lambda sync: _put_off(sync, now),
    )


def sync_history(*, sync: EquitySync, now: datetime) -> None:
    """Take over what the broker says an account was worth on days that are over.

    A day that we have keeps our figure, with the broker's beside it; one that we lack is the broker's. Raises
    `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    account = sync.account
    since = sync.synced_at - READ_AGAIN if sync.synced_at else now - FIRST_HISTORY
    reply = get_client(about=account).portfolio_history.get(account.broker_account_id, start=since)
    today = day_in_new_york(now)
    by_day = {day_in_new_york(at): (at, quantize_cash(equity)) for at, equity in reply.points()}
    begun = False
    rows = []
    for day, (at, equity) in by_day.items():
        begun = begun or bool(equity) or sync.synced_at is not None
        if begun and day < today:  # before the first money there is nothing to show
            rows.append(DailyEquity(account=account, day=day, at=at, equity=equity, broker_equity=equity))
    DailyEquity.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["account", "day"],
        update_fields=["broker_equity"],
    )
    EquitySync.objects.filter(pk=sync.pk).update(
        synced_at=now, due_at=_next_read(account.pk, now), failed_reads=0
    )


def _next_read(account_id: UUID, now: datetime) -> datetime:
    """In the small hours of New York, when the day is over at the broker; not all accounts at once."""
    morning = now.replace(hour=7, minute=30, second=0, microsecond=0)
    if morning <= now:
        morning += ONE_DAY
    return morning + timedelta(seconds=account_id.int % SPREAD_SECONDS)


def _put_off(sync: EquitySync, now: datetime) -> None:
    pause = min(following.FIRST_RETRY * 2 ** min(sync.failed_reads, 10), timedelta(hours=1))
    EquitySync.objects.filter(pk=sync.pk).update(
        due_at=now + pause, failed_reads=state.one_more("failed_reads")
    )


def prune_points(*, now: datetime) -> int:
    """Forget points within days past their time; the days stay. Returns how many."""
    gone, _ = EquityPoint.objects.filter(at__lt=now - POINTS_KEPT_FOR).delete()
    return gone
