import json
import threading
from base64 import b64encode
from datetime import date, datetime, timedelta, timezone

import pytest

from brokerapp.broker.alpaca import transport as transport_module
from brokerapp.broker.alpaca.errors import (
    BrokerSlow,
)
from brokerapp.broker.alpaca.models import Account, NoContent, Order
from brokerapp.broker.alpaca.session import make_session
from tests.brokerapp.broker.alpaca.calling import ACCOUNT, IDS, PATH, URL, get, post
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID


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


def test_send_accepts_an_empty_reply_where_none_is_promised(transport, broker):
    broker.delete(URL, status=204, headers={"X-Request-ID": REQUEST_ID})

    done = transport.send("DELETE", PATH, NoContent.from_reply, ids=IDS)

    assert done.request_id == REQUEST_ID


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


def test_session_looks_the_environment_up_once_for_each_server(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "data.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/certificates.pem")
    session = make_session("key", "secret")

    def way(url):
        return session.merge_environment_settings(url, {}, False, None, None)

    first = way("https://broker.example/v1/clock")
    assert first["proxies"]["https"] == "http://proxy.example:3128"
    assert first["verify"] == "/certificates.pem"
    assert "https" not in way("https://data.example/v2")["proxies"]
    monkeypatch.delenv("HTTPS_PROXY")
    assert way("https://broker.example/v1/orders") == first
    assert (
        session.merge_environment_settings("https://broker.example/", {}, True, None, None)["stream"] is True
    )


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


def test_send_holds_one_of_the_places_for_writes_while_it_writes(make_transport, broker, monkeypatch):
    monkeypatch.setattr(transport_module, "MAX_SLOT_WAIT", 0.01)
    slots = threading.BoundedSemaphore(1)
    transport, seen = make_transport(write_slots=slots), []

    def reply_late(request):
        with pytest.raises(BrokerSlow) as caught:
            post(make_transport(write_slots=slots))
        seen.append(caught.value)
        get(make_transport(write_slots=slots))
        return 200, {}, json.dumps(ACCOUNT)

    broker.add_callback("POST", URL, callback=reply_late)
    broker.get(URL, json=ACCOUNT)

    post(transport)
    broker.replace("POST", URL, json=ACCOUNT)
    post(transport)

    assert "nothing was sent" in seen[0].user_message
    assert [call.request.method for call in broker.calls] == ["GET", "POST", "POST"]
