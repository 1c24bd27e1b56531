"""How a write reaches the broker, the same for every noun: claim, call, outcome.

1. The service writes the intent: a row in its first status, not claimed.
2. `send` claims it on disk, so that of several processes one makes the call.
3. Before the call its row in the call log is committed, in one step with a look whether the claim still holds
   (`brokerapp.broker.calls.recorder.sending`). No row in the log therefore means that nothing was sent, and a
   claim that was given back can no longer be used by a process that was frozen meanwhile.
4. The outcome is written: what the broker said, UNKNOWN, or the claim given back where nothing was done.

A row of unknown outcome that the broker turns out not to have, and that does no harm twice, is sent again
while it stays UNKNOWN (`send(…, again_by=…)`): its status says since when nobody knows, and its history does
not grow with the attempts.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerError,
    BrokerMisconfigured,
    BrokerNotDone,
    BrokerOutcomeUnknown,
    BrokerRejected,
    BrokerUnreachable,
    CallNotRecorded,
    ClaimLost,
)
from brokerapp.broker.calls import recorder
from brokerapp.broker.calls.models import SENDING, ApiCall
from brokerapp.web.fixed_queries import lock, read_again
from brokerapp.web.fixed_writes import set_and_read
from brokerapp.workflow.state import (
    MOST_COUNTED,
    LostRace,
    Process,
    StatusModel,
    can_move,
    move,
    note,
    one_more,
)

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""Between two attempts at a write that certainly was not done, or of which the broker has nothing."""
TELL_STAFF_AFTER = 10
"""Attempts: by then it is a quarter of an hour and more, and no passing trouble."""
STOPPED = "The sender stopped before the reply."
SENT_AGAIN = "The broker does not have it; it is sent again."
SENT_OFTEN = "It was sent many times, and the broker still does not have it; it is tried again."


class SentModel(StatusModel):
    """A row whose intent is sent to the broker by the one process that claims it.

    It waits in the status `WAITING` until it is claimed; a call without a known outcome leaves it `UNKNOWN`.
    """

    WAITING = "SUBMITTING"
    UNKNOWN = "UNKNOWN"

    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="when a process took on the one call that sends it"
    )
    send_after = models.DateTimeField(
        default=timezone.now, help_text="not sent before, as an attempt was certainly not done"
    )
    failed_sends = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


class HasRequestId(Protocol):
    """A reply of the broker."""

    @property
    def request_id(self) -> str:
        """The broker's Request ID."""


Row = TypeVar("Row", bound=SentModel)
Reply = TypeVar("Reply", bound=HasRequestId)


def claim(row: Row, *, now: datetime) -> bool:
    """Take on the one call that sends a waiting row; False if it is not waiting or somebody else has.

    The row is re-read either way.
    """
    with transaction.atomic(durable=True):
        claimed = set_and_read(
            row, {"status": row.WAITING, "claimed_at": None}, {"claimed_at": _claimed_at(now)}
        )
    if not claimed:
        read_again(row)
    return claimed


def _claimed_at(now: datetime) -> datetime:
    """When a call is taken on: a sweep that began `now` may come to a row later."""
    return max(now, timezone.now())


def claim_again(row: Row, *, by: AbstractBaseUser | Process, now: datetime) -> bool:
    """Take on one more call for a row of unknown outcome that the broker was just found not to have.

    False if there is an outcome by now, or another call of it may be under way. The attempt is counted first,
    and the row not settled again before a pause that grows with each. The history says once that it is sent
    again, and once, as does the log, that it was `TELL_STAFF_AFTER` times. The row is re-read.
    """
    with transaction.atomic(durable=True):
        locked = lock(type(row), row.pk)
        taken = locked.claimed_at == row.claimed_at and _may_be_sent_again(locked, now)
        if taken:
            if locked.status == row.WAITING:
                move(locked, row.UNKNOWN, by=by, reason=STOPPED)
            _count_attempt(locked, by=by, now=now)
    read_again(row)
    # What was heard since is better than what another call would bring.
    return taken and row.status == row.UNKNOWN


def _may_be_sent_again(row: SentModel, now: datetime) -> bool:
    """Whether a call of the row has no outcome and cannot be under way any more."""
    if row.status == row.WAITING and row.claimed_at is None:
        return False
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    return row.status in (row.WAITING, row.UNKNOWN) and not (row.claimed_at and row.claimed_at > rested)


def _count_attempt(row: SentModel, *, by: AbstractBaseUser | Process, now: datetime) -> None:
    attempts = min(row.failed_sends + 1, MOST_COUNTED)
    reason = SENT_AGAIN if attempts < TELL_STAFF_AFTER else SENT_OFTEN
    if row.status_reason != reason:
        note(row, by=by, reason=reason)
        if reason == SENT_OFTEN:
            logger.error("%s has no outcome after %d attempts", row, attempts)
    type(row)._default_manager.filter(pk=row.pk).update(
        status_reason=reason, claimed_at=_claimed_at(now), send_after=now + _pause(row), failed_sends=attempts
    )


