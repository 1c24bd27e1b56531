"""The event streams: replay what is asked for, then live, as server-sent events.

A stream reads the event log at its own pace, so a slow reader loses nothing and costs no memory.
"""

import asyncio
import dataclasses
import datetime as dt
import re
from collections.abc import AsyncIterator, Callable

from sandbox import eventlog
from sandbox.api import (
    Call,
    Endpoint,
    Handler,
    Refusal,
    Reply,
    decode_json,
    encode_json,
    invalid,
    parse_instant,
    uuid_of,
)  # fmt: skip
from sandbox.eventlog import Event, EventLog, parse_ulid, ulid_text
from sandbox.stream_faults import StreamFaults
from sandbox.world import World

HEARTBEAT = 15.0  # seconds
MOST_STREAMS = 25
BATCH = 200  # events per write
WELCOME = b": welcome to the Alpaca events\n\n"
BEAT = b":heartbeat\n\n"
CORRESPONDENT = "SNDB"
Renderer = Callable[[Event], bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Stream:
    kinds: frozenset[int]
    render: Renderer
    integer_ids: bool  # v1: since_id is an integer, ULIDs have parameters of their own
    filter_key: str = ""  # the member the id parameter filters by


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


def render_v1(event: Event) -> bytes:
    """Integer id and ULID in front of the body."""
    return (
        b'{"event_id":%d,"event_ulid":"%s",' % (event.number, ulid_text(event.ulid).encode()) + event.body[1:]
    )


def render_v2(event: Event) -> bytes:
    """The ULID is the id."""
    return b'{"event_id":"%s",' % ulid_text(event.ulid).encode() + event.body[1:]


def render_transfer_v1(event: Event) -> bytes:
    body = decode_json(event.body)
    body["transfer_id"] = body.pop("entity_id")
    del body["entity_type"]
    return render_v1(event._replace(body=encode_json(body)))


def render_funding(event: Event) -> bytes:
    """The first status comes from null here, from "" in every other stream."""
    body = decode_json(event.body)
    body["correspondent"] = CORRESPONDENT
    body["status_from"] = body["status_from"] or None
    return render_v2(event._replace(body=encode_json(body)))


def render_journal_v1(event: Event) -> bytes:
    body = decode_json(event.body)
    kept = ("at", "entry_type", "journal_id", "status_from", "status_to")
    return render_v1(event._replace(body=encode_json({name: body[name] for name in kept})))


def _kinds(*kinds: int) -> frozenset[int]:
    return frozenset(kinds)


ACCOUNTS = Stream(_kinds(eventlog.ACCOUNT), render_v1, True, "account_id")
TRANSFERS_V1 = Stream(_kinds(eventlog.TRANSFER), render_transfer_v1, True)
JOURNALS_V1 = Stream(_kinds(eventlog.JOURNAL), render_journal_v1, True, "journal_id")
TRADES_V1 = Stream(_kinds(eventlog.TRADE), render_v1, True, "account_id")
FUNDING = Stream(_kinds(eventlog.RELATIONSHIP, eventlog.TRANSFER), render_funding, False)
JOURNALS = Stream(_kinds(eventlog.JOURNAL), render_v2, False, "journal_id")
TRADES = Stream(_kinds(eventlog.TRADE), render_v2, False)

STREAMS = {
    "/v1/events/accounts/status": ACCOUNTS,
    "/v1/events/transfers/status": TRANSFERS_V1,
    "/v1/events/journals/status": JOURNALS_V1,
    "/v1/events/journal/updates": JOURNALS_V1,  # printed by one guide, nowhere else
    "/v1/events/trades": TRADES_V1,  # removed from the real API in 2026; the SDK still calls it
    "/v2/events/funding/status": FUNDING,
    "/v2/events/journals/status": JOURNALS,
    "/v2/events/trades": TRADES,
    "/v2beta1/events/funding/status": FUNDING,
    "/v2beta1/events/journals/status": JOURNALS,
    "/v2beta1/events/trades": TRADES,
}


def window_of(call: Call, stream: Stream) -> Window:
    """The part of the log the query asks for; only what is to come without a start. Raises a 422."""
    log = call.world.store.events
    starts = [name for name in ("since", "since_id", "since_ulid") if call.arg(name)]
    if len(starts) > 1:
        raise invalid("since, since_id and since_ulid are mutually exclusive")
    for suffix in ("", "_id", "_ulid"):
        if call.arg(f"until{suffix}") and not call.arg(f"since{suffix}"):
            raise invalid(f"until{suffix} requires since{suffix}")
    window = Window(len(log))
    if since := call.arg("since"):
        window.start = log.position_since(parse_instant(since, "since"))
    elif ulid := _ulid_arg(call, stream, "since"):
        window.start = log.position_after(ulid)
    elif since_id := call.arg("since_id"):
        window.start = min(_whole(since_id, "since_id"), len(log))
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


def _open(stream: Stream) -> Handler:
    def open_stream(call: Call) -> Reply:
        window = window_of(call, stream)
        wanted = uuid_of(call.arg("id")) if stream.filter_key and call.arg("id") else ""
        needle = f'"{stream.filter_key}":"{wanted}"'.encode() if wanted else b""
        if call.world.feed.readers >= MOST_STREAMS:
            raise Refusal(429, 42910000, "Too many requests")
        return Reply(200, follow(call.world, stream, window, needle, call.path), is_stream=True)

    return open_stream


ENDPOINTS = [Endpoint("GET", path, _open(stream)) for path, stream in STREAMS.items()]


async def follow(
    world: World, stream: Stream, window: Window, needle: bytes, path: str
) -> AsyncIterator[bytes]:
    """Yield the events of the window, then heartbeats and live events until its end or the process's.

    Raises Cut when a fault asks for that.
    """
    log, feed, faults = world.store.events, world.feed, StreamFaults(world, path)
    with feed.reader() as wake:
        yield WELCOME
        position = min(window.start, len(log))
        while not feed.is_closed:
            wake.clear()
            await faults.strike()
            end = len(log)
            now = world.clock.now()
            while position < end:
                stop = min(position + BATCH, end)
                found = [
                    event for event in _of_kinds(log, stream.kinds, position, stop) if needle in event.body
                ]
                inside = [event for event in found if window.holds(event)]
                if sent := faults.apply(inside):
                    yield b"".join(b"data: " + stream.render(event) + b"\n\n" for event in sent)
                if len(inside) < len(found):
                    return
                position = stop
                await asyncio.sleep(0)  # a long replay must not hold up everyone else
            if window.is_over(position, now):
                return
            try:
                await asyncio.wait_for(wake.wait(), min(HEARTBEAT, window.remaining(now)))
            except TimeoutError:
                if window.remaining(world.clock.now()) >= HEARTBEAT or window.last_ulid is None:
                    yield BEAT


def _of_kinds(log: EventLog, kinds: frozenset[int], start: int, stop: int) -> list[Event]:
    if not any(log.kind_at(position) in kinds for position in range(start, stop)):
        return []
    return [event for event in log.read(start, stop) if event.kind in kinds]


def _time_of(ulid: bytes) -> int:
    """Milliseconds since 1970."""
    return int.from_bytes(ulid[:6], "big")
