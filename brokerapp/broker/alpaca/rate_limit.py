"""How many calls are left: what the broker says (`X-RateLimit-*`, `Retry-After`), and who may use them."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import IntEnum
from typing import Protocol

TOO_MANY_REQUESTS = 429
USUAL_LIMIT = 1000
"""Calls a minute, where a reply does not say."""
BUSY_SECONDS = 5.0
"""How long nobody calls after a 429 that does not say how long."""
LONGEST_WINDOW = 120.0


class Priority(IntEnum):
    """What a call is for; the first goes first when few are left."""

    WRITE = 0
    PERSON = 1
    POLL = 2


KEPT_FREE = {Priority.WRITE: 0.0, Priority.PERSON: 0.1, Priority.POLL: 0.3}
"""The share of the minute's calls that a call of this kind leaves to the kinds before it."""

_reads_for: ContextVar[Priority] = ContextVar("reads_for", default=Priority.PERSON)


@contextmanager
def priority(level: Priority) -> Iterator[None]:
    """Say what the reads made within are for; without it, for a person."""
    token = _reads_for.set(level)
    try:
        yield
    finally:
        _reads_for.reset(token)


def priority_of(method: str) -> Priority:
    """What a call made now is for."""
    return _reads_for.get() if method == "GET" else Priority.WRITE


@dataclass(frozen=True)
class Word:
    """What a reply says: `left` of `limit` calls for `seconds` more, up to `reset` by the broker's clock."""

    left: int
    limit: int
    reset: float
    seconds: float


def read_word(headers: Mapping[str, str], status: int, *, now: float) -> Word | None:
    """What a reply says of the budget; None if nothing. `now` in unix seconds."""
    limit = int(_number(headers, "X-RateLimit-Limit") or USUAL_LIMIT)
    reset = _number(headers, "X-RateLimit-Reset") or 0.0
    if status == TOO_MANY_REQUESTS:
        seconds = retry_after(headers, now=now)
        return Word(0, limit, reset, BUSY_SECONDS if seconds is None else min(seconds, LONGEST_WINDOW))
    left, seconds = _number(headers, "X-RateLimit-Remaining"), _until(reset, headers, now)
    return None if left is None or seconds is None else Word(int(left), limit, reset, seconds)


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait after a 429; None if it does not say."""
    seconds = _number(headers, "Retry-After")
    if seconds is not None:
        return max(0.0, seconds)
    return _until(_number(headers, "X-RateLimit-Reset") or 0.0, headers, now)


def _until(reset: float, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the broker's clock is at `reset`: by the reply's own `Date`, else by our clock."""
    for start in (_date(headers), now):
        if start is not None and 0 < reset - start <= LONGEST_WINDOW:
            return reset - start
    return None


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return float(headers.get(name, ""))
    except ValueError:
        return None


def _date(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None


class Budget(Protocol):
    """Who may call now."""

    def take(self, level: Priority) -> float:
        """Count one call in and return 0, or the seconds until another one is possible."""

    def note(self, word: Word) -> None:
        """Hear what a reply says."""


class LocalBudget:
    """The budget as one process knows it; share it between the threads that use the key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left = self._limit = 0
        self._ends = 0.0

    def take(self, level: Priority) -> float:
        """Count one call in and return 0, or the seconds until another one is possible."""
        with self._lock:
            seconds = self._ends - self._clock()
            if seconds <= 0:
                return 0.0
            if self._left <= self._limit * KEPT_FREE[level]:
                return seconds
            self._left -= 1
            return 0.0

    def note(self, word: Word) -> None:
        """Hear what a reply says."""
        with self._lock:
            self._left, self._limit = word.left, word.limit
            self._ends = self._clock() + word.seconds
