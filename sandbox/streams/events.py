"""The event streams: replay what is asked for, then live, as server-sent events.

A stream reads the event log at its own pace, so a slow reader costs no memory. Whoever replays loses
nothing; whoever is live and lags too far behind is told how much was dropped, as by the vendor.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from sandbox.kernel import eventlog
from sandbox.kernel.eventlog import Event, EventLog, parse_ulid
from sandbox.state.api import (
    Call,
    Endpoint,
    Handler,
    Refusal,
    Reply,
    invalid,
    not_found,
    parse_instant,
    uuid_of,
)  # fmt: skip
from sandbox.state.world import World, log
from sandbox.streams.faults import Cut, StreamFaults
from sandbox.streams.views import ACTIVITIES, STREAMS, Stream

HEARTBEAT = 15.0  # seconds
MOST_STREAMS = 25
BATCH = 200  # events per write
LONGEST_LAG = 10_000  # events a live reader who keeps us waiting may be behind
PATIENCE = 1.0  # seconds a write may take before its reader counts as slow
WELCOME = b": welcome to the Alpaca events\n\n"
BEAT = b":heartbeat\n\n"
INTERNAL_ERROR = b": internal server error\n\n"


@dataclasses.dataclass(slots=True)
class Window:
    """Which part of the log a reader wants: from a position, up to a ULID or a number if any."""

    start: int
    last_ulid: bytes | None = None
    last_number: int | None = None

    def holds(self, event: Event) -> bool:
        if self.last_number is not None:
            return event.number <= self.last_number
        return self.last_ulid is None or event.ulid <= self.last_ulid

    def is_over(self, position: int, now: dt.datetime) -> bool:
        """Whether nothing that belongs to it can come any more."""
        if self.last_number is not None:
            return position >= self.last_number
        return self.last_ulid is not None and _time_of(self.last_ulid) < eventlog.milliseconds(now)

    def remaining(self, now: dt.datetime) -> float:
        """Seconds until its end by the clock; a heartbeat's length when it has none."""
        if self.last_ulid is None:
            return HEARTBEAT
        return max((_time_of(self.last_ulid) - eventlog.milliseconds(now)) / 1000, 0) + 0.002


def window_of(call: Call, stream: Stream) -> Window:
    """The part of the log the query asks for; only what is to come without a start. Raises a 422."""
    events = call.world.store.events
    starts = [name for name in ("since", "since_id", "since_ulid") if call.arg(name)]
    if len(starts) > 1:
        raise invalid("since, since_id and since_ulid are mutually exclusive")
    for suffix in ("", "_id", "_ulid"):
        if call.arg(f"until{suffix}") and not call.arg(f"since{suffix}"):
            raise invalid(f"until{suffix} requires since{suffix}")
    window = Window(len(events))
    if since := call.arg("since"):
        window.start = events.position_since(parse_instant(since, "since"))
    elif ulid := _ulid_arg(call, stream, "since"):
        window.start = events.position_after(ulid)
    elif since_id := call.arg("since_id"):
        window.start = min(_whole(since_id, "since_id"), len(events))
    if until := call.arg("until"):
        bound = eventlog.milliseconds(parse_instant(until, "until")) + 1
        window.last_ulid = (max(bound << 80, 1) - 1).to_bytes(16, "big")
    elif ulid := _ulid_arg(call, stream, "until"):
        window.last_ulid = ulid
    elif until_id := call.arg("until_id"):
        window.last_number = _whole(until_id, "until_id")
    return window


def _ulid_arg(call: Call, stream: Stream, name: str) -> bytes | None:
    text = call.arg(f"{name}_ulid") or ("" if stream.integer_ids else call.arg(f"{name}_id"))
    if not text:
        return None
    try:
        return parse_ulid(text)
    except ValueError as error:
        raise invalid(f"{name} is not a valid ULID") from error


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise invalid(f"{name} must be a whole number")
    return int(text)


def _needle(call: Call, stream: Stream) -> bytes:
    """What the body of every wanted event holds; empty when all are wanted."""
    call.flag("include_preprocessing")  # nothing here is ever preprocessed
    for name, key in (("id", stream.filter_key), ("group_id", "group_id")):
        if key and call.arg(name):
            return f'"{key}":"{uuid_of(call.arg(name))}"'.encode()
    return b""


def _open(stream: Stream) -> Handler:
    def open_stream(call: Call) -> Reply:
        window, needle = window_of(call, stream), _needle(call, stream)
        if call.world.feed.readers >= MOST_STREAMS:
            raise Refusal(429, 42910000, "Too many requests")
        return Reply(200, follow(call.world, stream, window, needle, call.path), is_stream=True)

    return open_stream


