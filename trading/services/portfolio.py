"""Positions: read from the broker, valued at our quotes."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow import jobs, state, sweeps
from brokerapp.workflow.following import Rhythm
from trading import payloads
from trading.models import Asset, Position, PositionsSync
from trading.services import gains

logger = logging.getLogger(__name__)

RHYTHM = Rhythm(first=timedelta(minutes=15), longest=timedelta(hours=6))
"""How often positions are read again, as they change outside of orders too (splits, share journals)."""
GOOD_FOR = timedelta(minutes=15)
"""After this they are read again as soon as somebody looks at them."""
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=10)
STRANGERS_PER_SWEEP = 100
find_sync = FixedQuery(lambda account_id: PositionsSync.objects.filter(pk=account_id), UUID(int=1))
"""When an account's positions were read, in a list."""


def mark_due(*, account_id: UUID, now: datetime) -> None:
    """Have positions and balances read again: at once by a task, and by the sweep if that is lost.

    For use in the transaction that makes them stale.
    """
    PositionsSync.objects.update_or_create(
        account_id=account_id, defaults={"due_at": now, "changed_at": now, "failed_reads": 0}
    )
    jobs.enqueue("trading.tasks.sync_portfolio", account_id=account_id)


def refresh_if_old(*, account: BrokerageAccount, now: datetime) -> None:
    """Have the figures of somebody who looks at them read again, unless they are of the last minutes."""
    sync = next(iter(find_sync(account.pk)), None)
    if sync is not None and sync.due_at > now and (sync.synced_at is None or sync.synced_at < now - GOOD_FOR):
        PositionsSync.objects.filter(pk=sync.pk).update(due_at=now)
        jobs.enqueue("trading.tasks.sync_portfolio", account_id=account.pk)


def request_reads(*, syncs: Iterable[PositionsSync], now: datetime) -> int:
    """Have workers read the positions and balances of accounts again, one each; how many."""
    ids = [sync.pk for sync in syncs]
    for account_id in ids:
        mark_due(account_id=account_id, now=now)
    return len(ids)


def sync_portfolio(*, account: BrokerageAccount) -> None:
    """Read an account's positions and balances. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    sync_positions(account=account)
    sync_balances(account=account)
    gains.keep_up(account=account)


def sync_positions(*, account: BrokerageAccount) -> None:
    """Make our positions those of `GET …/positions`; an answer to an older question than the last loses.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    asked_at = timezone.now()
    reply = get_client(about=account).positions.list(account.broker_account_id)
    PositionsSync.objects.get_or_create(account=account, defaults={"due_at": asked_at})
    with transaction.atomic():
        sync = PositionsSync.objects.select_for_update(no_key=True).get(account=account)
        if sync.synced_at and sync.synced_at >= asked_at:
            return
        if _replace_positions(account, reply, asked_at):
            sync.changed_at = asked_at
        sync.synced_at, sync.failed_reads = asked_at, 0
        # A fill that came after we asked keeps the account due.
        if sync.due_at <= asked_at:
            tells = is_live(EventStream.TRADES, asked_at)
            sync.due_at = asked_at + RHYTHM.pause(asked_at - sync.changed_at, is_live=tells)
        sync.save()
        transaction.on_commit(lambda: live.publish(account.user_id, "portfolio", account.pk))


def _replace_positions(account: BrokerageAccount, reply: Page[alpaca.Position], asked_at: datetime) -> bool:
    """Store what is held and forget the rest; whether anything changed.

    Where a member of the list could not be read nothing is forgotten: that member may be the missing one.
    """
    held = {row.asset_id: row for row in reply if row.qty}
    _register_strangers(held.values(), asked_at)
    before = dict(Position.objects.filter(account=account).values_list("asset_id", "qty"))
    Position.objects.bulk_create(
        [payloads.position_row(account.pk, row, asked_at) for row in held.values()],
        update_conflicts=True,
        unique_fields=["account", "asset"],
        update_fields=["symbol", "qty", "avg_entry_price", "cost_basis", "synced_at"],
    )
    gone = Position.objects.filter(account=account).exclude(asset_id__in=held)
    if reply.unreadable:
        logger.warning("%s positions of %s could not be read", reply.unreadable, account)
        gone = gone.filter(asset_id__in=[row.asset_id for row in reply])
    gone.delete()
    return before != {asset_id: row.qty for asset_id, row in held.items()}


def _register_strangers(held: Iterable[alpaca.Position], now: datetime) -> None:
    """Write down the assets that are held though no list has named them, so that they can be shown."""
    Asset.objects.bulk_create([payloads.stranger_row(row, now) for row in held], ignore_conflicts=True)


def sync_stale_portfolios(*, now: datetime) -> sweeps.Swept:
    """Refresh the accounts whose positions are due, the longest due first."""
    strangers = BrokerageAccount.objects.filter(status=AccountStatus.ACTIVE, positions_sync__isnull=True)
    PositionsSync.objects.bulk_create(
        [PositionsSync(account=account, due_at=now) for account in strangers[:STRANGERS_PER_SWEEP]],
        ignore_conflicts=True,
    )
    return sweeps.sweep(
        "trading.portfolios",
        PositionsSync.objects.due(now),
        lambda sync: sync_portfolio(account=sync.account),
        failed=lambda sync: _put_off(sync, now),
    )


def _put_off(sync: PositionsSync, now: datetime) -> None:
    """Let the others go first, so that one failing account cannot stop the rest."""
    pause = min(FIRST_RETRY * 2 ** min(sync.failed_reads, 10), LONGEST_RETRY)
    PositionsSync.objects.filter(pk=sync.pk).update(
        due_at=now + pause, failed_reads=state.one_more("failed_reads")
    )
