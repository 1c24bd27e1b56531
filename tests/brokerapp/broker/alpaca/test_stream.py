import threading
import time
from decimal import Decimal
from typing import Any

import pytest

from brokerapp.broker.alpaca.errors import BrokerBusy, BrokerMisconfigured, BrokerRejected, BrokerUnreachable
from brokerapp.broker.alpaca.records import Outcome
from brokerapp.broker.alpaca.stream import (
    Event,
    Gap,
    StreamBroken,
    StreamHeartbeat,
    Unreadable,
    read_events,
)
from tests.brokerapp.broker.alpaca.wire import PATIENCE_SECONDS, event_stream, gives_up, reply, serve

PATH = "/v2/events/funding/status"
ULID = "01F84ZC0H0Q1QN7XPNWX44HF5J"


def read(transport, **options):
    return list(read_events(transport, PATH, **options))


def test_read_events_yields_events_heartbeats_and_gaps_until_the_end(make_transport):
    answer = event_stream(
        b": welcome\n\n",
        b'data: {"event_id":"%s","amou' % ULID.encode(),
        b'nt":1.10}\n\n:heartbeat\n',
        b": you are reading too slowly, dropped 10000 messages\n",
    )
    with serve(answer) as wire:
        found = read(make_transport(wire.url))

    assert found == [
        StreamHeartbeat(),
        Event(ULID, {"event_id": ULID, "amount": Decimal("1.10")}),
        StreamHeartbeat(),
        Gap("you are reading too slowly, dropped 10000 messages", 10000),
    ]


def test_read_events_prefers_the_ulid_where_there_are_two_ids(make_transport):
    answer = event_stream(
        b'data: {"event_id":12,"event_ulid":"%s"}\n\ndata: {"event_id":13}\n\n' % ULID.encode()
    )
    with serve(answer) as wire:
        found = read(make_transport(wire.url))

    assert [event.id for event in found] == [ULID, "13"]


@pytest.mark.parametrize(
    "data", [b"not json", b"[1]", b'{"no":"id"}', b'{"n":1e9999999999999999999}', b"[" * 100_000]
)
def test_read_events_gives_an_unreadable_event_and_goes_on(make_transport, data):
    with serve(event_stream(b'data: %s\n\ndata: {"event_id":"1"}\n\n' % data)) as wire:
        first, second = read(make_transport(wire.url))

    assert isinstance(first, Unreadable)
    assert isinstance(second, Event)


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"since_ulid": ULID}, f"since_ulid={ULID}"),
        ({"since_id": ULID}, f"since_id={ULID}"),
        ({}, ""),
    ],
)
def test_read_events_asks_for_a_stream_from_where_it_is_told(make_transport, options, query):
    with serve(event_stream()) as wire:
        read(make_transport(wire.url), **options)

    head = wire.requests[0].decode()
    target = f"{PATH}?{query}" if query else PATH
    assert head.startswith(f"GET {target} HTTP/1.1\r\n")
    assert "Accept: text/event-stream" in head
    assert "Accept-Encoding: identity" in head


def test_read_events_breaks_after_silence_and_not_before(make_transport):
    gave_up = []

    def answer(connection):
        head = event_stream(b":heartbeat\n", end=False)
        connection.sendall(head)
        time.sleep(0.2)
        connection.sendall(b"b\r\n:heartbeat\n\r\n")
        gave_up.append(gives_up(connection))

    with serve(answer) as wire:
        events = read_events(make_transport(wire.url, timeouts=(1, 0.05)), PATH, silence=1)
        assert [next(events), next(events)] == [StreamHeartbeat(), StreamHeartbeat()]
        with pytest.raises(StreamBroken, match="silent") as caught:
            next(events)

    assert gave_up == [True]
    assert caught.value.request_id == "e" * 32


def test_read_events_passes_an_event_on_at_once(make_transport):
    received = threading.Event()
    before_more = []

    def answer(connection):
        connection.sendall(event_stream(b'data: {"event_id":"1"}\n\n', end=False))
        before_more.append(received.wait(PATIENCE_SECONDS))

    with serve(answer) as wire:
        events: Any = read_events(make_transport(wire.url), PATH)
        assert isinstance(next(events), Event)
        received.set()
        events.close()

    assert before_more == [True]


def test_read_events_breaks_when_the_connection_is_cut(make_transport):
    with serve(event_stream(b":heartbeat\n", end=False)) as wire:
        events = read_events(make_transport(wire.url), PATH)
        assert next(events) == StreamHeartbeat()
        with pytest.raises(StreamBroken, match="cut"):
            next(events)


def test_read_events_breaks_when_the_server_says_it_failed(make_transport):
    with serve(event_stream(b": internal server error\n")) as wire, pytest.raises(StreamBroken):
        read(make_transport(wire.url))


@pytest.mark.parametrize(
    ("status", "error"),
    [("403 Forbidden", BrokerMisconfigured), ("410 Gone", BrokerRejected), ("429 Busy", BrokerBusy)],
)
def test_read_events_raises_where_the_stream_is_refused(make_transport, recorded, status, error):
    with serve(reply(b'{"message": "Too many requests"}', status=status)) as wire, pytest.raises(error):
        read(make_transport(wire.url))

    assert len(wire.requests) == 1
    assert recorded.finished[0].outcome == Outcome.NOT_DONE


def test_read_events_raises_where_nobody_listens(make_transport):
    with serve() as wire:
        pass
    with pytest.raises(BrokerUnreachable):
        read(make_transport(wire.url))


def test_read_events_is_recorded_once_the_stream_is_open(make_transport, recorded):
    with serve(event_stream(b":heartbeat\n")) as wire:
        events = read_events(make_transport(wire.url), PATH)
        next(events)
        opened = list(recorded.finished)
        list(events)

    assert opened == recorded.finished
    assert (opened[0].outcome, opened[0].request_id, opened[0].path) == (Outcome.OK, "e" * 32, PATH)
