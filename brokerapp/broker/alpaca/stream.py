"""Event streams: events, heartbeats and gaps, until the server ends the stream or it breaks.

Broker API, "SSE Events" (https://docs.alpaca.markets/docs/sse-events). Delivery is at least once, in order
per account only. A follower reconnects from the id of the last event it stored.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import requests
import urllib3

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.scrub import scrub
from brokerapp.broker.alpaca.sse import Comment, Message, SseParser
from brokerapp.broker.alpaca.transport import Transport

SILENCE = 60.0
"""Seconds without a byte after which a stream is given up; heartbeats come about every 15 s."""
CHUNK = 64 * 1024

_DROPPED = re.compile(r"dropped (\d+) message")


@dataclass(frozen=True)
class Event:
    """One event as sent: its id (a ULID; an integer as text on old streams) and its body."""

    id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class StreamHeartbeat:
    """A comment: the stream is alive."""


@dataclass(frozen=True)
class Gap:
    """Events were lost: reconnect from the last stored event, or look at the objects themselves."""

    reason: str
    dropped: int | None = None


@dataclass(frozen=True)
class Unreadable:
    """An event that is no JSON object or has no id: to stop at it would be to stop for good."""

    text: str
    reason: str


StreamMessage = Event | StreamHeartbeat | Gap | Unreadable


class StreamBroken(BrokerError):
    """The stream stopped without being ended: silence, a cut connection, or an error at the server."""


def read_events(
    transport: Transport,
    path: str,
    *,
    since_ulid: str | None = None,
    since_id: str | int | None = None,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    silence: float = SILENCE,
) -> Iterator[StreamMessage]:
    """Follow the stream at `path`; it returns if the server ends the stream, as it does at `until`.

    Give one of `since_ulid` (account events), `since_id` (a ULID on v2 streams), both exclusive, and `since`;
    without them only new events come. Raises `StreamBroken`, and as other calls do if it cannot be opened.
    """
    query = {"since_ulid": since_ulid, "since_id": since_id, "since": since, "until": until}
    with transport.stream(path, query=query, silence=silence) as (response, request_id):
        parser = SseParser()
        for chunk in _chunks(response, request_id):
            try:
                items = parser.feed(chunk)
            except ValueError as error:
                raise StreamBroken(
                    f"The stream is not one of events: {error}.", request_id=request_id
                ) from None
            for item in items:
                yield _message(item, request_id)


def _chunks(response: requests.Response, request_id: str) -> Iterator[bytes]:
    """Bytes as they arrive: `read1` gives back what there is, where `iter_content` waits for a full chunk."""
    while True:
        try:
            chunk = response.raw.read1(CHUNK, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            what = (
                "silent" if isinstance(error, (urllib3.exceptions.ReadTimeoutError, TimeoutError)) else "cut"
            )
            raise StreamBroken(f"The stream was {what}.", request_id=request_id) from None
        if not chunk:
            return
        yield chunk


def _message(item: Comment | Message, request_id: str) -> StreamMessage:
    if isinstance(item, Message):
        return _event(item)
    if dropped := _DROPPED.search(item.text):
        return Gap(scrub(item.text), int(dropped[1]))
    if "reading too slowly" in item.text:
        return Gap(scrub(item.text))
    if item.text.startswith("internal server error"):
        raise StreamBroken("The broker's event server failed.", request_id=request_id)
    return StreamHeartbeat()


def _event(message: Message) -> Event | Unreadable:
    try:
        body = json.loads(message.data, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return Unreadable(message.data, "not JSON")
    if not isinstance(body, dict):
        return Unreadable(message.data, "not an object")
    event_id = body.get("event_ulid") or body.get("event_id") or message.id
    if not event_id:
        return Unreadable(message.data, "no id")
    return Event(str(event_id), body)
