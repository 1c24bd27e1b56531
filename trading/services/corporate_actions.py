"""Corporate actions: what they change here when the broker books them, and those that are announced."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from brokerapp.activities.models import Activity
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.market_data import MarketDataClient
from brokerapp.broker.clients import get_market_data
from brokerapp.units.market_time import day_in_new_york
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.sweeps import store_each
from trading.asset_classes import ASSET_CLASSES
from trading.models import (
    Asset,
    Bar,
    BarSeries,
    CorporateAction,
    CorporateActionsSync,
    Order,
    Position,
    Quote,
    WatchlistItem,
)
from trading.services import fills, orders, portfolio
from trading.services.batches import in_batches
from trading.services.halving import ask_in_halves

logger = logging.getLogger(__name__)


def _upcoming(asset_id: UUID, ex_from: date, paid_from: date) -> QuerySet[CorporateAction]:
    to_come = Q(ex_date__gte=ex_from) | Q(payable_date__gte=paid_from)
    return CorporateAction.objects.filter(to_come, asset_id=asset_id)


find_upcoming = FixedQuery(_upcoming, UUID(int=1), date(1900, 1, 1), date(1900, 1, 2))

BATCH = 500
SYMBOLS_PER_CALL = 100
BATCHES_PER_RUN = 20
MOST_PAGES = 10
ASKED_EVERY, ASKED_AGAIN_AFTER = timedelta(days=1), timedelta(minutes=15)
"""How often an asset's announcements are asked for, and the pause after a batch that had no answer."""
LOOKED_AT_FOR = timedelta(days=1)
"""How long after somebody looked at an asset its corporate actions are asked for."""
LOOK_BACK, LOOK_AHEAD = timedelta(days=7), timedelta(days=120)
FIGURES = (
    "asset",
    "kind",
    "ex_date",
    "record_date",
    "payable_date",
    "rate",
    "old_rate",
    "new_rate",
    "new_symbol",
    "synced_at",
)
SHARE_CHANGES = ("SPLIT", "SPIN", "MA", "NC", "REORG", "DIV", "PTC", "JNLS", "VOF", "EXTRD")
"""Types of activities after which open orders of the symbol may be canceled or adjusted."""
SPLITS = ("SPLIT", "SPIN")
"""Types after which the prices before them are adjusted."""


def has_upcoming(asset: Asset, now: datetime) -> bool:
    """Whether anything is announced for it whose last day is still to come."""
    today = day_in_new_york(now)
    return bool(find_upcoming(asset.pk, today, today))


def follow_activities(*, now: datetime) -> int:
    """Have everything read again that new activities change; how many there were.

    The marks are written with the note that an activity is followed, so that none is forgotten, and one
    followed twice does no harm.
    """
    with transaction.atomic(durable=True):
        found = list(Activity.objects.to_follow().select_for_update(skip_locked=True, no_key=True)[:BATCH])
        for account_id in {activity.account_id for activity in found}:
            portfolio.mark_due(account_id=account_id, now=now)
        _reread_orders(found, now)
        _reread_revised(found, now)
        _reset_bars(found)
        Activity.objects.filter(pk__in=[activity.pk for activity in found]).update(followed_at=now)
    return len(found)


def _reread_orders(activities: Iterable[Activity], now: datetime) -> None:
    """Have the open orders read again of accounts whose shares of a symbol were changed."""
    symbols: defaultdict[UUID, set[str]] = defaultdict(set)
    for activity in activities:
        if activity.symbol and activity.activity_type in SHARE_CHANGES:
            symbols[activity.account_id].add(activity.symbol)
    for account_id, changed in symbols.items():
        open_ones = Order.objects.open().filter(
            account_id=account_id, symbol__in=changed, broker_order_id__isnull=False
        )
        orders.request_reads(orders=list(open_ones))
        open_ones.update(due_at=now)  # for the sweep, should the messages be lost


def _reread_revised(activities: Iterable[Activity], now: datetime) -> None:
    """Have the orders read again of which an execution was revised, and their fills; finished ones too."""
    revised = {each.broker_order_id for each in activities if each.is_fill and each.broker_order_id}
    if not revised:
        return
    accounts = {each.account_id for each in activities}
    found = Order.objects.filter(account__in=accounts, broker_order_id__in=revised)
    orders.request_reads(orders=found)
    # For the sweep, should the messages be lost: what we have recorded is not known to stand.
    found.exclude(filled_qty=0).update(recorded_qty=0)
    for order in found.filter(filled_qty=0):
        fills.recount(order)  # 0 would be taken for right
    found.update(due_at=now)


def _reset_bars(activities: Iterable[Activity]) -> None:
    """Forget the charts' bars of symbols that were split: each price before it is another one now.

    A last bar that is of after the split reads as before, so that it could not tell.
    """
    split = {each.symbol for each in activities if each.activity_type in SPLITS and each.symbol}
    if split:
        series = BarSeries.objects.filter(asset__symbol__in=split)
        Bar.objects.filter(series__in=series).delete()
        series.update(synced_at=None, claimed_at=None, high=None, low=None)
        logger.info("the bars of %s are read anew after a split", ", ".join(sorted(split)))


