import json

import pytest
import requests

from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerOutcomeUnknown,
)
from brokerapp.broker.alpaca.models import NoContent
from brokerapp.broker.alpaca.rate_limit import Priority, priority
from tests.brokerapp.broker.alpaca.calling import ACCOUNT, IDS, PATH, URL, get, post
from tests.brokerapp.broker.alpaca.wire import reply, serve


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_send_sends_a_write_once_when_the_outcome_is_unknown(transport, broker, status):
    broker.post(URL, status=status, body="oops")

    with pytest.raises(BrokerOutcomeUnknown):
        post(transport)

    assert len(broker.calls) == 1


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "PUT"])
def test_send_sends_every_write_once_when_busy(transport, broker, slept, method):
    broker.add(method, URL, status=429, headers={"Retry-After": "1"})

    with pytest.raises(BrokerBusy) as caught:
        transport.send(method, PATH, NoContent.from_reply, ids=IDS)

    assert caught.value.retry_after == 1
    assert len(broker.calls) == 1
    assert slept == []


@pytest.mark.parametrize("status", [500, 503, 504])
def test_send_repeats_a_read_up_to_three_times_with_growing_pauses(transport, broker, slept, status):
    broker.get(URL, status=status, json={"message": "internal server error"})

    with pytest.raises(BrokerOutcomeUnknown):
        get(transport)

    assert len(broker.calls) == 3
    assert slept == [0.5, 1.0]


def test_send_returns_the_first_good_reply_to_a_read(transport, broker, recorded):
    broker.get(URL, status=502)
    broker.get(URL, json=ACCOUNT)

    assert get(transport).status == "ACTIVE"

    assert [record.attempt for record in recorded.finished] == [1, 2]
    assert len({record.call_id for record in recorded.finished}) == 1


def test_send_gives_up_a_busy_read_that_would_wait_too_long(transport, broker, slept):
    broker.get(URL, status=429, json={"message": "rate limit exceeded"}, headers={"Retry-After": "40"})

    with pytest.raises(BrokerBusy):
        get(transport)

    assert len(broker.calls) == 1
    assert slept == []


def test_send_does_not_repeat_a_read_whose_reply_does_not_validate(transport, broker):
    broker.get(URL, json={"status": "ACTIVE"})

    with pytest.raises(BrokerOutcomeUnknown, match="id: missing"):
        get(transport)

    assert len(broker.calls) == 1


def test_send_repeats_a_read_whose_connection_is_cut(make_transport):
    with serve(b"", reply(json.dumps(ACCOUNT).encode())) as wire:
        account = get(make_transport(wire.url))

    assert account.status == "ACTIVE"
    assert len(wire.requests) == 2


def test_send_waits_as_told_before_repeating_a_busy_read(transport, broker, slept):
    broker.get(URL, status=429, json={"message": "rate limit exceeded"}, headers={"Retry-After": "2"})
    broker.get(URL, json=ACCOUNT)

    get(transport)

    assert slept == [0.5, 1.5]


def test_send_with_one_read_attempt_does_not_repeat(make_transport, broker, slept):
    broker.get(URL, status=503)

    with pytest.raises(BrokerOutcomeUnknown):
        get(make_transport(read_attempts=1))

    assert len(broker.calls) == 1
    assert slept == []


def test_send_does_not_repeat_a_busy_poll(transport, broker, slept):
    broker.get(URL, status=429, headers={"Retry-After": "1"})

    with priority(Priority.POLL), pytest.raises(BrokerBusy):
        get(transport)

    assert len(broker.calls) == 1
    assert slept == []


@pytest.mark.parametrize("answer", [{"status": 503}, {"body": requests.ReadTimeout()}])
def test_send_makes_a_poll_once_and_repeats_what_a_person_waits_for(transport, broker, slept, answer):
    broker.get(URL, **answer)

    with priority(Priority.POLL), pytest.raises(BrokerOutcomeUnknown):
        get(transport)
    assert (len(broker.calls), slept) == (1, [])

    with pytest.raises(BrokerOutcomeUnknown):
        get(transport)
    assert (len(broker.calls), slept) == (4, [0.5, 1.0])
