"""The weeks of the call log: each is a partition, so that what is too old goes without a DELETE.

A week is made ahead. While it is missing its rows go to the partition for the rest, from which they are moved
when it is made, so that recording a call never fails for want of one. After its reads have had their time a
week is thinned (what is kept is copied, and the whole dropped), and after that of its writes it is dropped.
"""
# ruff: noqa: S608 - every name in a statement is one of ours.

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

logger = logging.getLogger(__name__)

PARENT = "calls_apicall"
REST = f"{PARENT}_rest"
KEPT = "_kept"
WEEK = timedelta(days=7)
LOCK = 0x61706963
LOCK_SECONDS = 3
"""How long a change waits for the table's lock: calls that are recorded meanwhile wait behind it."""
STATEMENT_SECONDS = 100


@dataclass(frozen=True, order=True)
class Partition:
    """The calls of the seven days from `start`, a Monday, on (UTC)."""

    start: datetime
    is_thinned: bool = False

    @classmethod
    def at(cls, instant: datetime) -> "Partition":
        """The week in which an instant is."""
        day = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(day - timedelta(days=day.weekday()))

    @property
    def end(self) -> datetime:
        return self.start + WEEK

    @property
    def name(self) -> str:
        return f"{PARENT}_{self.start:%Y%m%d}{KEPT if self.is_thinned else ''}"


def partitions() -> list[Partition]:
    """The weeks there are, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = %s::regclass AND relname <> %s",
            [PARENT, REST],
        )
        names = [name.removeprefix(f"{PARENT}_") for (name,) in cursor.fetchall()]
    found = (
        Partition(
            datetime.strptime(name.removesuffix(KEPT), "%Y%m%d").replace(tzinfo=UTC), name.endswith(KEPT)
        )
        for name in names
    )
    return sorted(found)


def missing(now: datetime, *, ahead: int = 2) -> list[Partition]:
    """The weeks to make: this one, those after it, and those of rows that had to go to the rest."""
    wanted = {Partition.at(now + WEEK * number) for number in range(ahead + 1)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT date_trunc('day', started_at AT TIME ZONE 'UTC') FROM {REST}")
        wanted |= {Partition.at(day.replace(tzinfo=UTC)) for (day,) in cursor.fetchall()}
    have = {week.start for week in partitions()}
    return sorted(week for week in wanted if week.start not in have)


def make(week: Partition) -> None:
    """Make a week's partition and move its rows from the rest to it."""
    with _changing() as cursor:
        # Nobody may add to the rest what belongs to the week from here on.
        cursor.execute(f"LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {week.name} (LIKE {PARENT} INCLUDING ALL)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {REST} WHERE started_at >= %s AND started_at < %s RETURNING *) "
            f"INSERT INTO {week.name} SELECT * FROM moved",
            [week.start, week.end],
        )
        _attach(cursor, week)


def thin(week: Partition) -> None:
    """Keep only a week's writes and failures. It must be so old that nothing is written to it any more."""
    kept = Partition(week.start, is_thinned=True)
    with _changing() as cursor:
        cursor.execute(f"CREATE TABLE {kept.name} (LIKE {PARENT} INCLUDING ALL)")
        cursor.execute(
            f"INSERT INTO {kept.name} SELECT * FROM {week.name} WHERE method <> 'GET' OR outcome <> 'OK'"
        )
        cursor.execute(f"ALTER TABLE {PARENT} DETACH PARTITION {week.name}")
        _attach(cursor, kept)
        cursor.execute(f"DROP TABLE {week.name}")


def drop(week: Partition) -> None:
    """Forget a week."""
    with _changing() as cursor:
        cursor.execute(f"DROP TABLE {week.name}")


@contextmanager
def _changing() -> Iterator[CursorWrapper]:
    """A short transaction, one at a time, that gives up rather than make those wait who record calls."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield cursor


def _attach(cursor: CursorWrapper, week: Partition) -> None:
    # Statements that define tables take no parameters from the client.
    bounds = f"FROM ('{week.start.isoformat()}') TO ('{week.end.isoformat()}')"
    cursor.execute(f"ALTER TABLE {PARENT} ATTACH PARTITION {week.name} FOR VALUES {bounds}")
