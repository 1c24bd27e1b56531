import json
import socket
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import requests

from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerRejected,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.models import Account, NoContent, Order
from brokerapp.broker.alpaca.rate_limit import RateLimit
from brokerapp.broker.alpaca.records import Outcome
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID
from tests.brokerapp.broker.alpaca.wire import gives_up, reply, serve

ACCOUNT = {"id": "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f", "status": "ACTIVE"}
PATH = "/v1/accounts/{account_id}"
URL = f"{BASE}/v1/accounts/a-1"
IDS = {"account_id": "a-1"}


def get(transport):
    return transport.send("GET", PATH, Account.from_reply, ids=IDS)


def post(transport, body=None):
    return transport.send("POST", PATH, Account.from_reply, ids=IDS, body=body or {})


def test_send_authenticates_and_names_itself(transport, broker):
    broker.get(URL, json=ACCOUNT, headers={"X-Request-ID": REQUEST_ID})

    account = get(transport)

    sent = broker.calls[0].request.headers
    assert sent["Authorization"] == "Basic " + b64encode(b"key:secret").decode()
    assert sent["User-Agent"].startswith("brokerapp/")
    assert account.request_id == REQUEST_ID


def test_send_passes_both_timeouts_and_follows_no_redirect(make_transport, broker):
    broker.get(URL, json=ACCOUNT)

    get(make_transport(timeouts=(1.5, 7)))

    kwargs = broker.calls[0].request.req_kwargs
    assert kwargs["timeout"] == (1.5, 7)
    assert broker.calls[0].request.url == URL


def test_send_turns_a_redirect_into_an_unknown_outcome(transport, broker):
    broker.post(URL, status=302, headers={"Location": "http://elsewhere.test/"})

    with pytest.raises(BrokerOutcomeUnknown):
        post(transport)

    assert len(broker.calls) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_send_raises_rejected_for_a_refusal(transport, broker, status):
    body = {
        "code": 40310000,
        "message": "insufficient buying power",
        "buying_power": "1.5",
        "cost_basis": "9",
    }
    broker.post(URL, status=status, json=body, headers={"X-Request-ID": REQUEST_ID})

    with pytest.raises(BrokerRejected) as caught:
        post(transport)

    error = caught.value
    assert (error.code, error.http_status, error.request_id) == (40310000, status, REQUEST_ID)
    assert error.message == "insufficient buying power"
    assert error.details == {"buying_power": "1.5", "cost_basis": "9"}
    assert error.reference == REQUEST_ID


def test_send_raises_not_found_for_404(transport, broker):
    broker.get(URL, status=404, json={"code": 40410000, "message": "position does not exist"})

    with pytest.raises(BrokerNotFound):
        get(transport)

    assert len(broker.calls) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message": "forbidden."}\n', "forbidden."),
        (b'"only a string"', "only a string"),
        (b"<html>nginx</html>", "HTTP 403"),
        (b"", "HTTP 403"),
        (b"[1, 2]", "HTTP 403"),
        (b'{"message": null, "code": "abc"}', "HTTP 403"),
    ],
)
def test_send_survives_any_error_body(transport, broker, body, message):
    broker.get(URL, status=403, body=body)

    with pytest.raises(BrokerRejected) as caught:
        get(transport)

    assert caught.value.message == message
    assert caught.value.code is None


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


def test_send_waits_as_told_before_repeating_a_busy_read(transport, broker, slept):
    broker.get(URL, status=429, json={"message": "rate limit exceeded"}, headers={"Retry-After": "2"})
    broker.get(URL, json=ACCOUNT)

    get(transport)

    assert slept == [2.5]


def test_send_gives_up_a_busy_read_that_would_wait_too_long(transport, broker, slept):
    broker.get(URL, status=429, json={"message": "rate limit exceeded"}, headers={"Retry-After": "40"})

    with pytest.raises(BrokerBusy):
        get(transport)

    assert len(broker.calls) == 1
    assert slept == []


def test_send_waits_for_the_rate_limit_before_a_read_and_not_before_a_write(make_transport, broker, slept):
    transport = make_transport(rate_limit=RateLimit(clock=lambda: 1000.0))
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1003"}
    broker.get(URL, json=ACCOUNT, headers=headers)
    broker.post(URL, json=ACCOUNT, headers=headers)
    get(transport)

    post(transport)
    assert slept == []
    get(transport)
    assert slept == [3.0]


def test_send_waits_a_bounded_time_for_a_distant_reset(make_transport, broker, slept):
    transport = make_transport(rate_limit=RateLimit(clock=lambda: 1000.0))
    broker.get(URL, json=ACCOUNT, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9000"})

    get(transport)
    get(transport)

    assert slept == [5.0]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"[]",
        b'{"id": "x", "status": "ACTIVE"}',
        b'{"status": "ACTIVE"}',
        b'{"id": "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f", "status": "ACTIVE", "last_equity": NaN}',
    ],
)
def test_send_raises_outcome_unknown_for_an_unreadable_success(transport, broker, recorded, body):
    broker.post(URL, body=body, headers={"X-Request-ID": REQUEST_ID})

    with pytest.raises(BrokerOutcomeUnknown) as caught:
        post(transport)

    assert caught.value.request_id == REQUEST_ID
    assert caught.value.http_status == 200
    assert recorded.finished[0].outcome == Outcome.UNKNOWN


def test_send_does_not_repeat_a_read_whose_reply_does_not_validate(transport, broker):
    broker.get(URL, json={"status": "ACTIVE"})

    with pytest.raises(BrokerOutcomeUnknown, match="id: missing"):
        get(transport)

    assert len(broker.calls) == 1


