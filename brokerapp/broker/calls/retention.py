"""The life of the call log: reads that went well a month, writes and failures more than a year."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError

from brokerapp.broker.calls import partitions
from brokerapp.broker.calls.partitions import Partition

logger = logging.getLogger(__name__)


def prune_api_calls(*, now: datetime) -> int:
    """Make the coming weeks, thin those past `settings.API_READ_RETENTION_DAYS`, and drop those past
    `settings.API_CALL_RETENTION_DAYS`; a week goes when all of it is past. Returns how many weeks changed.

    What cannot be done now, since somebody holds the table, is logged and left to the next run.
    """
    changed = sum(_done(partitions.make, week) for week in partitions.missing(now))
    for week in partitions.partitions():
        if week.end <= now - timedelta(days=settings.API_CALL_RETENTION_DAYS):
            changed += _done(partitions.drop, week)
        elif week.end <= now - timedelta(days=settings.API_READ_RETENTION_DAYS) and not week.is_thinned:
            changed += _done(partitions.thin, week)
    return changed


def _done(change: Callable[[Partition], None], week: Partition) -> bool:
    try:
        change(week)
    except DatabaseError:
        logger.exception("could not %s %s of the call log", change.__name__, week.name)
        return False
    return True
