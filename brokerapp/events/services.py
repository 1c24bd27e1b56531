"""Events: stored first, handled after, tried again until handled or given up with a reason."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerMisconfigured,
    BrokerOutcomeUnknown,
    BrokerUnreachable,
    CallNotRecorded,
)
from brokerapp.broker.alpaca.scrub import scrub_members
from brokerapp.broker.alpaca.stream import Event
from brokerapp.broker.streams.models import EventStream
from brokerapp.events.models import UNREADABLE, BrokerEvent
from brokerapp.security.known_values import known_values
from brokerapp.workflow import jobs, sweeps

logger = logging.getLogger(__name__)

KEPT_FIELDS = {
    EventStream.ACCOUNTS: (
        "account_id",
        "at",
        "status_from",
        "status_to",
        "account_blocked",
        "trading_blocked",
    ),
    EventStream.FUNDING: (
        "account_id",
        "at",
        "entity_id",
        "entity_type",
        "status_from",
        "status_to",
        "reason",
    ),
    EventStream.TRADES: (
        "account_id",
        "at",
        "event",
        "execution_id",
        "order",
        "position_qty",
        "previous_execution_id",
        "price",
        "qty",
        "reason",
        "settle_date",
        "timestamp",
    ),
    EventStream.JOURNALS: ("at", "entry_type", "idempotency_key", "journal_id", "status_from", "status_to"),
    EventStream.ACTIVITIES: (
        "account_id",
        "activity_subtype",
        "activity_type",
        "at",
        "details",
        "executed_at",
        "previous_id",
        "ref_id",
        "status",
    ),
}
"""What is stored of an event; not KYC results, account numbers and descriptions, which may be personal."""
KEPT_DETAILS = ("bank_transaction_id", "journal_id", "order_id", "parent_id", "transfer_id")
"""Of an activity's details, the ids."""

DISPATCH = {
    EventStream.ACCOUNTS: "brokerapp.accounts.services.on_account_event",
    EventStream.FUNDING: "brokerapp.events.services.on_funding_event",
    EventStream.TRADES: "trading.services.events.on_trade_event",
    EventStream.JOURNALS: "funding.services.journals.on_journal_event",
    EventStream.ACTIVITIES: "brokerapp.activities.services.on_activity_event",
}
"""Who acts on a stream's events, called with the payload; returns what was done, if not simply applied."""
NAMES_NO_ACCOUNT = (EventStream.JOURNALS,)
"""Streams whose events say what they are about, and not whose it is."""
FUNDING_DISPATCH = {
    "BankRelationship": "funding.services.banks.on_bank_event",
    "Transfer": "funding.services.transfers.on_transfer_event",
}

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
MAX_ATTEMPTS = 10
"""With the pauses above, about half an hour."""
BROKER_AWAY_FOR = timedelta(hours=24)
"""How long an event is tried again while the broker does not answer, whatever the number of attempts."""
FOREIGN_AFTER = timedelta(minutes=10)
"""An event about an account that we do not know is about somebody else's once it is this old.

Younger ones can be about an account whose reply to us is still on its way.
"""
KEPT_FOR = timedelta(days=90)
"""The life of a handled event. What it changed is in the status history, which is kept."""
PRUNE_BATCH = 5000


class UnknownAccount(Exception):
    """The event is about an account that we have not written down, or not yet."""


def store_event(*, stream: EventStream, event: Event) -> BrokerEvent | None:
    """Keep an event and have it handled. Returns None, and does nothing, if it is there already.

    One that cannot be stored as it is (an id too long, a NUL in a text, no account) is kept as unreadable:
    the stream has to go on after it.
    """
    kept = {name: event.body[name] for name in KEPT_FIELDS[stream] if name in event.body}
    if isinstance(details := kept.get("details"), Mapping):
        kept["details"] = {name: details[name] for name in KEPT_DETAILS if name in details}
    try:
        kept = scrub_members(kept, lambda: _known_of(event))
        if stream not in NAMES_NO_ACCOUNT and not event.body.get("account_id"):
            raise ValueError("no account")
        with transaction.atomic():
            row, created = BrokerEvent.objects.get_or_create(
                stream=stream,
                event_id=event.id,
                defaults={
                    "account_id": event.body.get("account_id") or None,
                    "payload": {"event_id": event.id} | kept,
                    "occurred_at": parse_datetime(str(event.body.get("at") or "")),
                },
            )
    except (DataError, ValueError, ValidationError) as error:
        # The text of a database error can hold the values of a row.
        reason = str(error) if isinstance(error, ValueError) else type(error).__name__
        text = json.dumps([event.id, event.body], default=str, sort_keys=True)
        return store_unreadable(stream=stream, text=text, reason=reason, kept={"event_id": event.id} | kept)
    if not created:
        return None
    jobs.enqueue("brokerapp.events.tasks.handle_event", event_pk=row.pk)
    return row


def _known_of(event: Event) -> frozenset[str] | None:
    """What we know of the person whom an event is about; None of one whom we do not know."""
    account_id = str(event.body.get("account_id") or "")
    if not account_id:
        return None
    person = BrokerageAccount.objects.filter(broker_account_id=account_id).values_list("user_id", flat=True)
    person_id = person.first()
    return known_values(person_id) if person_id else None


