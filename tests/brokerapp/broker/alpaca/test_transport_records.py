from datetime import UTC

import pytest
import requests

from brokerapp.broker.alpaca.errors import (
    BrokerOutcomeUnknown,
    BrokerRejected,
    CallNotRecorded,
    ClaimLost,
)
from brokerapp.broker.alpaca.models import Account, NoContent
from brokerapp.broker.alpaca.records import Outcome
from tests.brokerapp.broker.alpaca.calling import ACCOUNT, IDS, PATH, URL, get, post
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID


def test_send_keeps_the_url_out_of_errors_and_records(transport, broker, recorded):
    broker.get(
        f"{BASE}/v1/accounts", body=requests.ConnectionError("cut: /v1/accounts?query=ann@example.com")
    )

    with pytest.raises(BrokerOutcomeUnknown) as caught:
        transport.send("GET", "/v1/accounts", Account.from_reply, query={"query": "ann@example.com"})

    assert "ann@example.com" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "ann@example.com" not in repr(recorded.started + recorded.finished)


def test_send_records_an_attempt_before_and_after_it(transport, broker, recorded):
    broker.post(
        URL, status=422, json={"code": 40010001, "message": "no"}, headers={"X-Request-ID": REQUEST_ID}
    )

    with pytest.raises(BrokerRejected):
        post(transport, {"tax_id": "123-45-6789"})

    before, after = recorded.started[0], recorded.finished[0]
    assert (before.outcome, before.http_status, before.finished_at) == (Outcome.IN_FLIGHT, None, None)
    assert (after.method, after.path, after.ids) == ("POST", PATH, IDS)
    assert (after.outcome, after.http_status, after.request_id) == (Outcome.NOT_DONE, 422, REQUEST_ID)
    assert (after.error_code, after.error_message) == (40010001, "no")
    assert after.milliseconds is not None
    assert after.finished_at is not None
    assert "123-45-6789" not in repr(after)


def test_send_removes_what_was_sent_from_the_brokers_words(transport, broker, recorded):
    order_id = "12345678-1234-1234-1234-123456789012"
    message = f"tax_id A-77 of Okonkwo (ann@example.com) is invalid, bank 32131231abc, order {order_id}"
    broker.post(URL, status=422, json={"code": 40010001, "message": message})

    with pytest.raises(BrokerRejected) as caught:
        post(transport, {"identity": {"tax_id": "A-77", "family_name": "Okonkwo"}})

    for text in (caught.value.message, str(caught.value), recorded.finished[0].error_message):
        assert "A-77" not in text
        assert "Okonkwo" not in text
        assert "ann@example.com" not in text
        assert "32131231" not in text
        assert order_id in text


def test_send_records_an_attempt_that_something_else_interrupts(make_transport, recorded, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Session, "request", interrupted)

    with pytest.raises(KeyboardInterrupt):
        post(make_transport())

    assert recorded.finished[0].outcome == Outcome.UNKNOWN
    assert recorded.finished[0].error_message == "KeyboardInterrupt"


def test_send_asks_the_guard_before_anything_is_sent_or_recorded(make_transport, recorded):
    def forbid():
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        post(make_transport(guard=forbid))

    assert recorded.started == []


def test_milliseconds_and_times_are_aware(transport, broker, recorded):
    broker.get(URL, json=ACCOUNT)
    get(transport)
    assert recorded.finished[0].started_at.tzinfo is UTC


class Broken:
    """A recorder whose database is away."""

    def start(self, record):
        raise RuntimeError("no database")

    def finish(self, token, record):
        assert token is None
        raise RuntimeError("no database")


def test_send_goes_on_with_a_read_when_the_recorder_fails(make_transport, broker, caplog):
    broker.get(URL, json=ACCOUNT)

    assert get(make_transport(recorder=Broken())).status == "ACTIVE"

    assert len(caplog.records) == 2


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "PUT"])
def test_send_does_not_send_a_write_that_cannot_be_recorded(make_transport, broker, method):
    with pytest.raises(CallNotRecorded) as caught:
        make_transport(recorder=Broken()).send(method, PATH, NoContent.from_reply, ids=IDS)

    assert len(broker.calls) == 0
    assert caught.value.request_id == ""
    assert caught.value.reference == caught.value.call_id != ""


def test_send_sends_nothing_that_the_recorder_forbids(make_transport, broker):
    class Forbids(Broken):
        def start(self, record):
            raise ClaimLost("not yours")

    with pytest.raises(ClaimLost) as caught:
        post(make_transport(recorder=Forbids()))

    assert len(broker.calls) == 0
    assert caught.value.reference != ""
