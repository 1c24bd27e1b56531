"""The web process and its streams when something goes away."""

import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerapp import live
from brokerapp.accounts.models import User
from tests.brokerapp.live.conftest import OpenTab, cookie_of
from tests.brokerapp.live.processes import PATIENCE_SECONDS, Valkey, Web

StartWeb = Callable[..., Web]


@pytest.fixture
def frail(settings: object) -> Iterator[Valkey]:
    """A Redis-protocol server that the test may kill; `publish` uses it."""
    with tempfile.TemporaryDirectory(prefix="frail-") as folder:
        server = Valkey(Path(folder))
        server.start()
        settings.REDIS_URL = server.url  # type: ignore[attr-defined]
        yield server
        server.kill()


def test_live_redis_restart_keeps_the_stream_and_resyncs(
    start_web: StartWeb, frail: Valkey, open_tab: OpenTab, alice: User
) -> None:
    tab = open_tab(start_web(redis_url=frail.url), cookie_of(alice))
    assert tab.read_event()[0] == "resync"

    frail.kill()
    assert tab.read_block().startswith(":")
    frail.start()

    assert tab.read_event()[0] == "resync"
    live.publish(alice.pk, "order", 1)
    assert tab.read_event()[0] == "changed"


def test_live_redis_frozen_is_noticed_and_resyncs(
    start_web: StartWeb, frail: Valkey, open_tab: OpenTab, alice: User
) -> None:
    tab = open_tab(start_web(redis_url=frail.url), cookie_of(alice))
    assert tab.read_event()[0] == "resync"

    frail.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    frail.send_signal(signal.SIGCONT)

    assert tab.read_event()[0] == "resync"


def test_live_started_before_redis_resyncs_once_it_is_there(
    start_web: StartWeb, frail: Valkey, open_tab: OpenTab, alice: User
) -> None:
    frail.kill()
    tab = open_tab(start_web(redis_url=frail.url), cookie_of(alice))
    tab.read_block()
    assert tab.read_block().startswith(":")

    frail.start()

    assert tab.read_event()[0] == "resync"


@pytest.mark.parametrize("workers", [1, 2])
def test_web_sigterm_ends_open_streams_in_good_order(
    start_web: StartWeb, open_tab: OpenTab, alice: User, workers: int
) -> None:
    web = start_web(workers=workers)
    tabs = [open_tab(web, cookie_of(alice)) for _ in range(5)]
    for tab in tabs:
        tab.read_event()

    web.stop()

    assert "timeout graceful shutdown exceeded" not in web.output.read_text()
    assert [tab.read_event() for tab in tabs] == [("", "")] * 5


def test_publish_without_redis_raises_nothing(frail: Valkey) -> None:
    frail.kill()

    live.publish(1, "order", 1)


def test_publish_to_frozen_redis_gives_up(frail: Valkey) -> None:
    frail.send_signal(signal.SIGSTOP)
    publishing = threading.Thread(target=live.publish, args=(1, "order", 1), daemon=True)

    publishing.start()
    publishing.join(PATIENCE_SECONDS)

    assert not publishing.is_alive()
    frail.send_signal(signal.SIGCONT)


def test_publish_after_redis_restart_is_not_lost(
    start_web: StartWeb, frail: Valkey, open_tab: OpenTab, alice: User
) -> None:
    live.publish(alice.pk, "order", 1)
    frail.kill()
    frail.start()
    tab = open_tab(start_web(redis_url=frail.url), cookie_of(alice))
    assert tab.read_event()[0] == "resync"

    live.publish(alice.pk, "order", 2)

    assert tab.read_event() == ("changed", '{"noun":"order","id":"2"}')
