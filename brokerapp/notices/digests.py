"""One quiet mail for several orders that were filled: notices are put into it until it is closed."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from brokerapp.notices.models import Digest, Fills, Notice
from brokerapp.units.market_time import in_new_york

MINUTES = timedelta(minutes=15)
AFTER_CLOSE = time(16, 30)
"""In New York: the day's fills are there by then."""


def open_digest(user_id: int, fills: Fills) -> Digest:
    """The digest that a person's notices go into now, locked, so that it is not closed meanwhile."""
    waiting = Digest.objects.select_for_update(of=("self",), no_key=True)
    found = waiting.filter(user_id=user_id, closed_at__isnull=True).first()
    if found is not None:
        return found
    now = timezone.now()
    return Digest.objects.create(user_id=user_id, created_at=now, next_try_at=closes_at(now, fills))


def closes_at(now: datetime, fills: Fills) -> datetime:
    """When a digest that is opened now is sent: in a quarter of an hour, or half an hour after the close."""
    if fills != Fills.DAY:
        return now + MINUTES
    local = in_new_york(now)
    close = local.replace(hour=AFTER_CLOSE.hour, minute=AFTER_CLOSE.minute, second=0, microsecond=0)
    return close if close > local else (close + timedelta(days=1))


def close_due(*, now: datetime) -> int:
    """Close the digests whose time is over; how many. It waits for whoever is putting a notice into one."""
    over = Q(closed_at__isnull=True, next_try_at__lte=now)
    return Digest.objects.filter(over).update(closed_at=now)


def notices_of(digest: Digest) -> list[Notice]:
    """What a closed digest tells, oldest first."""
    return list(digest.notices.order_by("created_at", "pk"))
