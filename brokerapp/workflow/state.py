"""Statuses: `move` is the only way one changes."""

from functools import partial
from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.db.models.functions import Least
from django.utils import timezone

from brokerapp import live
from brokerapp.web.fixed_writes import insert, set_and_read
from brokerapp.workflow.actors import Actor, Process
from brokerapp.workflow.models import StatusChange

__all__ = [
    "IllegalMove",
    "LostRace",
    "Process",
    "StatusModel",
    "can_move",
    "move",
    "note",
    "one_more",
    "start",
]

MOST_COUNTED = 32_000
"""Failures in a row that a column counts; the pauses are at their longest by then."""


def one_more(column: str) -> Least:
    """A column of failures in a row, counted on as far as it goes."""
    return Least(models.F(column) + 1, MOST_COUNTED)


class IllegalMove(Exception):
    """The row's transition table does not allow this step."""


class LostRace(Exception):
    """Another process changed the status first; the caller's view of the row is stale."""


class StatusModel(models.Model):
    """A row with a status: our word, why, and the Request ID that last concerned it.

    Subclasses set `TRANSITIONS`, the statuses that may follow each, and a `user_id` column or property. Where
    these tolerate steps that were missed, `PATHS` has the documented ones (`workflow.paths`): they are drawn,
    and nothing is judged by them.
    """

    TRANSITIONS: dict[str, frozenset[str]] = {}
    PATHS: dict[str, frozenset[str]] = {}

    status_reason = models.CharField(max_length=500, blank=True)
    last_request_id = models.CharField("last Request ID", max_length=64, blank=True, db_index=True)
    status_at = models.DateTimeField(default=timezone.now)

    status: models.CharField
    user_id: int

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=StatusModel)


def start(row: Row, *, by: AbstractBaseUser | Process, reason: str = "") -> Row:
    """Insert a new row, with who asked for it as the first line of its history; in one transaction."""
    with transaction.atomic(savepoint=False):  # a row that cannot be inserted ends the caller's transaction
        insert(row)
        StatusChange.record(row, row.status, Actor.of(by, row.user_id), reason, from_status="")
    return row


def can_move(row: StatusModel, to: str) -> bool:
    """Whether the row's transition table allows this step."""
    return to in row.TRANSITIONS.get(row.status, frozenset())


def move(
    row: Row,
    to: str,
    *,
    by: AbstractBaseUser | Process,
    reason: str = "",
    request_id: str = "",
    **columns: object,
) -> Row:
    """Change a row's status: allowed, compare-and-set, logged with who did it, and pushed to open pages.

    `by` is the person or member of staff who decided, or how the broker's word came to us. `columns` are
    written in the same statement (`broker_status=…`, say). Returns the row re-read. Raises `IllegalMove` if
    the table forbids the step and `LostRace` if another process was first.
    """
    if not can_move(row, to):
        raise IllegalMove(f"{type(row).__name__} {row.pk}: {row.status} to {to}")
    changes = {"status": to, "status_reason": reason[:500], "status_at": timezone.now(), **columns}
    if request_id:
        changes["last_request_id"] = request_id
    with transaction.atomic(savepoint=False):  # of a step that is refused nothing is written
        before = row.status
        is_first = set_and_read(row, {"status": before}, changes)
        if is_first:
            actor = Actor.of(by, row.user_id)
            StatusChange.record(row, to, actor, reason, request_id, from_status=before)
            transaction.on_commit(partial(live.publish, row.user_id, type(row).__name__.lower(), row.pk, to))
    if not is_first:
        raise LostRace(f"{type(row).__name__} {row.pk} is no longer {row.status}")
    return row


def note(row: StatusModel, *, by: AbstractBaseUser | Process, reason: str) -> None:
    """Keep in the history what somebody did about a row that changes no status yet: a step from it to itself.

    Readers of the outbox that tell of changes pass such steps over.
    """
    StatusChange.record(row, row.status, Actor.of(by, row.user_id), reason)