def send(
    row: Row,
    *,
    call: Callable[[], Reply],
    apply: Callable[[Reply], Row],
    refuse: Callable[[BrokerRejected], Row],
    not_done: Callable[[BrokerNotDone], Row] | None = None,
    again_by: AbstractBaseUser | Process | None = None,
    now: datetime,
) -> Row:
    """Send a waiting row that no process has claimed, once, and record the outcome; else change nothing.

    `apply` takes over the broker's reply and `refuse` its refusal. Where the broker certainly did nothing
    (busy, away, or our own set-up is wrong), the claim is given back for a later attempt, unless `not_done`
    decides otherwise. A reply that was lost makes the row UNKNOWN.

    With `again_by`, who settles it, a row of unknown outcome is sent that the broker was just found not to
    have (`claim_again`).
    """
    claimed = claim_again(row, by=again_by, now=now) if again_by else claim(row, now=now)
    if not claimed:
        return row
    try:
        with recorder.sending(row, status=row.status, claimed_at=row.claimed_at):
            reply = call()
    except (BrokerMisconfigured, ClaimLost) as error:
        # Our key is not accepted, which is no fault of the person (the transport tells staff), or another
        # process has the claim by now, so that there is nothing to give back.
        return give_back(row, error, now=now)
    except (BrokerBusy, BrokerUnreachable, CallNotRecorded) as error:
        return not_done(error) if not_done else give_back(row, error, now=now)
    except BrokerRejected as error:
        return refuse(error)
    except BrokerOutcomeUnknown as error:
        return conclude(row, row.UNKNOWN, reason=error.user_message, request_id=error.request_id)
    return apply(reply)


def _pause(row: SentModel) -> timedelta:
    """How long to wait after one more attempt; longer with each."""
    return min(FIRST_PAUSE * 2 ** min(row.failed_sends, 10), LONGEST_PAUSE)


def give_back(row: Row, error: BrokerError, *, now: datetime) -> Row:
    """Let a row be claimed again after a pause that grows with every attempt; nothing was done.

    One of unknown outcome stays as it is: what was sent before may still have been done.
    """
    columns: dict[str, Any] = {
        "claimed_at": None,
        "send_after": now + _pause(row),
        "failed_sends": min(row.failed_sends + 1, MOST_COUNTED),
        "status_reason": error.user_message[:500],
    }
    if error.request_id:
        columns["last_request_id"] = error.request_id
    type(row)._default_manager.filter(pk=row.pk, status=row.WAITING, claimed_at=row.claimed_at).update(
        **columns
    )
    row.refresh_from_db()
    return row


def put_off(row: SentModel, *, now: datetime) -> None:
    """Let a row whose outcome could not be found out be looked at later, so that it does not come first."""
    type(row)._default_manager.filter(pk=row.pk).update(
        send_after=now + _pause(row), failed_sends=one_more("failed_sends")
    )


def conclude(row: Row, to: str, *, reason: str, request_id: str) -> Row:
    """Record how a call ended that brought no object of the broker's; what was heard meanwhile is better.

    Returns the row re-read.
    """
    with transaction.atomic():
        locked = lock(type(row), row.pk)
        if locked.status in (row.WAITING, row.UNKNOWN) and can_move(locked, to):
            move(locked, to, by=Process.REPLY, reason=reason, request_id=request_id)
    read_again(row)
    return row


def may_have_arrived(row: SentModel) -> bool:
    """Whether a call that sends the row may have reached the broker, by the call log and our own memory.

    UNKNOWN is only entered after such a call, whether or not the log still has its row.
    """
    return row.status == row.UNKNOWN or sendings(row).exists()


def sendings(row: SentModel) -> "models.QuerySet[ApiCall]":
    """The calls that sent the row, or may have."""
    return ApiCall.objects.about(row).filter(method__in=SENDING).exclude(outcome=ApiCall.Outcome.NOT_DONE)


def release_unsent(row: Row, *, now: datetime) -> bool:
    """Give back a claim whose process cannot be alive any more, if no call of it was recorded.

    Recording a call and giving back the claim take the row's lock in turn: whichever comes second sees the
    other. Raises `LostRace` if the row changed meanwhile.
    """
    if row.claimed_at is None or row.claimed_at > now - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT):
        return False
    with transaction.atomic():
        locked = type(row)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
        if locked.claimed_at != row.claimed_at or locked.status != row.status:
            raise LostRace(f"{type(row).__name__} {row.pk} changed")
        if may_have_arrived(locked):
            return False
        type(row)._default_manager.filter(pk=row.pk).update(claimed_at=None)
    row.refresh_from_db()
    return True


def waiting_to_be_sent(model: type[Row], now: datetime) -> "models.QuerySet[Row]":
    """Rows that nobody has claimed although they may be sent: the message to the worker was lost."""
    return model._default_manager.filter(
        status=model.WAITING, claimed_at__isnull=True, send_after__lte=now
    ).order_by("send_after")


def without_outcome(model: type[Row], now: datetime) -> "models.QuerySet[Row]":
    """Rows of which a call has had no known outcome for longer than any call can take.

    Those that were put off come when they are due.
    """
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    return (
        model._default_manager.filter(
            Q(status=model.UNKNOWN) | Q(status=model.WAITING, claimed_at__isnull=False),
            status_at__lt=rested,
            send_after__lte=now,
        )
        .exclude(claimed_at__gte=rested)
        .order_by("send_after")
    )
