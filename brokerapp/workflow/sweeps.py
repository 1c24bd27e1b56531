"""Sweeps: one at a time, for a bounded time, and no row keeps the others waiting."""

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models

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


@contextmanager
def lock(name: str) -> Iterator[bool]:
    """Hold the sweep's lock, or learn that another process does.

    A lock of the database session: no transaction is open meanwhile, and a process that dies gives it up.
    """
    key = zlib.crc32(f"sweep:{name}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def sweep(
    name: str,
    rows: "models.QuerySet[Row]",
    handle: Callable[[Row], Any],
    *,
    failed: Callable[[Row], None] | None = None,
    seconds: float = SECONDS,
) -> Swept:
    """Handle each of the rows, in their order, unless another process is at this sweep.

    Stops after `seconds`. What one row raises is logged, `failed` is told (to put the row off, so that it
    does not come first again), and the next row is handled. Its reads of the broker are polls, which make
    way for what a person waits for.
    """
    with lock(name) as is_ours, priority(Priority.POLL):
        if not is_ours:
            return Swept()
        return _handle_all(name, rows, handle, failed, time.monotonic() + seconds)


def _handle_all(
    name: str,
    rows: "models.QuerySet[Row]",
    handle: Callable[[Row], Any],
    failed: Callable[[Row], None] | None,
    stop: float,
) -> Swept:
    keys = list(rows.values_list("pk", flat=True)[:ROWS])
    done = failures = 0
    for position, key in enumerate(keys):
        if time.monotonic() > stop:
            return Swept(done, failures, len(keys) - position)
        row = rows.filter(pk=key).first()
        if row is None:
            continue  # no longer among them: an event or another process was faster
        try:
            handle(row)
            done += 1
        except Exception as error:
            failures += 1
            if isinstance(error, (BrokerError, LostRace, IllegalMove)):
                logger.info("sweep %s: %s: %s", name, row, error)
            else:
                logger.exception("sweep %s: %s", name, row)
            if failed is not None:
                failed(row)
    return Swept(done, failures, 0)
