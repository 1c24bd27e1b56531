"""Watchlists: changed here at once, and sent to the broker as a whole until it has them as they are.

Lists that were made or changed there by another system are read back (`watchlist_reading`).
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import BrokerNotFound
from brokerapp.broker.clients import get_client
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow import jobs, state, sweeps
from trading.models import Asset, Watchlist, WatchlistItem
from trading.models.watchlists import name_at_broker
from trading.services import watchlist_reading

logger = logging.getLogger(__name__)

FIRST_NAME = "Watchlist"
MOST_LISTS, MOST_ASSETS = 20, 200
CLAIMED_FOR = timedelta(minutes=1)
"""How long a process that set out to send a list is waited for: longer than its calls can take."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=6)


def _of(account_id: UUID) -> QuerySet[Watchlist]:
    return Watchlist.objects.filter(account_id=account_id, removed_at__isnull=True).order_by("created_at")


find_watchlists = FixedQuery(_of, UUID(int=1))
"""An account's lists, oldest first, by its id."""
find_items = FixedQuery(
    lambda pk: WatchlistItem.objects.filter(watchlist_id=pk).select_related("asset__quote"), UUID(int=1)
)
"""What is on a list, by its id."""


def _on_lists(account_id: UUID) -> QuerySet[WatchlistItem]:
    return WatchlistItem.objects.filter(
        watchlist__account_id=account_id, watchlist__removed_at__isnull=True
    ).order_by()


find_watched: FixedQuery[tuple[UUID]] = FixedQuery(
    lambda account_id: _on_lists(account_id).values_list("asset"), UUID(int=1)
)
"""What is on any list of an account, by the asset's key."""
find_places = FixedQuery(
    lambda account_id, asset_id: _on_lists(account_id).filter(asset_id=asset_id), UUID(int=1), UUID(int=2)
)
"""The places of an asset on the lists of an account."""


class WatchlistRefused(Exception):
    """A change of a list that is not possible; says why, and what to do."""


class NameTaken(WatchlistRefused):
    """The account has a list of that name."""


class NameUnusable(WatchlistRefused):
    """A name without a letter or digit."""


class TooMany(WatchlistRefused):
    """As many lists, or assets on a list, as there may be."""


def get_watched(account: BrokerageAccount, asset: Asset) -> list[tuple[Watchlist, bool]]:
    """The account's lists, oldest first, and whether the asset is on each. Two queries."""
    rows = find_watchlists(account.pk)
    on = {item.watchlist_id for item in find_places(account.pk, asset.pk)} if rows else set()
    return [(row, row.pk in on) for row in rows]


def get_watched_ids(account: BrokerageAccount) -> set[UUID]:
    """The assets on any list of the account. One query."""
    return {asset_id for (asset_id,) in find_watched(account.pk)}


def get_first(account: BrokerageAccount) -> Watchlist | None:
    """The account's oldest list, or None."""
    return next(iter(find_watchlists(account.pk)), None)


def get_assets(watchlist: Watchlist) -> list[Asset]:
    """What is on a list, with its quotes, in the order it was added. One query."""
    return [item.asset for item in find_items(watchlist.pk)]


def get_member(watchlist: Watchlist, symbol: str) -> Asset | None:
    """The asset on a list that is spelled so, whether or not it can be traded; None if none is. One query."""
    return next((asset for asset in get_assets(watchlist) if asset.symbol == symbol), None)


def get_default(account: BrokerageAccount) -> Watchlist:
    """The account's oldest list, made if there is none."""
    found = get_first(account)
    if found is not None:
        return found
    try:
        return create_watchlist(account=account, name=FIRST_NAME)
    except NameTaken:  # by a second star that was pressed at the same moment
        return Watchlist.objects.of(account)[0]


def create_watchlist(*, account: BrokerageAccount, name: str) -> Watchlist:
    """A new, empty list. Raises `NameTaken`, `NameUnusable` or `TooMany`."""
    if Watchlist.objects.of(account).count() >= MOST_LISTS:
        raise TooMany(f"You can have {MOST_LISTS} lists. Remove one to make another.")
    watchlist = Watchlist(account=account, name=name, broker_name=_checked(name))
    _save(watchlist)
    return watchlist


def rename_watchlist(*, watchlist: Watchlist, name: str, now: datetime) -> None:
    """Give a list another name. Raises `NameTaken` or `NameUnusable`."""
    watchlist.name, watchlist.broker_name = name, _checked(name)
    watchlist.changed_at = watchlist.due_at = now
    _save(watchlist)


def remove_watchlist(*, watchlist: Watchlist, now: datetime) -> None:
    """Take a list away."""
    with transaction.atomic():
        Watchlist.objects.filter(pk=watchlist.pk).update(removed_at=now, changed_at=now, due_at=now)
        _send_soon(watchlist.pk)


def add_asset(*, watchlist: Watchlist, asset: Asset, now: datetime) -> None:
    """Put an asset on a list; nothing changes if it is on it. Raises `TooMany`."""
    with transaction.atomic():
        Watchlist.objects.select_for_update(no_key=True).get(pk=watchlist.pk)
        if watchlist.items.filter(asset=asset).exists():
            return
        if watchlist.items.count() >= MOST_ASSETS:
            raise TooMany(f"A list holds {MOST_ASSETS} at most. Remove one, or make another list.")
        WatchlistItem.objects.create(watchlist=watchlist, asset=asset, added_at=now)
        _changed(watchlist, now)


