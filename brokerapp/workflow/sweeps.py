"""Sweeps: one at a time, for a bounded time, and no row keeps the others waiting."""

import logging
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError, connection, models, transaction

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.budget import Priority, priority
from brokerapp.workflow.state import IllegalMove, LostRace

logger = logging.getLogger(__name__)

SECONDS = 20.0
"""How long one run of a sweep may take; what is left over comes first in the next run."""
ROWS = 500

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Swept:
    """What one run did."""

    done: int = 0
    failed: int = 0
    left: int = 0


class Lock:
    """A sweep's lock as one process holds it, for as long as its database session lives."""

    def __init__(self, key: int) -> None:
        self._key = key
        self._session: Any = None

    def take(self) -> bool:
        """Take the lock; False if another session has it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._key])
            (taken,) = cursor.fetchone()
        self._session = connection.connection if taken else None
        return bool(taken)

    def is_held(self) -> bool:
        """Whether we still are in the session that took the lock: Django replaces a broken one silently.

        No query: a session that broke unseen is seen with the next statement.
        """
        session = self._session
        return session is not None and session is connection.connection and not session.closed

    def give_up(self) -> None:
        """Let others take it."""
        if not self.is_held():
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [self._key])
        except (DatabaseError, InterfaceError):
            connection.close()  # and with it the session and its lock


@contextmanager
def lock(name: str) -> Iterator[Lock | None]:
    """Hold the sweep's lock; None if another process does.

    A lock of the database session: no transaction is open meanwhile, and a process that dies gives it up. So
    it needs a session of its own to PostgreSQL: a pooler that shares one among transactions would break it.
    """
    held = Lock(zlib.crc32(f"sweep:{name}".encode()))
    if not held.take():
        yield None
        return
    try:
        yield held
    finally:
        held.give_up()


def sweep(
    name: str,
    rows: "models.QuerySet[Row]",
    handle: Callable[[Row], Any],
    *,
    failed: Callable[[Row], None] | None = None,
    seconds: float = SECONDS,
) -> Swept:
    """Handle each of the rows, in their order, unless another process is at this sweep.

    Stops after `seconds` (and well within the time limit of a task), or when its database session is lost,
    and with it the lock. What one row raises is logged, `failed` is told (to put the row off, so that it does
    not come first again), and the next row is handled. A row is read again before it is handled, and left
    out when it is no longer among `rows`, which must not be sliced. Its reads of the broker are polls, which
    make way for what a person waits for.
    """
    seconds = min(seconds, settings.CELERY_TASK_TIME_LIMIT / 2)
    with lock(name) as held, priority(Priority.POLL):
        if held is None:
            return Swept()
        return _handle_all(name, rows, handle, failed, held, time.monotonic() + seconds)


def sweep_calls(
    noun: str,
    waiting: "models.QuerySet[Row]",
    lost: "models.QuerySet[Row]",
    *,
    send: Callable[[Row], Any],
    settle: Callable[[Row], Any],
    failed: Callable[[Row], None],
) -> None:
    """Send the rows that wait to be sent, and settle those whose call has had no known outcome."""
    sweep(f"{noun}: send", waiting, send, failed=failed)
    sweep(f"{noun}: settle", lost, settle, failed=failed)


def _handle_all(
    name: str,
    rows: "models.QuerySet[Row]",
    handle: Callable[[Row], Any],
    failed: Callable[[Row], None] | None,
    held: Lock,
    stop: float,
) -> Swept:
    keys = list(rows.values_list("pk", flat=True)[:ROWS])
    done = failures = 0
    for position, key in enumerate(keys):
        if time.monotonic() > stop or not held.is_held():
            return Swept(done, failures, len(keys) - position)
        row = rows.filter(pk=key).first()
        if row is None:
            continue  # no longer among them: an event or another process was faster
        try:
            handle(row)
            done += 1
        except Exception as error:  # noqa: BLE001  logged; one row's trouble must not keep the others waiting
            failures += 1
            _log(name, row, error)
            if not held.is_held():
                # Another process may be at this sweep by now, and there is nothing to write `failed` with.
                connection.close()
                return Swept(done, failures, len(keys) - position - 1)
            if failed is not None:
                _put_off(name, row, failed)
    return Swept(done, failures, 0)


def _put_off(name: str, row: Row, failed: Callable[[Row], None]) -> None:
    try:
        failed(row)
    except Exception as error:  # noqa: BLE001  logged, as above
        _log(name, row, error)


def store_each(
    rows: Sequence[Row], store: Callable[[Sequence[Row]], object], *, called: Callable[[Row], object] = str
) -> list[Row]:
    """Store rows at once; where that cannot be, all but those that cannot be stored. Returns the stored ones.

    A figure too large for its column, or a NUL in a text, would else keep the others from being stored, in
    each run again. Who is left out is found by halves and logged as `called`, never with its values.
    """
    try:
        with transaction.atomic():
            store(rows)
        return list(rows)
    except (DataError, ArithmeticError) as error:
        if len(rows) == 1:
            logger.error("%s cannot be stored: %s", called(rows[0]), type(error).__name__)
            return []
    half = len(rows) // 2
    return [*store_each(rows[:half], store, called=called), *store_each(rows[half:], store, called=called)]


def _log(name: str, row: models.Model, error: Exception) -> None:
    if isinstance(error, (BrokerError, LostRace, IllegalMove)):
        logger.info("sweep %s: %s: %s", name, row, error)
    else:
        logger.error("sweep %s: %s", name, row, exc_info=error)