@dataclass
class _Announced:
    """What is announced of an asset; `is_whole`: what is not in it is called off."""

    actions: list[alpaca.CorporateAction] = field(default_factory=list)
    is_whole: bool = True


def sync_announcements(*, now: datetime) -> int:
    """Ask for the corporate actions to come of what people hold, watch or looked at today; how many assets.

    Once a day each, many at a time, by one process and for a bounded time. A batch that has no answer comes
    after all others. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    client = get_market_data()
    return in_batches(
        "trading.announcements",
        _batches_wanted(now),
        lambda batch: _sync_batch(client, batch, now),
        failed=lambda batch: _put_off(batch, now),
    )


def _batches_wanted(now: datetime) -> Iterator[list[Asset]]:
    """One after the other: each is among those to ask for until it was handled or put off."""
    for _ in range(BATCHES_PER_RUN):
        batch = list(_wanted(now)[:SYMBOLS_PER_CALL])
        if not batch:
            return
        yield batch


def _wanted(now: datetime) -> QuerySet[Asset]:
    """Shares of which we are to ask, the longest due first; those never asked for before all."""
    resting = CorporateActionsSync.objects.filter(due_at__gt=now).values("asset")
    wanted = (
        Q(pk__in=Position.objects.values("asset"))
        | Q(pk__in=WatchlistItem.objects.values("asset"))
        | Q(pk__in=Quote.objects.filter(looked_at__gt=now - LOOKED_AT_FOR).values("asset"))
    )
    classes = [word for word, kind in ASSET_CLASSES.items() if kind.has_corporate_actions]
    of_classes = Asset.objects.filter(wanted, asset_class__in=classes, status=Asset.ACTIVE)
    due_at = F("corporate_actions_sync__due_at").asc(nulls_first=True)
    return of_classes.exclude(pk__in=resting).order_by(due_at, "symbol")


def _sync_batch(client: MarketDataClient, batch: Sequence[Asset], now: datetime) -> None:
    """Make what is stored of some assets what the API says of them; a change of a date is one, too.

    Of a symbol that it refuses, what is stored stays.
    """
    today = day_in_new_york(now)
    found = ask_in_halves(batch, lambda part: _ask_all_pages(client, part, today))
    assets = {asset.symbol: asset for asset in batch}
    rows = {
        told.id: _row(assets[symbol], told, now)
        for symbol, announced in found.items()
        for told in announced.actions
    }
    whole = [assets[symbol] for symbol, announced in found.items() if announced.is_whole]
    with transaction.atomic():
        CorporateAction.objects.filter(asset__in=whole).upcoming(today).exclude(pk__in=rows).delete()
        store_each(
            list(rows.values()),
            lambda part: CorporateAction.objects.bulk_create(
                part, update_conflicts=True, unique_fields=["id"], update_fields=FIGURES
            ),
        )
        CorporateActionsSync.objects.bulk_create(
            [CorporateActionsSync(asset=asset, synced_at=now, due_at=now + ASKED_EVERY) for asset in batch],
            update_conflicts=True,
            unique_fields=["asset"],
            update_fields=["synced_at", "due_at"],
        )


def _ask_all_pages(client: MarketDataClient, batch: Sequence[Asset], today: date) -> dict[str, _Announced]:
    """What is announced of some assets, by symbol. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    found = {asset.symbol: _Announced() for asset in batch}
    token, is_whole = None, True
    for _ in range(MOST_PAGES):
        page = client.get_corporate_actions(
            sorted(found), start=today - LOOK_BACK, end=today + LOOK_AHEAD, page_token=token
        )
        is_whole = is_whole and not page.actions.unreadable
        for told in page.actions:
            if told.symbol in found and told.kind in CorporateAction.Kind.values:
                found[told.symbol].actions.append(told)
        if not (token := page.next_page_token or None):
            break
    for announced in found.values():
        announced.is_whole = is_whole and not token
    return found


def _put_off(batch: Sequence[Asset], now: datetime) -> None:
    """Let the others go first."""
    CorporateActionsSync.objects.bulk_create(
        [CorporateActionsSync(asset=asset, due_at=now + ASKED_AGAIN_AFTER) for asset in batch],
        update_conflicts=True,
        unique_fields=["asset"],
        update_fields=["due_at"],
    )


def _row(asset: Asset, told: alpaca.CorporateAction, now: datetime) -> CorporateAction:
    return CorporateAction(
        id=told.id,
        asset=asset,
        kind=told.kind,
        ex_date=told.ex_date,
        record_date=told.record_date,
        payable_date=told.payable_date,
        rate=told.rate,
        old_rate=told.old_rate,
        new_rate=told.new_rate,
        new_symbol=told.new_symbol[:32],
        synced_at=now,
    )
