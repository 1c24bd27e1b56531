"""Prices on open pages: who gets which, and that nobody is told what their page does not show."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from brokerapp.accounts.models import User
from brokerapp.live import hub as hub_module
from brokerapp.live import prices
from brokerapp.live.hub import Hub
from brokerapp.live.push_queue import PushQueue
from tests.brokerapp.live.conftest import OpenTab, cookie_of
from tests.brokerapp.live.processes import Valkey, Web, wait_for

HEAD = '{"at":"2026-03-02T15:00:00.000+00:00","fresh":true}'


def tick(*lines: str, beat: bool = False) -> dict[str, Any]:
    data = "\n".join([f"{int(beat)}{HEAD}", *lines])
    return {"type": "message", "channel": prices.CHANNEL.encode(), "data": data.encode()}


def waiting(queue: PushQueue) -> dict[str, Any] | None:
    """The prices that wait for a page; None if no event does."""
    event, queue._prices = queue._prices, b""
    if not event:
        return None
    name, data = event.decode().strip().split("\ndata: ")
    assert name == "event: prices"
    found: dict[str, Any] = json.loads(data)["prices"]
    return found


def test_hub_prices_reach_the_pages_that_show_them() -> None:
    hub = Hub("redis://127.0.0.1:9/0")
    apple, both, none = (hub.open("7", frozenset(each)) for each in (["AAPL"], ["AAPL", "MSFT"], []))

    hub.take(tick('AAPL ["$1.00"]', 'MSFT ["$2.00"]', 'KO ["$3.00"]'))
    assert waiting(apple) == {"AAPL": ["$1.00"]}
    assert waiting(both) == {"AAPL": ["$1.00"], "MSFT": ["$2.00"]}
    assert waiting(none) is None

    hub.take(tick('MSFT ["$2.01"]'))
    assert waiting(apple) is None
    assert waiting(both) == {"MSFT": ["$2.01"]}


def test_hub_prices_a_page_without_a_change_hears_a_beat() -> None:
    hub = Hub("redis://127.0.0.1:9/0")
    page = hub.open("7", frozenset(["AAPL"]))

    hub.take(tick(beat=True))

    assert waiting(page) == {}


def test_hub_prices_a_slow_page_gets_the_newest_of_each_once() -> None:
    hub = Hub("redis://127.0.0.1:9/0")
    page = hub.open("7", frozenset(["AAPL", "MSFT"]))

    for line in ('AAPL ["$1.00"]', 'MSFT ["$2.00"]', 'AAPL ["$1.01"]'):
        hub.take(tick(line))

    assert waiting(page) == {"AAPL": ["$1.01"], "MSFT": ["$2.00"]}


def test_hub_prices_a_page_that_is_opened_gets_what_others_were_told() -> None:
    hub = Hub("redis://127.0.0.1:9/0")
    first = hub.open("7", frozenset(["AAPL"]))
    hub.take(tick('AAPL ["$1.00"]'))

    assert waiting(hub.open("8", frozenset(["AAPL"]))) == {"AAPL": ["$1.00"]}
    for queue in [first, *hub._queues["8"]]:
        hub.close(queue)
    assert waiting(hub.open("7", frozenset(["AAPL"]))) is None
    assert not hub.prices._latest


def test_hub_prices_one_person_watches_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MAX_SYMBOLS_OF_ONE_USER", 3)
    hub = Hub("redis://127.0.0.1:9/0")

    sizes = [len(hub.open("7", frozenset(each)).symbols) for each in ("AB", "CD", "EF")]

    assert sizes == [2, 1, 0]
    assert len(hub.open("8", frozenset("AB")).symbols) == 2


@pytest.mark.parametrize(
    ("query", "symbols"),
    [
        (b"", set()),
        (b"prices=AAPL,MSFT&other=1", {"AAPL", "MSFT"}),
        (b"prices=BRK.B%2CBTC%2FUSD", {"BRK.B", "BTC/USD"}),
        (b"prices=aapl,%0aX,A%20B,\xff,,%00", set()),
        (b"prices=" + b"A" * 33, set()),
    ],
)
def test_read_symbols_takes_only_what_can_be_one(query: bytes, symbols: set[str]) -> None:
    assert prices.read_symbols(query) == symbols


def test_read_symbols_takes_a_bounded_number() -> None:
    query = b"prices=" + b",".join(b"S%d" % number for number in range(1000))

    assert len(prices.read_symbols(query)) == prices.MOST_SYMBOLS


def test_live_prices_are_wanted_while_a_page_is_open_and_reach_it(
    web: Web, valkey: Valkey, open_tab: OpenTab, alice: User, bob: User, settings: Any
) -> None:
    settings.REDIS_URL = valkey.url
    with redis.Redis.from_url(valkey.url) as client:
        wait_for(lambda: client.pubsub_numpat() == 1, "the subscription")
    tab = open_tab(web, cookie_of(alice), path="/live/?prices=AAPL,MSFT")
    other = open_tab(web, cookie_of(bob))
    assert tab.read_event()[0] == other.read_event()[0] == "resync"
    wait_for(lambda: set(prices.get_wanted(10)) >= {"AAPL", "MSFT"}, "what the page shows")

    at = datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert prices.publish_tick({"AAPL": ["$1.00"], "KO": ["$2.00"]}, at=at, fresh=True, beat=False)

    name, data = tab.read_event()
    assert name == "prices"
    assert json.loads(data) == {
        "at": "2026-03-02T15:00:00.000+00:00",
        "fresh": True,
        "prices": {"AAPL": ["$1.00"]},
    }
    assert other.read_block().startswith(":")


def test_get_wanted_forgets_what_nobody_has_asked_for_lately(valkey: Valkey, settings: Any) -> None:
    settings.REDIS_URL = valkey.url
    with redis.Redis.from_url(valkey.url) as client:
        client.zadd(prices.WANTED, {"OLD": time.time() - 1, "NEW": time.time() + 15})

    assert "OLD" not in prices.get_wanted(10)
    assert "NEW" in prices.get_wanted(10)
