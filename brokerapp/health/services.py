"""Who gave a sign of life, and when: queues by their heartbeat, event streams by their last byte."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.health.models import Heartbeat

LATE_AFTER = timedelta(minutes=2)
"""Heartbeats come every quarter of a minute, and a stream that breaks is back within half a minute."""

SWEEPS, MARKET = "sweeps", "market"
PRICES = "prices"
"""The loop that pushes prices, a thread of the follower: not a queue, so beat sends it nothing."""
OF_FIGURES = (EventStream.FUNDING.value, EventStream.TRADES.value, SWEEPS, MARKET)
"""Without these, what a page shows is older than people expect."""


@dataclass(frozen=True)
class Sign:
    """The last sign of life of a queue or a stream; `late` if that was too long ago."""

    name: str
    at: datetime | None
    late: bool


def note_alive(*, queue: str, now: datetime) -> None:
    """Write that the workers of a queue are at work."""
    Heartbeat.objects.update_or_create(name=queue, defaults={"at": now})


def signs(now: datetime) -> list[Sign]:
    """The last sign of each queue and stream that ever gave one. One query.

    A stream that was never followed and a queue that was never worked on have none: nothing was shown yet
    that could be out of date.
    """
    streams = StreamCursor.objects.order_by().values_list("stream", "last_seen_at")
    rows = Heartbeat.objects.order_by().values_list("name", "at").union(streams, all=True)
    return [Sign(name, at, late=at is None or now - at > LATE_AFTER) for name, at in sorted(rows)]


def delayed_since(now: datetime) -> datetime | None:
    """Since when figures are not kept fresh, or None if they are. One query."""
    late = [sign.at for sign in signs(now) if sign.late and sign.name in OF_FIGURES and sign.at]
    return min(late, default=None)


def is_alive(name: str, now: datetime) -> bool:
    """Whether a process of the Procfile gave a sign of life lately: `beat`, `events`, or a queue by its name.

    Beat is seen by any queue's heartbeat, since it sends them; the follower by any stream's.
    """
    fresh = {sign.name for sign in signs(now) if not sign.late}
    streams = set(EventStream.values)
    wanted = {"beat": fresh - streams - {PRICES}, "events": fresh & streams}
    return bool(wanted.get(name, fresh & {name}))
