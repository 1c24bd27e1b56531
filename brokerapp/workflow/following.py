"""What the broker says of a row over time: taken over by one rule, asked for as often as it may change."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils import timezone

from brokerapp.broker.broker_clock import CLOCK_MARGIN, to_broker_time
from brokerapp.web.fixed_writes import set_and_read, set_columns
from brokerapp.workflow.state import Process, StatusModel, can_move, move, one_more

logger = logging.getLogger(__name__)

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=10)
"""Pauses after a read that failed."""
QUIETER_WHILE_LIVE = 4
"""How many times longer the pauses are while the stream that would tell of a change is alive."""


class EventTooEarly(Exception):
    """The event may be about a row whose call has no known outcome yet; try it again shortly."""


@dataclass(frozen=True)
class Rhythm:
    """How often a row is read: a quarter of the time since it last changed, within these bounds."""

    first: timedelta
    longest: timedelta

    def pause(self, unchanged_for: timedelta, *, is_live: bool) -> timedelta:
        """The time until the next read; longer while events would tell."""
        longest = self.longest * (QUIETER_WHILE_LIVE if is_live else 1)
        return min(max(unchanged_for / 4, self.first) * (QUIETER_WHILE_LIVE if is_live else 1), longest)


class FollowedModel(StatusModel):
    """A row whose status is the broker's to say.

    `BROKER_WORDS` has our status for each of the broker's words. A row in one of `OURS`, of which the broker
    uses a word that we do not know, becomes `UNNAMED`: the broker has it. `RHYTHM` says how often a row of a
    status is read; a status that is missing there is not read.
    """

    BROKER_WORDS: ClassVar[Mapping[str, str]] = {}
    OURS: ClassVar[tuple[str, ...]] = ()
    UNNAMED: ClassVar[str] = ""
    RHYTHM: ClassVar[Mapping[str, Rhythm]] = {}

    broker_status = models.CharField(max_length=40, blank=True, help_text="the broker's word")
    broker_updated_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True, help_text="when it was last read")
    due_at = models.DateTimeField(null=True, blank=True, help_text="when it is read next")
    failed_reads = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=FollowedModel)


def is_known_word(row: FollowedModel) -> bool:
    """Whether we know what the broker's last word on the row means."""
    return not row.broker_status or row.broker_status in row.BROKER_WORDS


def is_stale(row: FollowedModel, at: datetime | None) -> bool:
    """Whether the row already shows a later state: lists, events and replies may overtake one another.

    A time that the broker's clock has not reached yet is one that was set back since, and no order.
    """
    if at is None or row.broker_updated_at is None or at >= row.broker_updated_at:
        return False
    return row.broker_updated_at <= to_broker_time(timezone.now()) + CLOCK_MARGIN


def apply(
    row: Row,
    word: str,
    *,
    at: datetime | None,
    by: AbstractBaseUser | Process,
    reason: str = "",
    request_id: str = "",
    is_live: bool | None = None,
    asked_at: datetime | None = None,
    **columns: object,
) -> Row:
    """Take over the broker's word on a row, as of `at`; `columns` are written along.

    With `is_live` (whether the stream that would tell of a change is alive) it is noted in the same statement
    when the row is read next, as `schedule` does; `asked_at` as there.

    `by` is how the word came to us, or the member of staff who asked for it. For use in a transaction that
    holds the row's lock. A word as of an earlier time than the newest applied one changes nothing. A word
    that we do not know is kept in `broker_status` and logged, and our status stays. So does a step that our
    table does not have: the broker's word is kept, and staff can see both. Returns the row re-read.
    """
    if is_stale(row, at):
        return row
    to = row.BROKER_WORDS.get(word)
    if to is None:
        logger.error("%s has the unknown status %s at the broker", row, word[:40])
        to = row.UNNAMED if row.status in row.OURS else row.status
    changes = {
        "broker_status": word[:40],
        "broker_updated_at": at or row.broker_updated_at,
        "synced_at": timezone.now(),
        "failed_reads": 0,
        **columns,
    }
    moves = to != row.status and can_move(row, to)
    if is_live is not None:
        now = timezone.now()
        if not _is_marked(row, asked_at, now):
            since = now if moves else row.status_at
            changes["due_at"] = next_read(row, to if moves else row.status, since, now=now, is_live=is_live)
    if moves:
        return move(row, to, by=by, reason=reason, request_id=request_id, **changes)
    if to != row.status:
        logger.error("%s is %s here and %s at the broker", row, row.status, word[:40])
    if not set_and_read(row, {}, changes):
        raise type(row).DoesNotExist(f"{type(row).__name__} {row.pk}")
    return row


def next_read(
    row: FollowedModel, status: str, since: datetime, *, now: datetime, is_live: bool
) -> datetime | None:
    """When the row is read next, of which the status is this `since` then; None if it is not."""
    rhythm = row.RHYTHM.get(status)
    return now + rhythm.pause(now - since, is_live=is_live) if rhythm else None


def schedule(row: FollowedModel, *, now: datetime, is_live: bool, asked_at: datetime | None = None) -> None:
    """Note, on disk and in `row`, that it was read, and when it is next, by how long it has not changed.

    What was marked as due since `asked_at`, when the broker was asked, stays so: its answer may be older.
    """
    row.synced_at, row.failed_reads = now, 0
    if not _is_marked(row, asked_at, now):
        row.due_at = next_read(row, row.status, row.status_at, now=now, is_live=is_live)
    set_columns(
        type(row),
        {"pk": row.pk},
        {"synced_at": now, "due_at": row.due_at, "failed_reads": row.failed_reads},
    )


def _is_marked(row: FollowedModel, asked_at: datetime | None, now: datetime) -> bool:
    """Whether the row, as it is on disk, was marked as due after the broker was asked."""
    return asked_at is not None and row.due_at is not None and asked_at < row.due_at <= now


def schedule_retry(row: FollowedModel, *, now: datetime) -> None:
    """Note that a read failed: it is due again within seconds, then less and less often."""
    pause = min(FIRST_RETRY * 2 ** min(row.failed_reads, 10), LONGEST_RETRY)
    type(row)._default_manager.filter(pk=row.pk).update(
        due_at=now + pause, failed_reads=one_more("failed_reads")
    )


def due(model: type[Row], now: datetime) -> "models.QuerySet[Row]":
    """Rows to read now, the longest due first; those never scheduled come first of all."""
    wanted = models.Q(due_at__lte=now) | models.Q(due_at__isnull=True)
    return model._default_manager.filter(wanted, status__in=tuple(model.RHYTHM)).order_by(
        models.F("due_at").asc(nulls_first=True)
    )
