"""How the broker's clock differs from ours, measured from the `Date` of its replies.

Whoever compares a time that the broker wrote (`created_at`) with one of ours converts ours first.
"""

import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import cast

from django.conf import settings

from brokerapp.broker import shared

CLOCK_MARGIN = timedelta(minutes=2)
"""How far off our measure may be."""
SAMPLES = 15
"""The median of this many; a few replies with a wrong `Date` do not move it."""
ENOUGH = 5
"""With fewer of its own, a process believes what the others measured."""
FRESH_SECONDS = 15 * 60.0
LONGEST_EXCHANGE = 2.0
"""Seconds: of a reply that took longer we do not know well enough when it was written."""
TELL_EVERY = 10.0
"""Seconds between two looks at what is shared, and between two notes for the others."""

_samples: dict[str, deque[tuple[float, float]]] = {}
_told: dict[str, float] = {}
_heard: dict[str, tuple[float, float | None]] = {}


def to_broker_time(instant: datetime) -> datetime:
    """An instant by our clock as the Broker API's clock showed it; unchanged while nothing was measured."""
    return instant + timedelta(seconds=offset(settings.BROKER_BASE_URL))


def offset(base_url: str) -> float:
    """Seconds by which the clock behind `base_url` is ahead of ours, to about half a second."""
    own = _own(base_url)
    if len(own) < ENOUGH and (shared_offset := _shared(base_url)) is not None:
        return shared_offset
    return median(own) if own else 0.0


def note(base_url: str, headers: Mapping[str, str], sent: float, received: float) -> None:
    """Learn from a reply's headers; `sent` and `received` are unix seconds by our clock."""
    if not 0 <= received - sent <= LONGEST_EXCHANGE or (written := _date(headers)) is None:
        return
    # `Date` leaves out the fraction of its second, which is half a second on average.
    sample = written + 0.5 - (sent + received) / 2
    _samples.setdefault(base_url, deque(maxlen=SAMPLES)).append((time.monotonic(), sample))
    own = _own(base_url)
    if len(own) >= ENOUGH and time.monotonic() - _told.get(base_url, -TELL_EVERY) >= TELL_EVERY:
        _told[base_url] = time.monotonic()
        measured = median(own)
        shared.ask(lambda client: client.set(_key(base_url), measured, ex=int(FRESH_SECONDS)))


def forget() -> None:
    """Forget everything that this process measured or heard."""
    for known in (_samples, _told, _heard):
        known.clear()


def _own(base_url: str) -> list[float]:
    oldest = time.monotonic() - FRESH_SECONDS
    # A copy: other threads may add to it meanwhile.
    return [sample for at, sample in tuple(_samples.get(base_url, ())) if at >= oldest]


def _shared(base_url: str) -> float | None:
    at, known = _heard.get(base_url, (-TELL_EVERY, None))
    if time.monotonic() - at >= TELL_EVERY:
        found = cast("bytes | None", shared.ask(lambda client: client.get(_key(base_url))))
        known = None if found is None else float(found)
        _heard[base_url] = (time.monotonic(), known)
    return known


def _key(base_url: str) -> str:
    return f"broker:clock:{base_url}"


def _date(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
