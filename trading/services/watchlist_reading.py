"""Watchlists as another system left them at the broker.

A list that changed on one side only is taken over by the other. One that changed on both keeps what stands on
either, so that nothing that somebody put on it is lost, and the newer name.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs
from trading.models import Asset, Watchlist, WatchlistItem
from trading.models.watchlists import name_at_broker

logger = logging.getLogger(__name__)

READ_EVERY_SECONDS = 60
"""How often the lists of somebody who looks at them are read."""


def read_soon(account: BrokerageAccount) -> None:
    """Have a task read the lists of somebody who looks at them, unless that was done a moment ago."""
    if account.broker_account_id and cache.add(f"watchlists-read:{account.pk}", True, READ_EVERY_SECONDS):
        jobs.enqueue("trading.tasks.sync_watchlists", account_id=account.pk)


def read_watchlists(*, account: BrokerageAccount, now: datetime) -> None:
    """Take over what was made, changed or removed at the broker. A call for each list that changed.

    What cannot be read leaves the rest read. Raises the first `BrokerNotDone` or `BrokerOutcomeUnknown` then.
    """
    client, broker_id = get_client(about=account), account.broker_account_id
    assert broker_id is not None
    listed = client.watchlists.list(broker_id)
    rows = list(Watchlist.objects.filter(account=account))
    known = {row.broker_watchlist_id: row for row in rows if row.broker_watchlist_id}
    # What we are about to make may be there already, without our having heard of it.
    being_made = {row.broker_name for row in rows if not row.broker_watchlist_id}
    failures = []
    for told in listed:
        mine = known.pop(told.id, None)
        try:
            if mine is None and name_at_broker(told.name) not in being_made:
                _take_new(account, client.watchlists.get(broker_id, told.id), now)
            elif mine is not None and mine.removed_at is None and mine.broker_updated_at != told.updated_at:
                _take(mine, client.watchlists.get(broker_id, told.id))
        except BrokerError as error:
            failures.append(error)
    if not listed.unreadable:
        _forget(known.keys(), account)
    if failures:
        raise failures[0]


def merge_if_changed(watchlist: Watchlist, broker_watchlist_id: UUID) -> None:
    """Before ours is sent: add what was put on the list at the broker since we last heard of it.

    Raises `BrokerNotFound` where it is gone.
    """
    if watchlist.broker_updated_at is None or watchlist.account.broker_account_id is None:
        return
    client = get_client(about=watchlist.account)
    told = client.watchlists.get(watchlist.account.broker_account_id, broker_watchlist_id)
    if told.updated_at != watchlist.broker_updated_at:
        with transaction.atomic():
            _add(watchlist, _assets(told))
            Watchlist.objects.filter(pk=watchlist.pk).update(broker_updated_at=told.updated_at)


def _assets(told: alpaca.Watchlist) -> list[Asset]:
    """Those of its members that we know, in its order. Raises `BrokerOutcomeUnknown` if one is unreadable."""
    symbols = [member.symbol for member in (told.assets.whole() if told.assets is not None else ())]
    active = Asset.objects.filter(status=Asset.ACTIVE, symbol__in=symbols)
    by_symbol = {asset.symbol: asset for asset in active}
    return [by_symbol[symbol] for symbol in symbols if symbol in by_symbol]


def _add(watchlist: Watchlist, assets: Iterable[Asset]) -> None:
    WatchlistItem.objects.bulk_create(
        [WatchlistItem(watchlist=watchlist, asset=asset) for asset in assets], ignore_conflicts=True
    )


def _take_new(account: BrokerageAccount, told: alpaca.Watchlist, now: datetime) -> None:
    name = told.name[:60] or "Watchlist"
    row = Watchlist(
        account=account,
        name=name,
        broker_name=name_at_broker(name) or "Watchlist",
        broker_watchlist_id=told.id,
        broker_updated_at=told.updated_at,
        changed_at=now,
        synced_at=now,
        due_at=None,
    )
    taken = Watchlist.objects.filter(account=account, broker_name=row.broker_name, removed_at__isnull=True)
    if taken.exists():
        logger.warning("a watchlist at the broker of %s is named as another one here", account)
        return
    with transaction.atomic():
        row.save(force_insert=True)
        _add(row, _assets(told))
        tell(row)


def _take(mine: Watchlist, told: alpaca.Watchlist) -> None:
    with transaction.atomic():
        row = Watchlist.objects.select_for_update(no_key=True).get(pk=mine.pk)
        if row.claimed_at is not None:
            return  # it is being sent: read again in a minute
        assets = _assets(told)
        columns: dict[str, Any] = {"broker_updated_at": told.updated_at}
        is_ours = row.synced_at is None or row.synced_at < row.changed_at
        if not is_ours and told.assets is not None:
            row.items.exclude(asset__symbol__in=[member.symbol for member in told.assets]).delete()
        _add(row, assets)
        is_newer = not is_ours or (told.updated_at is not None and told.updated_at > row.changed_at)
        if is_newer and name_at_broker(told.name) not in ("", row.broker_name):
            others = Watchlist.objects.filter(account=row.account_id, broker_name=name_at_broker(told.name))
            if not others.exists():
                columns |= {"name": told.name[:60], "broker_name": name_at_broker(told.name)[:60]}
        Watchlist.objects.filter(pk=row.pk).update(**columns)
        tell(row)


def _forget(gone: Iterable[UUID], account: BrokerageAccount) -> None:
    """Lists that were removed there go here too, unless they were changed here since."""
    unsent = Watchlist.objects.unsent().values("pk")
    rows = Watchlist.objects.filter(account=account, broker_watchlist_id__in=list(gone))
    for row in rows.exclude(pk__in=unsent):
        with transaction.atomic():
            row.delete()
            tell(row)


def tell(row: Watchlist) -> None:
    """Have the person's open pages show a list as it is, once this is committed."""
    user_id, pk = row.account.user_id, row.pk
    transaction.on_commit(lambda: live.publish(user_id, "watchlist", pk))
