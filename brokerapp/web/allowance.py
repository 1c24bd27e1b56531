"""How often one person may open pages for which the broker is asked: the broker's budget is everybody's."""

import time

from django.conf import settings
from django.core.cache import cache

WINDOW_SECONDS = 60


def take(person_id: int) -> int:
    """Count one page in; 0, or the seconds until this person may open another.

    Counted by the minute, in the cache: without the Redis-protocol server each process counts for itself.
    """
    now = time.time()
    window, passed = divmod(int(now), WINDOW_SECONDS)
    key = f"asks:{person_id}:{window}"
    try:
        asked = cache.incr(key)
    except ValueError:  # the first within this minute; of two at once, one is not counted
        cache.set(key, 1, timeout=2 * WINDOW_SECONDS)
        asked = 1
    return WINDOW_SECONDS - passed if asked > settings.BROKER_PAGES_A_MINUTE else 0
