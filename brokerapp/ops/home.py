"""What the first page of staff shows: queues, streams, the broker, and signs of life; each with its list."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Aggregate, Count, IntegerField, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from brokerapp.broker.budget import budget_of
from brokerapp.broker.calls.access import NoAccess, find_no_access
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.streams.models import StreamCursor
from brokerapp.health.models import Heartbeat
from brokerapp.health.services import LATE_AFTER, PRICES
from brokerapp.in_hand import services as in_hand
from brokerapp.ui import names, queues

WINDOW = timedelta(minutes=15)
"""The calls by which the broker's state is told."""


class Percentile95(Aggregate):
    """The value that 95 of 100 are not above."""

    template = "percentile_disc(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Broker:
    """How the broker answered in the last minutes, and what it lets us ask yet."""

    since: datetime
    calls: int
    trouble: int
    milliseconds: int | None
    budgets: list[tuple[str, tuple[int, int] | None]]
    no_access: list[NoAccess]

    @property
    def error_rate(self) -> str:
        """The share of calls that were not done or may not have been."""
        return f"{self.trouble / self.calls:.1%}" if self.calls else "–"


@dataclass(frozen=True)
class StreamState:
    """One event stream: whether news come, how long ago a byte and an event came, and how far it was read."""

    name: str
    is_live: bool
    lag: int | None
    last_event_at: datetime | None
    last_event_id: str
    reconnects: int
    problem: str


def broker_state(now: datetime) -> Broker:
    """One query over the calls of `WINDOW`, a few index look-ups, and the budgets from Redis."""
    calls = ApiCall.objects.filter(started_at__gte=now - WINDOW)
    found = calls.order_by().aggregate(
        calls=Count("*"),
        trouble=Count("pk", filter=~Q(outcome=ApiCall.Outcome.OK)),
        milliseconds=Percentile95("milliseconds"),
    )
    addresses = dict.fromkeys((settings.BROKER_BASE_URL, settings.BROKER_DATA_URL))
    titles = ("Broker API", "Market data")
    budgets = [(title, budget_of(url).left()) for title, url in zip(titles, addresses, strict=False)]
    return Broker(
        now - WINDOW,
        found["calls"],
        found["trouble"],
        found["milliseconds"],
        budgets,
        find_no_access(now=now),
    )


def streams(now: datetime) -> list[StreamState]:
    """Every stream that was ever followed. One query."""
    return [
        StreamState(
            cursor.get_stream_display(),
            cursor.is_live(now),
            int((now - cursor.last_seen_at).total_seconds()) if cursor.last_seen_at else None,
            cursor.last_event_at,
            cursor.last_event_id,
            cursor.reconnects,
            cursor.problem,
        )
        for cursor in StreamCursor.objects.all()
    ]


def heartbeats(now: datetime) -> list[dict[str, Any]]:
    """The workers by queue, beat by the newest of their heartbeats, prices, and who follows the events.

    Each with the list that it is from. Two queries.
    """
    rows = list(Heartbeat.objects.all())
    queues_of_beat = [row.at for row in rows if row.name != PRICES]
    page = "admin:health_heartbeat_changelist"
    found: list[dict[str, Any]] = [
        {"name": f"worker: {row.name}" if row.name != PRICES else "prices", "at": row.at, "page": page}
        for row in rows
    ]
    if queues_of_beat:
        found.insert(0, {"name": "beat", "at": max(queues_of_beat), "page": page})
    seen = [at for at in StreamCursor.objects.values_list("last_seen_at", flat=True) if at]
    if seen:
        found.append({"name": "follower", "at": max(seen), "page": "admin:streams_streamcursor_changelist"})
    return [row | {"late": now - row["at"] > LATE_AFTER} for row in found]


@dataclass(frozen=True)
class Mine:
    """A row that waits, and that the member of staff who looks has in hand."""

    title: str
    url: str
    called: str
    since: datetime


def lengths(user: AbstractBaseUser | AnonymousUser) -> list[queues.Length]:
    """The queues that somebody may see, those with something in them first. One query a queue."""
    found = [queues.measure(queue) for queue in queues.queues_of(user)]
    return sorted(found, key=lambda length: (not length.count, not length.queue.is_urgent))


def hands(
    found: list[queues.Length], user: AbstractBaseUser | AnonymousUser
) -> tuple[list[queues.Length], list[Mine]]:
    """The queues with who has how many of each in hand, and the rows that `user` has, the longest first.

    One query, one for each queue of whose kind somebody has a row, and one for names.
    """
    taken = in_hand.by_model()
    waiting = {length.queue.name: _taken_of(length, taken) for length in found}
    holders = {holder for rows in waiting.values() for holder, _, _, _ in rows}
    called = names.names_of(holders | {person for rows in waiting.values() for _, _, person, _ in rows})
    told = [
        replace(
            length,
            hands=tuple(
                ("you" if holder == user.pk else called[holder], count)
                for holder, count in Counter(row[0] for row in waiting[length.queue.name]).most_common()
            ),
        )
        for length in found
    ]
    mine = [
        Mine(length.queue.title, _page_of(length.queue, key), called.get(person or 0, ""), since)
        for length in found
        for holder, key, person, since in waiting[length.queue.name]
        if holder == user.pk
    ]
    return told, sorted(mine, key=lambda row: row.since)


def _taken_of(
    length: queues.Length, taken: dict[str, dict[str, int]]
) -> list[tuple[int, object, int | None, datetime]]:
    """Of the rows of a queue that somebody has in hand: who, the row's key, whose it is, and since when."""
    rows = length.queue.rows()
    holders = taken.get(rows.model._meta.label)
    if not (holders and length.count):
        return []
    columns = {field.attname for field in rows.model._meta.concrete_fields}
    person = next((name for name in ("user_id", "person_id") if name in columns), None)
    wanted = ("pk", length.queue.since, *([person] if person else ()))
    return [
        (holders[str(key)], key, *(rest or (None,)), since)
        for key, since, *rest in rows.filter(pk__in=list(holders)).values_list(*wanted)
    ]


def _page_of(queue: queues.Queue, key: object) -> str:
    meta = queue.rows().model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])


def home(request: HttpRequest) -> dict[str, Any]:
    """The context of the first page, as far as this member of staff may see it."""
    now, user = timezone.now(), request.user
    told, mine = hands(lengths(user), user)
    return {
        "now": now,
        "lengths": told,
        "mine": mine,
        "broker": broker_state(now) if user.has_perm("calls.view_apicall") else None,
        "streams": streams(now) if user.has_perm("streams.view_streamcursor") else [],
        "heartbeats": heartbeats(now) if user.has_perm("health.view_heartbeat") else [],
    }
