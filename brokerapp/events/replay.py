"""A window of a stream, pulled again from the broker: what we never got, and what that would change.

`pull` only reads: it holds each event of the window against what is stored, and the newest word on each
object against our row. `apply` pulls once more, stores what is missing, and has that, and what was given up,
handled as if it had just come. Both may be repeated.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.dateparse import parse_datetime

from brokerapp.broker.alpaca.stream import Event, StreamBroken, StreamHeartbeat, read_events
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream
from brokerapp.events import services
from brokerapp.events.models import UNREADABLE, BrokerEvent
from brokerapp.events.resume import ulid_time
from brokerapp.events.streams import PATHS
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record

logger = logging.getLogger(__name__)

MOST = 2000
"""Events of one window; a longer one is told to be cut."""
LONGEST = timedelta(hours=48)
QUIET = 5.0
"""Seconds without a byte after which all that was asked for has come."""
NO_INSTANTS = (EventStream.ACCOUNTS,)
"""Streams that are asked for by days alone."""

MISSING, WAITING, GIVEN_UP, UNREAD, HANDLED = "missing", "waiting", "given up", "unreadable", "handled"


class WindowRefused(Exception):
    """The window is empty, too long, or lies ahead."""


@dataclass(frozen=True)
class Told:
    """What an event says: of which object of ours, the broker's word on it, and what we have."""

    what: str
    row: Any
    theirs: str
    ours: str

    @property
    def differs(self) -> bool:
        """Whether our row has another word."""
        return bool(self.theirs) and self.theirs != self.ours


@dataclass(frozen=True)
class Pulled:
    """One event of the window: what became of it here, and what it says if it is its object's newest."""

    event: Event
    at: datetime | None
    state: str
    stored: BrokerEvent | None
    told: Told | None

    @property
    def would_be_handled(self) -> bool:
        """Whether `apply` would act on it."""
        return self.state in (MISSING, GIVEN_UP)


@dataclass(frozen=True)
class Window:
    """A pulled window, oldest event first."""

    stream: EventStream
    since: datetime
    until: datetime
    events: list[Pulled]
    is_cut: bool

    @property
    def count_to_handle(self) -> int:
        """How many events would be handled."""
        return sum(pulled.would_be_handled for pulled in self.events)

    @property
    def changes(self) -> list[Told]:
        """What the broker's newest word in the window has otherwise than we have."""
        return [pulled.told for pulled in self.events if pulled.told is not None and pulled.told.differs]


def pull(*, stream: EventStream, since: datetime, until: datetime, now: datetime) -> Window:
    """Read a window of a stream again. Changes nothing. Raises `WindowRefused` and `BrokerError`."""
    if not since < until <= now + timedelta(minutes=1) or until - since > LONGEST:
        hours = LONGEST // timedelta(hours=1)
        raise WindowRefused(
            f"Choose a time that is over, of {hours} hours at the most, with its begin first."
        )
    found: list[Event] = []
    is_cut = False
    for event in _read(stream, since, until):
        if len(found) == MOST:
            is_cut = True
            break
        found.append(event)
    return Window(stream, since, until, _compare(stream, found), is_cut)


def apply(
    *, stream: EventStream, since: datetime, until: datetime, by: AbstractBaseUser, reason: str, now: datetime
) -> Window:
    """Pull the window and have handled what is missing or was given up. Raises as `pull` does."""
    window = pull(stream=stream, since=since, until=until, now=now)
    done = 0
    for pulled in window.events:
        if pulled.state == MISSING:
            done += services.store_event(stream=stream, event=pulled.event) is not None
        elif pulled.state == GIVEN_UP and pulled.stored is not None:
            services.retry_event(event=pulled.stored, by=by)
            done += 1
    detail = {"stream": stream.value, "since": since.isoformat(), "until": until.isoformat(), "events": done}
    record(Kind.EVENTS_REPLAYED, staff=by, reason=reason, detail=detail)
    return window


def _read(stream: EventStream, since: datetime, until: datetime) -> Iterator[Event]:
    by_day = stream in NO_INSTANTS
    messages = read_events(
        get_client().transport,
        PATHS[stream],
        since=since.date() if by_day else since,
        until=None if by_day else until,
        silence=QUIET,
    )
    beats = 0
    try:
        for message in messages:
            beats += isinstance(message, StreamHeartbeat)
            if beats > 1:  # the first is a greeting; with the second all has been told that there was
                return
            if isinstance(message, Event) and since <= (_time_of(message) or since) <= until:
                yield message
    except StreamBroken as error:
        logger.info("replay of %s: %s", stream, error)


def _time_of(event: Event) -> datetime | None:
    at = parse_datetime(str(event.body.get("at") or ""))
    return at if at is not None and at.tzinfo is not None else ulid_time(event.id)


def _compare(stream: EventStream, events: list[Event]) -> list[Pulled]:
    known = BrokerEvent.objects.filter(stream=stream, event_id__in=[event.id for event in events])
    stored = {row.event_id: row for row in known}
    newest = {key: event.id for event in events if (key := _key(stream, event.body))}
    rows = _rows(stream, list(newest))
    found = []
    for event in events:
        key = _key(stream, event.body)
        told = _told(stream, event, rows.get(key)) if key and newest[key] == event.id else None
        row = stored.get(event.id)
        found.append(Pulled(event, _time_of(event), state_of(row), row, told))
    return found


def state_of(row: BrokerEvent | None) -> str:
    """What has become of an event here, in a word."""
    if row is None:
        return MISSING
    if row.outcome == UNREADABLE:
        return UNREAD
    if row.handled_at is None:
        return WAITING
    return GIVEN_UP if row.error else HANDLED


def _key(stream: EventStream, body: Mapping[str, Any]) -> str:
    """The broker's id of the object that an event is about; "" if it names none."""
    if stream == EventStream.TRADES:
        order = body.get("order")
        return str(order.get("id") or "") if isinstance(order, Mapping) else ""
    names = {
        EventStream.ACCOUNTS: "account_id",
        EventStream.FUNDING: "entity_id",
        EventStream.JOURNALS: "journal_id",
        EventStream.ACTIVITIES: "ref_id",
    }
    return str(body.get(names[stream]) or "")


def _rows(stream: EventStream, keys: list[str]) -> dict[str, Any]:
    """Our rows by the broker's ids. One query for each model that the stream can be about."""
    models: dict[EventStream, tuple[tuple[str, str], ...]] = {
        EventStream.ACCOUNTS: (("accounts.BrokerageAccount", "broker_account_id"),),
        EventStream.FUNDING: (
            ("funding.Transfer", "broker_transfer_id"),
            ("funding.BankLink", "relationship_id"),
        ),
        EventStream.TRADES: (("trading.Order", "broker_order_id"),),
        EventStream.JOURNALS: (("funding.Transfer", "broker_transfer_id"),),
        EventStream.ACTIVITIES: (("activities.Activity", "reference"),),
    }
    found: dict[str, Any] = {}
    for label, column in models[stream]:
        for row in apps.get_model(label)._default_manager.filter(**{f"{column}__in": keys}):
            found[str(getattr(row, column))] = row
    return found


def _told(stream: EventStream, event: Event, row: Any) -> Told | None:
    if row is None:
        return None
    order = event.body.get("order")
    said = order.get("status") if isinstance(order, Mapping) else event.body.get("status_to")
    ours = str(getattr(row, "broker_status", "") or getattr(row, "status", ""))
    theirs = "" if stream == EventStream.ACTIVITIES else str(said or "")
    return Told(str(row._meta.verbose_name), row, theirs, ours)
