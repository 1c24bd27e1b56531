"""Follows one event stream for as long as it is told to: connect, store, reconnect."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.stream import (
    Event,
    Gap,
    StreamMessage,
    Unreadable,
    read_events,
)
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.events.resume import ResumePoint, resume_point
from brokerapp.events.services import printable, store_event, store_unreadable
from brokerapp.events.streams import PATHS

logger = logging.getLogger(__name__)

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 30.0
CURSOR_EVERY = 5.0
"""Seconds between notes of how fresh the stream is; also how long a page may be wrong about it."""

Open = Callable[[EventStream, ResumePoint], Iterator[StreamMessage]]


def open_stream(stream: EventStream, point: ResumePoint) -> Iterator[StreamMessage]:
    """The stream's messages from a point on. Raises `BrokerError`."""
    path, transport = PATHS[stream], get_client().transport
    if not point.after_id:
        # Of activities only what is new: their list is read anyway, and a firm's two days of them are many.
        since = None if stream == EventStream.ACTIVITIES else point.since
        return read_events(transport, path, since=since)
    if stream == EventStream.ACCOUNTS:
        return read_events(transport, path, since_ulid=point.after_id)
    return read_events(transport, path, since_id=point.after_id)


@dataclass
class Follower:
    """One stream's loop, in a thread of its own. `halt` ends it at the next message or pause."""

    stream: EventStream
    halt: threading.Event
    open: Open = open_stream
    jitter: Callable[[float, float], float] = random.uniform
    _failures: int = field(default=0, init=False)
    _noted_at: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Follow until halted. Whatever breaks (broker, database, network), the next try is a pause away."""
        while not self.halt.is_set():
            problem = "ended by the broker"
            try:
                self.follow_once()
            except (BrokerError, DatabaseError) as error:
                problem = str(error) if isinstance(error, BrokerError) else type(error).__name__
            except Exception:  # the loop must outlive what nobody foresaw
                logger.exception("stream %s", self.stream)
                problem = "internal error"
            if self.halt.is_set():
                break
            pause = self.next_pause()
            logger.warning("stream %s: %s; again in %.1f s", self.stream, problem, pause)
            self._note_disconnected(problem)
            self.halt.wait(pause)
        self._note_disconnected("stopped")
        connection.close()

    def next_pause(self) -> float:
        """Seconds until the next try: doubled at each failure up to half a minute, half of it at random."""
        longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(self._failures, 10))
        self._failures += 1
        return self.jitter(longest / 2, longest)

    def follow_once(self) -> None:
        """One connection, from where the stored events end until it ends, breaks, lost events or is halted.

        Raises `BrokerError` and `django.db.DatabaseError`.
        """
        point = resume_point(self.stream, timezone.now())
        StreamCursor.objects.get_or_create(stream=self.stream)
        for message in self.open(self.stream, point):
            if self.halt.is_set():
                return
            if isinstance(message, Event):
                store_event(stream=self.stream, event=message)
            if isinstance(message, Unreadable):
                store_unreadable(stream=self.stream, text=message.text, reason=message.reason)
            self._failures = 0
            self._note_alive(message)
            if isinstance(message, Gap):
                logger.warning("stream %s: %s", self.stream, message.reason)
                if message.dropped is not None:
                    return  # read again from the last stored event

    def _note_alive(self, message: StreamMessage) -> None:
        """Write how fresh the stream is; at most every `CURSOR_EVERY` seconds, so that bursts are cheap."""
        if self._noted_at and time.monotonic() - self._noted_at < CURSOR_EVERY:
            return
        now = timezone.now()
        changes: dict[str, object] = {"connected": True, "last_seen_at": now, "problem": ""}
        if not self._noted_at:
            changes["connected_at"] = now
        if isinstance(message, Event):
            changes |= {"last_event_at": now, "last_event_id": printable(message.id)[:64]}
        StreamCursor.objects.filter(stream=self.stream).update(**changes)
        self._noted_at = time.monotonic()

    def _note_disconnected(self, problem: str) -> None:
        self._noted_at = 0.0
        try:
            StreamCursor.objects.filter(stream=self.stream).update(
                connected=False, problem=printable(problem), reconnects=F("reconnects") + 1
            )
        except DatabaseError:
            # A connection that broke stays broken; without it the next query opens a new one.
            connection.close()