def test_send_accepts_an_empty_reply_where_none_is_promised(transport, broker):
    broker.delete(URL, status=204, headers={"X-Request-ID": REQUEST_ID})

    done = transport.send("DELETE", PATH, NoContent.from_reply, ids=IDS)

    assert done.request_id == REQUEST_ID


def test_send_tells_apart_a_refused_connection(make_transport, recorded):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(BrokerUnreachable) as caught:
        post(make_transport(f"http://127.0.0.1:{port}"))

    assert caught.value.request_id == ""
    assert caught.value.reference == str(recorded.started[0].call_id)
    assert recorded.finished[0].outcome == Outcome.NOT_DONE


def test_send_tells_apart_an_unknown_host(make_transport):
    with pytest.raises(BrokerUnreachable):
        post(make_transport("http://no-such-host.invalid"))


def test_send_tells_apart_a_connect_timeout(transport, broker):
    broker.post(URL, body=requests.ConnectTimeout("x"))

    with pytest.raises(BrokerUnreachable):
        post(transport)


def test_send_raises_outcome_unknown_after_silence(make_transport):
    gave_up = []
    answer = serve(lambda connection: gave_up.append(gives_up(connection)))
    with answer as wire, pytest.raises(BrokerOutcomeUnknown):
        post(make_transport(wire.url, timeouts=(1, 0.1)))

    assert gave_up == [True]
    assert len(wire.requests) == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", reply(b'{"id": "x"', length=500)])
def test_send_raises_outcome_unknown_when_the_connection_is_cut(make_transport, answer):
    with serve(answer, answer) as wire, pytest.raises(BrokerOutcomeUnknown) as caught:
        post(make_transport(wire.url))

    assert len(wire.requests) == 1
    assert caught.value.reference == caught.value.call_id


def test_send_repeats_a_read_whose_connection_is_cut(make_transport):
    with serve(b"", reply(json.dumps(ACCOUNT).encode())) as wire:
        account = get(make_transport(wire.url))

    assert account.status == "ACTIVE"
    assert len(wire.requests) == 2


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


def test_send_goes_on_when_the_recorder_fails(make_transport, broker, caplog):
    class Broken:
        def start(self, record):
            raise RuntimeError("no database")

        def finish(self, token, record):
            assert token is None
            raise RuntimeError("no database")

    broker.post(URL, json=ACCOUNT)

    assert post(make_transport(recorder=Broken())).status == "ACTIVE"

    assert len(caplog.records) == 2


def test_send_asks_the_guard_before_anything_is_sent_or_recorded(make_transport, recorded):
    def forbid():
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        post(make_transport(guard=forbid))

    assert recorded.started == []


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_send_refuses_an_id_that_would_change_the_path(transport, bad):
    with pytest.raises(ValueError, match="account_id"):
        transport.send("GET", PATH, Account.from_reply, ids={"account_id": bad})


def test_send_escapes_ids(transport, broker):
    broker.get(
        f"{BASE}/v1/assets/BTC%2FUSD",
        json={"id": ACCOUNT["id"], "client_order_id": "c", "status": "s", "filled_qty": "0"},
    )

    transport.send("GET", "/v1/assets/{symbol}", Order.from_reply, ids={"symbol": "BTC/USD"})


def test_send_writes_the_query_as_the_broker_takes_it(transport, broker):
    broker.get(f"{BASE}/v1/accounts", json=ACCOUNT)
    query = {
        "a": None,
        "b": True,
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=-5))),
        "on": date(2026, 3, 1),
        "joined": ("X", "Y"),
        "repeated": ["X", "Y"],
        "empty": (),
        "none": [],
    }

    transport.send("GET", "/v1/accounts", Account.from_reply, query=query)

    assert broker.calls[0].request.params == {
        "b": "true",
        "at": "2026-03-01T14:30:00Z",
        "on": "2026-03-01",
        "joined": "X,Y",
        "repeated": ["X", "Y"],
    }


def test_send_refuses_a_naive_time(transport):
    with pytest.raises(ValueError, match="time zone"):
        transport.send("GET", "/v1/accounts", Account.from_reply, query={"at": datetime(2026, 3, 1)})


def test_rate_limit_wait_is_zero_while_calls_are_left():
    limit = RateLimit(clock=lambda: 100.0)
    limit.note({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "160"})
    assert limit.wait() == 0


def test_rate_limit_wait_ends_at_the_reset():
    now = [100.0]
    limit = RateLimit(clock=lambda: now[0])
    limit.note({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "160"})
    limit.note({})
    assert limit.wait() == 60
    now[0] = 161.0
    assert limit.wait() == 0


def test_rate_limit_retry_after_falls_back_to_the_reset():
    limit = RateLimit(clock=lambda: 100.0)
    assert limit.retry_after({"X-RateLimit-Reset": "130"}) == 30
    assert limit.retry_after({}) is None
    assert limit.retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None


def test_milliseconds_and_times_are_aware(transport, broker, recorded):
    broker.get(URL, json=ACCOUNT)
    get(transport)
    assert recorded.finished[0].started_at.tzinfo is UTC


def test_send_with_one_read_attempt_neither_repeats_nor_waits(make_transport, broker, slept):
    limit = RateLimit(clock=lambda: 1000.0)
    limit.note({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1003"})
    broker.get(URL, status=503)

    with pytest.raises(BrokerOutcomeUnknown):
        get(make_transport(read_attempts=1, rate_limit=limit))

    assert len(broker.calls) == 1
    assert slept == []
