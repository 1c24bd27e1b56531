"""How long and how large a reply may be."""

import json
import time

import pytest

from brokerapp.broker.alpaca import transport as transport_module
from brokerapp.broker.alpaca.bodies import TooLarge
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from tests.brokerapp.broker.alpaca.calling import ACCOUNT, URL, get, post
from tests.brokerapp.broker.alpaca.conftest import REQUEST_ID
from tests.brokerapp.broker.alpaca.wire import PATIENCE_SECONDS, read_request, reply, serve


@pytest.mark.parametrize("status", ["200 OK", "422 Unprocessable"])
def test_send_gives_up_a_reply_that_drips(make_transport, recorded, status):
    gave_up = []

    def drip(connection):
        """A byte now and then, each well within the timeout."""
        connection.sendall(reply(status=status, length=10**6, headers=f"X-Request-ID: {REQUEST_ID}\r\n"))
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            while time.monotonic() < until:
                connection.sendall(b" ")
                time.sleep(0.01)
        except OSError:
            gave_up.append(True)

    with serve(drip) as wire:
        transport = make_transport(wire.url, timeouts=(0.2, 0.2), clock=time.monotonic)
        with pytest.raises(BrokerOutcomeUnknown, match="too long") as caught:
            post(transport)

    assert gave_up == [True]
    assert caught.value.request_id == REQUEST_ID
    assert recorded.finished[0].outcome == "UNKNOWN"


def test_send_takes_no_reply_without_bounds(transport, broker, monkeypatch):
    monkeypatch.setattr(transport_module, "MOST_BYTES", 10)
    broker.get(URL, json=ACCOUNT)

    with pytest.raises(TooLarge):
        get(transport)

    assert len(broker.calls) == 1


def test_send_uses_a_connection_again(make_transport):
    good = reply(json.dumps(ACCOUNT).encode()).replace(b"Connection: close\r\n", b"")

    def answer_twice(connection):
        connection.sendall(good)
        read_request(connection)
        connection.sendall(good)

    with serve(answer_twice) as wire:
        transport = make_transport(wire.url, read_attempts=1)
        assert get(transport).status == get(transport).status == "ACTIVE"

    assert len(wire.requests) == 1
