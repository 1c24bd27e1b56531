import socket

import pytest
import requests

from brokerapp.broker.alpaca.errors import (
    BrokerError,
    BrokerMisconfigured,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerRejected,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.models import NoContent
from brokerapp.broker.alpaca.records import Outcome
from tests.brokerapp.broker.alpaca.calling import IDS, PATH, URL, get, post
from tests.brokerapp.broker.alpaca.conftest import REQUEST_ID
from tests.brokerapp.broker.alpaca.wire import gives_up, reply, serve


def test_send_turns_a_redirect_into_an_unknown_outcome(transport, broker):
    broker.post(URL, status=302, headers={"Location": "http://elsewhere.test/"})

    with pytest.raises(BrokerOutcomeUnknown):
        post(transport)

    assert len(broker.calls) == 1


@pytest.mark.parametrize("status", [400, 403, 409, 422])
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


ODD_BODIES = [
    (b'{"message": "forbidden."}\n', "forbidden."),
    (b'"only a string"', "only a string"),
    (b"<html>nginx</html>", "HTTP"),
    (b"", "HTTP"),
    (b"[1, 2]", "HTTP"),
    (b'{"message": null, "code": "abc"}', "HTTP"),
]


@pytest.mark.parametrize(("body", "message"), ODD_BODIES)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, BrokerMisconfigured), (403, BrokerMisconfigured), (409, BrokerRejected), (422, BrokerRejected)],
)
def test_send_survives_any_error_body(transport, broker, status, kind, body, message):
    broker.get(URL, status=status, body=body)

    with pytest.raises(BrokerError) as caught:
        get(transport)

    assert type(caught.value) is kind
    assert caught.value.message == (f"HTTP {status}" if message == "HTTP" else message)
    assert caught.value.code is None


@pytest.mark.parametrize("status", [401, 403])
def test_send_takes_no_refusal_of_our_key_for_one_of_the_person(transport, broker, recorded, caplog, status):
    broker.post(URL, status=status, json={"message": "unauthorized."}, headers={"X-Request-ID": REQUEST_ID})

    for _ in range(3):
        with pytest.raises(BrokerMisconfigured) as caught:
            post(transport)

    assert "our side" in caught.value.user_message
    assert caught.value.request_id == REQUEST_ID
    assert recorded.finished[0].outcome == Outcome.NOT_DONE
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


ABOUT_US = [
    ("POST", 401, {"code": 40110000, "message": "request is not authorized"}),
    ("GET", 401, {"code": 40110000, "message": "request is not authorized"}),
    ("POST", 404, {"message": "Not Found"}),
    ("PATCH", 404, "<html>nginx</html>"),
    ("DELETE", 404, "<html>nginx</html>"),
    ("PUT", 404, ""),
    ("POST", 405, {"message": "method not allowed"}),
    ("GET", 407, ""),
]
ABOUT_THE_PERSON = [
    ("POST", 403, {"code": 40310000, "message": "insufficient buying power"}, BrokerRejected),
    ("POST", 404, {"code": 40410000, "message": "account not found"}, BrokerNotFound),
    ("PATCH", 404, {"code": 40410000, "message": "order not found"}, BrokerNotFound),
    ("DELETE", 404, {"message": "not found"}, BrokerNotFound),
    ("PUT", 404, {"message": "watchlist not found"}, BrokerNotFound),
    ("GET", 404, "", BrokerNotFound),
]


def _refused(transport, broker, method, status, body):
    sent = {"json": body} if isinstance(body, dict) else {"body": body}
    broker.add(method, URL, status=status, **sent)
    with pytest.raises(BrokerError) as caught:
        transport.send(method, PATH, NoContent.from_reply, ids=IDS)
    return type(caught.value)


@pytest.mark.parametrize(("method", "status", "body"), ABOUT_US)
def test_send_takes_what_is_about_us_for_no_refusal_of_the_person(transport, broker, method, status, body):
    assert _refused(transport, broker, method, status, body) is BrokerMisconfigured


@pytest.mark.parametrize(("method", "status", "body", "kind"), ABOUT_THE_PERSON)
def test_send_takes_a_refusal_of_the_broker_for_one(transport, broker, method, status, body, kind):
    assert _refused(transport, broker, method, status, body) is kind


def test_send_without_a_reply_has_no_request_id(make_transport):
    with serve(b"") as wire, pytest.raises(BrokerError) as caught:
        post(make_transport(wire.url))

    assert caught.value.request_id == ""
    assert caught.value.reference == caught.value.call_id != ""