def get_activity_event(call: Call) -> Reply:
    """One event of the activities stream, as a stream that ends after it."""
    account, events = call.account(), call.world.store.events
    try:
        ulid = parse_ulid(call.params["event_id"])
    except ValueError as error:
        raise invalid("event_id is not a valid ULID") from error
    position = events.position_after(ulid) - 1
    found = _of_kinds(events, ACTIVITIES.kinds, position, position + 1) if position >= 0 else []
    shown = ACTIVITIES.render(found[0]) if found and found[0].ulid == ulid else b""
    if not shown or b'"account_id":"%s"' % account.id.encode() not in shown:
        raise not_found("activity event not found")
    return Reply(200, b"data: " + shown + b"\n\n", content_type="text/event-stream")


ENDPOINTS = [
    *(Endpoint("GET", path, _open(stream)) for path, stream in STREAMS.items()),
    Endpoint("GET", "/v2beta1/accounts/{account_id}/events/activities/{event_id}", get_activity_event),
]


async def follow(
    world: World, stream: Stream, window: Window, needle: bytes, path: str
) -> AsyncIterator[bytes]:
    """Yield the events of the window, then heartbeats and live events until its end or the process's.

    Raises Cut when a fault asks for that. Any other failure ends a v2 stream with a comment.
    """
    try:
        with world.feed.reader() as wake:
            yield WELCOME
            reader = Reader(world, stream, window, needle, StreamFaults(world, path))
            async with contextlib.aclosing(reader.chunks(wake)) as chunks:
                async for chunk in chunks:
                    began = time.monotonic()
                    yield chunk
                    reader.was_slow |= time.monotonic() - began > PATIENCE
    except Cut:
        raise
    except Exception:  # noqa: BLE001 - told to the reader, and logged
        log.exception("stream %s failed", path)
        if not stream.integer_ids:
            yield INTERNAL_ERROR


class Reader:
    """One open stream: where it is in the log, and what it is to be sent next. Lags are in events."""

    def __init__(
        self, world: World, stream: Stream, window: Window, needle: bytes, faults: StreamFaults
    ) -> None:
        self._world, self._events = world, world.store.events
        self._stream, self._window, self._needle, self._faults = stream, window, needle, faults
        self._position = min(window.start, len(self._events))
        self.was_slow = False

    async def chunks(self, wake: asyncio.Event) -> AsyncGenerator[bytes, None]:
        """Bytes to send, until the window is over; a heartbeat when there have been none for a while.

        What wakes this reader may be for others: silence is counted from what was sent.
        """
        feed, clock, live = self._world.feed, self._world.clock, False
        beat_at = time.monotonic() + HEARTBEAT
        while not feed.is_closed:
            wake.clear()
            await self._faults.strike()
            end, now = len(self._events), clock.now()
            if live and self.was_slow and end - self._position > LONGEST_LAG:
                yield self._drop(end)
            self.was_slow = False
            for chunk in self._until(end):
                if chunk:
                    yield chunk
                    beat_at = time.monotonic() + HEARTBEAT
                await asyncio.sleep(0)  # a long replay must not hold up everyone else
            if self._window.is_over(self._position, now) or self._position < end:
                return
            live = True
            if time.monotonic() >= beat_at:
                yield BEAT
                beat_at = time.monotonic() + HEARTBEAT
            pause = min(beat_at - time.monotonic(), self._window.remaining(now))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), pause)

    def _until(self, end: int) -> Iterator[bytes]:
        """Batches of events up to a position; stops short of it where the window ends."""
        while self._position < end:
            stop = min(self._position + BATCH, end)
            found = self._wanted(self._position, stop)
            inside = [event for event in found if self._window.holds(event)]
            shown = (self._stream.render(event) for event in self._faults.apply(inside))
            yield b"".join(b"data: " + body + b"\n\n" for body in shown if body)
            if len(inside) < len(found):
                return
            self._position = stop

    def _drop(self, end: int) -> bytes:
        """Skip to a position, and say how many events that leaves out."""
        count = sum(
            len(self._wanted(start, min(start + BATCH, end))) for start in range(self._position, end, BATCH)
        )
        self._position = end
        return f": you are reading too slowly, dropped {count} messages\n\n".encode() if count else b""

    def _wanted(self, start: int, stop: int) -> list[Event]:
        return [e for e in _of_kinds(self._events, self._stream.kinds, start, stop) if self._needle in e.body]


def _of_kinds(log: EventLog, kinds: frozenset[int], start: int, stop: int) -> list[Event]:
    if not any(log.kind_at(position) in kinds for position in range(start, stop)):
        return []
    return [event for event in log.read(start, stop) if event.kind in kinds]


def _time_of(ulid: bytes) -> int:
    """Milliseconds since 1970."""
    return int.from_bytes(ulid[:6], "big")