def remove_asset(*, watchlist: Watchlist, asset: Asset, now: datetime) -> None:
    """Take an asset off a list; nothing changes if it is not on it."""
    with transaction.atomic():
        if watchlist.items.filter(asset=asset).delete()[0]:
            _changed(watchlist, now)


def _checked(name: str) -> str:
    found = name_at_broker(name)
    if not found:
        raise NameUnusable("A name needs a letter from A to Z or a digit. Choose another.")
    return found


def _save(watchlist: Watchlist) -> None:
    try:
        with transaction.atomic():
            watchlist.save()
            _send_soon(watchlist.pk)
    except IntegrityError:
        raise NameTaken(
            f"You have a list called {watchlist.name}, or one that differs only in spaces and signs. "
            "Choose another name."
        ) from None


def _changed(watchlist: Watchlist, now: datetime) -> None:
    Watchlist.objects.filter(pk=watchlist.pk).update(changed_at=now, due_at=now, failures=0)
    _send_soon(watchlist.pk)
    watchlist_reading.tell(watchlist)


def _send_soon(watchlist_id: UUID) -> None:
    jobs.enqueue("trading.tasks.send_watchlist", watchlist_id=watchlist_id)


def send_watchlist(*, watchlist_id: UUID | str, now: datetime) -> None:
    """Let the broker have a list as it is now, unless it has it or another process is at it.

    Each call may be repeated: the whole list is sent, and one whose making was not heard of is found by its
    name. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - CLAIMED_FOR)
    opened = Watchlist.objects.unsent().filter(account__broker_account_id__isnull=False)
    if not opened.filter(free, pk=watchlist_id).update(claimed_at=now):
        return
    watchlist = Watchlist.objects.select_related("account").get(pk=watchlist_id)
    try:
        if watchlist.removed_at:
            _remove_at_broker(watchlist)
            watchlist.delete()
            return
        _put(watchlist)
    finally:
        Watchlist.objects.filter(pk=watchlist.pk, claimed_at=now).update(claimed_at=None)
    sent: dict[str, Any] = {
        "synced_at": watchlist.changed_at,
        "broker_watchlist_id": watchlist.broker_watchlist_id,
        "broker_updated_at": watchlist.broker_updated_at,
        "failures": 0,
    }
    rows = Watchlist.objects.filter(pk=watchlist.pk)
    if not rows.filter(changed_at=watchlist.changed_at).update(**sent, due_at=None):
        # Changed meanwhile, it is not as the broker has it.
        rows.update(**sent)
        _send_soon(watchlist.pk)


def _put(watchlist: Watchlist) -> None:
    client, account = get_client(about=watchlist.account), watchlist.account.broker_account_id
    assert account is not None
    known = watchlist.broker_watchlist_id or _find(watchlist)
    told: alpaca.Watchlist | None = None
    if known is not None:
        try:
            watchlist_reading.merge_if_changed(watchlist, known)
            told = client.watchlists.replace(account, known, watchlist.broker_name, _symbols(watchlist))
        except BrokerNotFound:
            logger.info("%s was removed at the broker, and changed here since: it is made again", watchlist)
    if told is None:
        told = client.watchlists.create(account, watchlist.broker_name, _symbols(watchlist))
    watchlist.broker_watchlist_id, watchlist.broker_updated_at = told.id, told.updated_at


def _symbols(watchlist: Watchlist) -> list[str]:
    return list(watchlist.items.values_list("asset__symbol", flat=True))


def _find(watchlist: Watchlist) -> UUID | None:
    """The list of that name at the broker, as its making may have gone through without our hearing of it.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`, the latter also where it may be one that cannot be read.
    """
    account = watchlist.account.broker_account_id
    assert account is not None
    listed = get_client(about=watchlist.account).watchlists.list(account)
    found = next((each.id for each in listed if each.name == watchlist.broker_name), None)
    if found is None:
        listed.whole()
    return found


def _remove_at_broker(watchlist: Watchlist) -> None:
    account = watchlist.account.broker_account_id
    known = watchlist.broker_watchlist_id or _find(watchlist)
    if known is None or account is None:
        return
    try:
        get_client(about=watchlist.account).watchlists.delete(account, known)
    except BrokerNotFound:
        logger.info("%s was gone at the broker", watchlist)


def send_watchlists(*, now: datetime) -> None:
    """Sweep: lists that the broker does not have as they are; those that fail are put off."""
    sweeps.sweep(
        "trading.watchlists",
        Watchlist.objects.filter(due_at__lte=now, account__broker_account_id__isnull=False).order_by(
            "due_at"
        ),
        lambda watchlist: send_watchlist(watchlist_id=watchlist.pk, now=now),
        failed=lambda watchlist: _put_off(watchlist, now),
    )


def _put_off(watchlist: Watchlist, now: datetime) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(watchlist.failures, 12), LONGEST_PAUSE)
    Watchlist.objects.filter(pk=watchlist.pk).update(due_at=now + pause, failures=state.one_more("failures"))
