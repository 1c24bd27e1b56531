"""What the first page of staff shows: queues, streams, the broker, and signs of life; each with its list."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Aggregate, Count, IntegerField, Q
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.broker.budget import budget_of
from brokerapp.broker.calls.access import NoAccess, find_no_access
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.streams.models import StreamCursor
from brokerapp.health.models import Heartbeat
from brokerapp.health.services import LATE_AFTER, PRICES
from brokerapp.ui import queues

WINDOW = timedelta(minutes=15)
"""The calls by which the broker's state is told."""


class Percentile95(Aggregate):
    """The value that 95 of 100 are not above."""

    template = "percentile_disc(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Broker:
    """How the broker answered in the last minutes, and what it lets us ask yet."""

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
class Stream:
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
    return Broker(found["calls"], found["trouble"], found["milliseconds"], budgets, find_no_access(now=now))


def streams(now: datetime) -> list[Stream]:
    """Every stream that was ever followed. One query."""
    return [
        Stream(
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
    """The workers by queue, beat by the newest of their heartbeats, and the loop of prices. One query."""
    rows = list(Heartbeat.objects.all())
    queues_of_beat = [row.at for row in rows if row.name != PRICES]
    found: list[dict[str, Any]] = [
        {"name": f"worker: {row.name}" if row.name != PRICES else "prices", "at": row.at} for row in rows
    ]
    if queues_of_beat:
        found.insert(0, {"name": "beat", "at": max(queues_of_beat)})
    seen = [at for at in StreamCursor.objects.values_list("last_seen_at", flat=True) if at]
    if seen:
        found.append({"name": "follower", "at": max(seen)})
    return [row | {"late": now - row["at"] > LATE_AFTER} for row in found]


def lengths(user: AbstractBaseUser | AnonymousUser) -> list[queues.Length]:
    """The queues that somebody may see, those with something in them first. One query a queue."""
    found = [queues.measure(queue) for queue in queues.queues_of(user)]
    return sorted(found, key=lambda length: (not length.count, not length.queue.is_urgent))


def home(request: HttpRequest) -> dict[str, Any]:
    """The context of the first page, as far as this member of staff may see it."""
    now, user = timezone.now(), request.user
    return {
        "now": now,
        "lengths": lengths(user),
        "broker": broker_state(now) if user.has_perm("calls.view_apicall") else None,
        "streams": streams(now) if user.has_perm("streams.view_streamcursor") else [],
        "heartbeats": heartbeats(now) if user.has_perm("health.view_heartbeat") else [],
    }