def store_unreadable(
    *, stream: EventStream, text: str, reason: str, kept: Mapping[str, object] | None = None
) -> BrokerEvent | None:
    """Keep for staff that an event came which we cannot read: a digest, and what of `kept` can be written.

    Its text is not kept, as nobody knows what is in it. Returns None if it is there already.
    """
    readable = {name: printable(value) for name, value in (kept or {}).items()}
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    row, created = BrokerEvent.objects.get_or_create(
        stream=stream,
        event_id=f"sha256:{digest}"[:64],
        defaults={
            "payload": {"characters": len(text)} | readable,
            "handled_at": timezone.now(),
            "outcome": UNREADABLE,
            "error": printable(reason),
        },
    )
    if not created:
        return None
    logger.error("stream %s: an event cannot be read (%s), kept as %s", stream, row.error, row.event_id)
    return row


def printable(value: object) -> str:
    """A text that a column takes, at most 200 characters of it: without NULs and lone surrogates."""
    return str(value)[:200].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def handle_event(*, event_pk: int, now: datetime) -> None:
    """Try once to handle an event, if it is due and no other process is at it.

    The attempt is counted before it is made and holds off others until the next try is due, so that a
    process that dies leaves an event that is tried again. What fails is kept on the row; nothing is raised.
    """
    due = BrokerEvent.objects.waiting(now).filter(pk=event_pk)
    event = due.first()
    if event is None or not due.filter(attempts=event.attempts).update(
        attempts=F("attempts") + 1, next_try_at=now + _pause(event.attempts)
    ):
        return
    event.refresh_from_db()
    try:
        outcome = dispatch(event, now)
    except Exception as error:  # noqa: BLE001  one event's trouble must not keep the others waiting
        _record_failure(event, error, now)
    else:
        _close(event, outcome, "")


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** min(attempts, 10), LONGEST_PAUSE)


def dispatch(event: BrokerEvent, now: datetime) -> str:
    """Have the app concerned act on an event. Returns what was done, if not simply applied.

    Raises what the app raises, and `UnknownAccount` for an account that may become ours in a moment.
    """
    if event.stream not in NAMES_NO_ACCOUNT and not _is_of_our_account(event):
        if now - (event.occurred_at or event.received_at) > FOREIGN_AFTER:
            return "not one of our accounts"
        raise UnknownAccount("not one of our accounts, or not yet")
    handler: Callable[[dict[str, object]], str | None] = import_string(DISPATCH[EventStream(event.stream)])
    return handler(event.payload) or ""


def _is_of_our_account(event: BrokerEvent) -> bool:
    if event.account_id is None:
        return False
    return BrokerageAccount.objects.filter(broker_account_id=event.account_id).exists()


def on_funding_event(payload: dict[str, object]) -> str:
    """A funding event, by what it is about."""
    path = FUNDING_DISPATCH.get(str(payload.get("entity_type")))
    if path is None:
        return f"not followed: {payload.get('entity_type')}"
    handler: Callable[[dict[str, object]], str | None] = import_string(path)
    return handler(payload) or ""


def handle_waiting_events() -> None:
    """Sweep: events that are due, oldest first. A try puts its own event off, so none comes first twice."""
    sweeps.sweep(
        "events",
        BrokerEvent.objects.waiting(timezone.now()),
        lambda event: handle_event(event_pk=event.pk, now=timezone.now()),
    )


def retry_event(*, event: BrokerEvent, by: AbstractBaseUser | AnonymousUser) -> None:
    """Staff have an event handled once more, whatever became of it before; not one that is unreadable."""
    if event.outcome == UNREADABLE:
        return
    logger.info("%s has event %s handled again", by, event)
    BrokerEvent.objects.filter(pk=event.pk).update(
        handled_at=None, outcome="", attempts=0, next_try_at=timezone.now()
    )
    jobs.enqueue("brokerapp.events.tasks.handle_event", event_pk=event.pk)


def prune_events(*, now: datetime) -> int:
    """Delete handled events past `KEPT_FOR`, but the newest of each stream: it says where to resume.

    Returns how many.
    """
    newest = BrokerEvent.objects.readable().order_by("stream", "-event_id").distinct("stream").values("pk")
    old = BrokerEvent.objects.filter(handled_at__isnull=False, received_at__lt=now - KEPT_FOR)
    old = old.exclude(pk__in=newest).order_by("received_at")
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:PRUNE_BATCH]):
        deleted += BrokerEvent.objects.filter(pk__in=batch).delete()[0]
    return deleted


def _record_failure(event: BrokerEvent, error: Exception, now: datetime) -> None:
    """Keep why an attempt failed; outside whatever the attempt rolled back."""
    # The text of a database error can hold the values of a row.
    said = "" if isinstance(error, DatabaseError) else f": {error}"
    text = f"{type(error).__name__}{said}"[:500]
    if _lasts(event, error, now):
        logger.info("event %s failed, attempt %s: %s", event, event.attempts, text)
        BrokerEvent.objects.filter(pk=event.pk).update(error=text)
    elif isinstance(error, UnknownAccount):
        _close(event, "not one of our accounts", "")
    else:
        logger.error("event %s is given up after %s attempts", event, event.attempts, exc_info=error)
        _close(event, f"given up after {event.attempts} attempts", text)


def _lasts(event: BrokerEvent, error: Exception, now: datetime) -> bool:
    """Whether an event that failed is tried again; always, where the fault is our set-up's."""
    if isinstance(error, (BrokerMisconfigured, CallNotRecorded)):
        return True
    if isinstance(error, (BrokerBusy, BrokerUnreachable, BrokerOutcomeUnknown)):
        return now - event.received_at < BROKER_AWAY_FOR
    return event.attempts < MAX_ATTEMPTS


def _close(event: BrokerEvent, outcome: str, error: str) -> None:
    BrokerEvent.objects.filter(pk=event.pk).update(
        handled_at=timezone.now(), outcome=outcome[:200], error=error
    )
