"""`GET /live/` of a real web process beside a real Redis-protocol server."""

import json
import socket
import struct
import time

import pytest
import redis
from django.contrib.sessions.backends.db import SessionStore

from brokerapp import live
from brokerapp.accounts.models import User
from brokerapp.live import hub as hub_module
from tests.brokerapp.live.conftest import OpenTab, cookie_of, sign_in
from tests.brokerapp.live.processes import Valkey, Web, wait_for


@pytest.fixture(autouse=True)
def _publish_to_valkey(settings: object, valkey: Valkey) -> None:
    settings.REDIS_URL = valkey.url  # type: ignore[attr-defined]


@pytest.fixture
def subscribed(web: Web, valkey: Valkey) -> None:
    """The web process follows the channel."""
    with redis.Redis.from_url(valkey.url) as client:
        wait_for(lambda: client.pubsub_numpat() == 1, "the subscription")


@pytest.mark.parametrize("cookie", ["", "sessionid=", "sessionid=nobody", 'sessionid="; =; ;;', "other=1"])
def test_live_without_session_is_refused(
    web: Web, open_tab: OpenTab, transactional_db: None, cookie: str
) -> None:
    assert open_tab(web, cookie).status == 401


def test_live_other_method_is_refused(web: Web, open_tab: OpenTab, alice: User) -> None:
    assert open_tab(web, cookie_of(alice), method="POST").status == 405


def test_live_headers_keep_it_out_of_caches_and_buffers(web: Web, open_tab: OpenTab, alice: User) -> None:
    tab = open_tab(web, cookie_of(alice))

    assert tab.status == 200
    assert tab.answer.headers["Content-Type"] == "text/event-stream"
    assert tab.answer.headers["Cache-Control"] == "no-store"
    assert tab.answer.headers["X-Accel-Buffering"] == "no"


def test_live_opens_with_retry_and_resync(web: Web, subscribed: None, open_tab: OpenTab, alice: User) -> None:
    tab = open_tab(web, cookie_of(alice))

    assert 2_000 <= int(tab.read_block().removeprefix("retry: ")) <= 6_000
    assert tab.read_event() == ("resync", "{}")


def test_live_idle_gets_heartbeats(web: Web, subscribed: None, open_tab: OpenTab, alice: User) -> None:
    tab = open_tab(web, cookie_of(alice))
    tab.read_event()

    assert tab.read_block().startswith(":")
    assert tab.read_block().startswith(":")


def test_publish_reaches_every_tab_of_the_person_and_nobody_else(
    web: Web, subscribed: None, open_tab: OpenTab, alice: User, bob: User
) -> None:
    first, second = open_tab(web, cookie_of(alice)), open_tab(web, cookie_of(alice))
    stranger = open_tab(web, cookie_of(bob))
    for tab in (first, second, stranger):
        assert tab.read_event()[0] == "resync"

    live.publish(alice.pk, "transfer", 7, "COMPLETE")
    live.publish(bob.pk, "order", "0c1f")

    for tab in (first, second):
        name, data = tab.read_event()
        assert (name, json.loads(data)) == ("changed", {"noun": "transfer", "id": "7", "status": "COMPLETE"})
    name, data = stranger.read_event()
    assert (name, json.loads(data)) == ("changed", {"noun": "order", "id": "0c1f"})


def test_live_many_streams_share_one_subscription(
    web: Web, valkey: Valkey, subscribed: None, open_tab: OpenTab, alice: User, bob: User
) -> None:
    for user in (alice, alice, bob):
        open_tab(web, cookie_of(user)).read_event()

    with redis.Redis.from_url(valkey.url) as client:
        assert len(client.client_list(_type="pubsub")) == 1


def delete(session: SessionStore, user: User) -> None:
    session.delete()


def change_password(session: SessionStore, user: User) -> None:
    user.set_password("another-long-password")
    user.save()


def deactivate(session: SessionStore, user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize("end_session", [delete, change_password, deactivate])
def test_live_ends_with_the_session(
    web: Web, subscribed: None, open_tab: OpenTab, alice: User, end_session: object
) -> None:
    session = sign_in(alice)
    tab = open_tab(web, f"sessionid={session.session_key}")
    assert tab.read_event()[0] == "resync"

    end_session(session, alice)  # type: ignore[operator]

    assert tab.read_event() == ("", "")


def test_live_too_many_tabs_of_one_person_are_refused_until_one_closes(
    web: Web, subscribed: None, open_tab: OpenTab, alice: User, bob: User
) -> None:
    cookie = cookie_of(alice)
    tabs = [open_tab(web, cookie) for _ in range(hub_module.MAX_QUEUES_OF_ONE_USER)]
    assert [tab.status for tab in tabs] == [200] * len(tabs)

    assert open_tab(web, cookie).status == 503
    assert open_tab(web, cookie_of(bob)).status == 200
    tabs[0].close()
    wait_for(lambda: open_tab(web, cookie).status == 200, "room for another tab")


def test_live_slow_browser_gets_a_resync_and_others_all_events(
    web: Web, valkey: Valkey, subscribed: None, open_tab: OpenTab, alice: User
) -> None:
    slow, quick = open_tab(web, cookie_of(alice)), open_tab(web, cookie_of(alice))
    assert slow.read_event()[0] == quick.read_event()[0] == "resync"

    padding = "x" * 50_000  # more in all than the kernel buffers between two processes
    with redis.Redis.from_url(valkey.url) as client:
        for number in range(500):
            client.publish(f"live:user:{alice.pk}", f"{number} {padding}")
            name, data = quick.read_event()
            assert (name, data.split()[0]) == ("changed", str(number))

    events: list[str] = []
    while not events or events[-1] != "resync":
        name, data = slow.read_event()
        events.append(name if name == "resync" else data.split()[0])
    assert len(events) < 500


def test_live_browser_that_resets_is_forgotten(
    web: Web, valkey: Valkey, subscribed: None, open_tab: OpenTab, alice: User
) -> None:
    cookie = cookie_of(alice)
    for _ in range(hub_module.MAX_QUEUES_OF_ONE_USER + 5):
        tab = open_tab(web, cookie)
        assert tab.status == 200
        assert tab.connection.sock
        tab.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        tab.close()
        time.sleep(0.02)


def test_live_of_an_idle_session_is_refused(web: Web, open_tab: OpenTab, alice: User) -> None:
    session = sign_in(alice)
    session["signed_in_at"] = session["seen_at"] = time.time() - 31 * 60
    session.save()
    assert open_tab(web, f"sessionid={session.session_key}").status == 401
