"""What activities of the broker change here: positions, balances, open orders and charts."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from brokerapp.activities.models import Activity
from trading.models import Bar, BarSeries, Order
from trading.services import orders, portfolio

logger = logging.getLogger(__name__)

BATCH = 500
SHARE_CHANGES = ("SPLIT", "SPIN", "MA", "NC", "REORG", "DIV", "PTC", "JNLS", "VOF", "EXTRD")
"""Types of activities after which open orders of the symbol may be canceled or adjusted."""
SPLITS = ("SPLIT", "SPIN")
"""Types after which the prices before them are adjusted."""


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
