import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from brokerapp.broker.alpaca.stream import (
    Event,
    Gap,
    StreamBroken,
    StreamHeartbeat,
    StreamMessage,
    Unreadable,
)
from brokerapp.broker.streams.models import SILENCE_LIMIT, EventStream, StreamCursor
from brokerapp.events.follower import Follower, open_stream
from brokerapp.events.models import BrokerEvent
from brokerapp.events.resume import ResumePoint
from tests.broker_stub import broker_stub

pytestmark = pytest.mark.django_db


def event() -> Event:
    return Event(uuid4().hex, {"account_id": str(uuid4())})


class Broker:
    """Streams as scripted: a list of messages per connection; an exception in it breaks the stream."""

    def __init__(self, halt: threading.Event, *connections: list[StreamMessage | Exception]) -> None:
        self.halt = halt
        self.connections = list(connections)
        self.points: list[ResumePoint] = []

    def open(self, stream: EventStream, point: ResumePoint) -> Iterator[StreamMessage]:
        self.points.append(point)
        messages = self.connections.pop(0)
        if not self.connections:
            messages = [*messages, StreamHeartbeat()]
        for number, message in enumerate(messages):
            if not self.connections and number == len(messages) - 1:
                self.halt.set()
            if isinstance(message, Exception):
                raise message
            yield message


def follow(*connections: list[StreamMessage | Exception]) -> Broker:
    halt = threading.Event()
    broker = Broker(halt, *connections)
    pauses: list[float] = []

    def pause(low: float, high: float) -> float:
        pauses.append(high)
        if len(pauses) > 2 * len(connections) + 2:
            halt.set()  # a test that fails must not go on for ever
        return 0

    Follower(EventStream.TRADES, halt, open=broker.open, jitter=pause).run()
    return broker


@pytest.fixture(autouse=True)
def keep_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower closes its thread's connection when it ends; here that is the test's own."""
    monkeypatch.setattr(connection, "close", lambda: None)


def test_run_stores_events_and_notes_how_fresh_they_are() -> None:
    follow([StreamHeartbeat(), event(), event()])
    assert BrokerEvent.objects.filter(stream=EventStream.TRADES).count() == 2
    cursor = StreamCursor.objects.get()
    assert cursor.last_seen_at is not None
    assert (cursor.connected, cursor.problem) == (False, "stopped")


def test_run_reconnects_and_repeats_are_stored_once() -> None:
    repeated = event()
    broker = follow([repeated, StreamBroken("The stream was cut.")], [repeated, event()])
    assert len(broker.points) == 2
    assert BrokerEvent.objects.count() == 2


@pytest.mark.parametrize("trouble", [StreamBroken("silent"), OperationalError("gone"), RuntimeError("bug")])
def test_run_outlives(trouble: Exception) -> None:
    follow([trouble], [event()])
    assert BrokerEvent.objects.count() == 1


def test_run_events_dropped_reads_again_from_what_is_stored() -> None:
    broker = follow([event(), Gap("dropped 10 messages", 10), event()], [event()])
    assert len(broker.points) == 2
    assert BrokerEvent.objects.count() == 2


@pytest.mark.parametrize(
    "unreadable",
    [
        Unreadable("not JSON", "not JSON"),
        Event("0" * 65, {"account_id": str(uuid4())}),
        Event("nul \0", {"account_id": str(uuid4())}),
        Event("nul", {"account_id": str(uuid4()), "event": "a \0 in it"}),
        Event("surrogate", {"account_id": str(uuid4()), "event": "\ud800"}),
        Event("no number", {"account_id": str(uuid4()), "price": float("nan")}),
        Event("no account", {}),
        Event("no uuid", {"account_id": "13"}),
        Event("no date", {"account_id": str(uuid4()), "at": "2026-13-45T25:00:00Z"}),
    ],
    ids=lambda event: event.text if isinstance(event, Unreadable) else ascii(event.id[:12]),
)
def test_run_unreadable_event_is_kept_as_such_and_does_not_stop_the_stream(unreadable: Any) -> None:
    broker = follow([unreadable, event()])
    assert len(broker.points) == 1
    kept, readable = BrokerEvent.objects.order_by("pk")
    assert (kept.outcome, kept.handled_at is not None) == ("unreadable", True)
    assert kept.event_id.startswith("sha256:")
    assert readable.outcome == ""


def test_run_unreadable_event_that_comes_again_is_kept_once() -> None:
    again = Event("0" * 65, {"account_id": str(uuid4())})
    follow([again], [again, event()])
    assert BrokerEvent.objects.filter(outcome="unreadable").count() == 1


def test_next_pause_doubles_to_half_a_minute_and_is_never_the_same() -> None:
    follower = Follower(EventStream.TRADES, threading.Event(), jitter=lambda low, high: high)
    assert [follower.next_pause() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    jittered = [Follower(EventStream.TRADES, threading.Event()).next_pause() for _ in range(20)]
    assert all(0.5 <= pause <= 1 for pause in jittered)
    assert len(set(jittered)) > 1


def test_is_live_until_a_minute_of_silence() -> None:
    now = timezone.now()
    cursor = StreamCursor(stream=EventStream.TRADES, connected=True, last_seen_at=now)
    assert cursor.is_live(now)
    assert not cursor.is_live(now + SILENCE_LIMIT)
    assert not StreamCursor(stream=EventStream.TRADES, connected=False, last_seen_at=now).is_live(now)


@pytest.mark.parametrize(
    ("stream", "path", "parameter"),
    [
        (EventStream.ACCOUNTS, "/v1/events/accounts/status", "since_ulid"),
        (EventStream.FUNDING, "/v2/events/funding/status", "since_id"),
        (EventStream.TRADES, "/v2/events/trades", "since_id"),
        (EventStream.JOURNALS, "/v2/events/journals/status", "since_id"),
    ],
)
def test_open_stream_resumes_by_the_right_parameter(stream: EventStream, path: str, parameter: str) -> None:
    with broker_stub() as broker:
        broker.on("GET", path, body=": welcome\n\n", content_type="text/event-stream")
        messages: list[Any] = list(open_stream(stream, ResumePoint(after_id="01F84ZC0H0Q1QN7XPNWX44HF5J")))
        url = broker.calls[0].request.url or ""
        assert url.endswith(f"{path}?{parameter}=01F84ZC0H0Q1QN7XPNWX44HF5J")
    assert messages == [StreamHeartbeat()]
