"""One refresh a second for everybody who looks, and none while nobody does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.live import prices
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, QuoteFactory
from tests.trading.test_quotes import set_clock, snapshot
from trading.models import Quote, QuotePause
from trading.services import pulse

pytestmark = pytest.mark.django_db
SNAPSHOTS = "/v2/stocks/snapshots"


class Pages:
    """What open pages show, and what they were told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wanted: list[str] = []
        self.ticks: list[tuple[dict[str, Any], bool, bool]] = []
        monkeypatch.setattr(prices, "get_wanted", lambda most: self.wanted[:most])
        monkeypatch.setattr(prices, "publish_tick", self.hear)

    def hear(self, told: dict[str, Any], *, at: datetime, fresh: bool, beat: bool) -> bool:
        self.ticks.append((told, fresh, beat))
        return True

    def told(self) -> list[dict[str, str]]:
        """The last prices of each tick."""
        return [{symbol: row[0] for symbol, row in told.items()} for told, *_ in self.ticks]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    return Pages(monkeypatch)


def old_quote(symbol: str, now: datetime, **columns: Any) -> Quote:
    made: Quote = QuoteFactory.create(symbol=symbol, synced_at=now - timedelta(minutes=1), **columns)
    return made


def test_tick_asks_once_for_all_and_tells_what_changed(broker: BrokerStub, pages: Pages) -> None:
    now = timezone.now()
    for symbol in ("AAPL", "MSFT", "KO"):
        old_quote(symbol, now)
    pages.wanted = ["AAPL", "MSFT", "NOSUCH"]
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(201), "MSFT": snapshot(300)})
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(202), "MSFT": snapshot(300)})
    running = pulse.Pulse()

    for second in range(2):
        running.tick(now + timedelta(seconds=second))

    assert broker.count("GET") == 2
    assert "symbols=AAPL%2CMSFT&" in str(broker.calls[0].request.url)
    assert pages.told() == [{"AAPL": "$201.00", "MSFT": "$300.00"}, {"AAPL": "$202.00"}]


def test_tick_asks_nothing_while_nobody_looks(broker: BrokerStub, pages: Pages) -> None:
    old_quote("AAPL", timezone.now())

    pulse.Pulse().tick(timezone.now())

    assert (broker.count("GET"), pages.ticks) == (0, [])


def test_tick_a_closed_market_is_left_alone_and_pages_hear_that_all_is_well(
    broker: BrokerStub, pages: Pages
) -> None:
    now = timezone.now()
    set_clock(is_open=False, now=now)
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]

    pulse.Pulse().tick(now)

    assert broker.count("GET") == 0
    assert pages.ticks == [({}, True, True)]


def test_tick_without_an_answer_tells_nobody_that_prices_are_fresh(broker: BrokerStub, pages: Pages) -> None:
    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    broker.on("GET", SNAPSHOTS, status=503, json={})
    running = pulse.Pulse()

    running.tick(now)
    running.tick(now + timedelta(seconds=2))

    assert pages.ticks == []
    assert running.pause() == 4 * pulse.EVERY_SECONDS


def test_tick_keeps_what_it_told_for_the_next_page(broker: BrokerStub, pages: Pages) -> None:
    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(201)})
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(202)})
    running = pulse.Pulse()
    for second in range(7):
        running.tick(now + timedelta(seconds=second))

    assert Quote.objects.get().last == 202


def test_tick_a_symbol_without_an_answer_is_asked_for_again_after_a_pause(
    broker: BrokerStub, pages: Pages
) -> None:
    now = timezone.now()
    AssetFactory.create(symbol="ODD")
    old_quote("AAPL", now)
    pages.wanted = ["AAPL", "ODD"]
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(201)})
    running = pulse.Pulse()

    for second in range(2):
        running.tick(now + timedelta(seconds=second))

    assert "ODD" not in str(broker.calls[1].request.url)
    assert QuotePause.objects.get().asset.symbol == "ODD"


def test_tick_older_prices_do_not_replace_what_was_told(broker: BrokerStub, pages: Pages) -> None:
    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    early = {"t": "2026-03-02T14:59:00Z", "p": 190, "s": 1}
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(201)})
    broker.on("GET", SNAPSHOTS, json={"AAPL": {"latestTrade": early}})
    running = pulse.Pulse()

    for second in range(2):
        running.tick(now + timedelta(seconds=second))

    assert pages.told() == [{"AAPL": "$201.00"}]


def test_tick_leaves_no_row_in_the_call_log_but_of_failures(broker: BrokerStub, pages: Pages) -> None:
    from brokerapp.broker.calls.models import ApiCall

    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(201)})
    broker.on("GET", SNAPSHOTS, status=503, json={})
    running = pulse.Pulse()

    running.tick(now)
    assert not ApiCall.objects.exists()
    running.tick(now + timedelta(seconds=1))
    assert ApiCall.objects.get().http_status == 503


@pytest.mark.parametrize(
    ("tape", "condition", "halted"), [("A", "P", True), ("C", "Z", True), ("C", "R", False)]
)
def test_tick_takes_over_a_halt(
    broker: BrokerStub, pages: Pages, tape: str, condition: str, halted: bool
) -> None:
    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    told = {"t": "2026-03-02T16:00:00Z", "ap": 2, "as": 1, "bp": 1, "bs": 0, "c": [condition], "z": tape}
    broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(1, latestQuote=told)})

    pulse.Pulse().tick(now)

    assert (Quote.objects.get().is_halted, Quote.objects.get().feed) == (halted, "iex")
    assert pages.ticks[0][0]["AAPL"][-1] == ("halted" if halted else "")


def test_tick_tells_of_a_halt_that_moves_no_price(broker: BrokerStub, pages: Pages) -> None:
    now = timezone.now()
    old_quote("AAPL", now)
    pages.wanted = ["AAPL"]
    told = {"t": "2026-03-02T16:00:00Z", "ap": 2, "as": 1, "bp": 1, "bs": 0, "z": "C"}
    for condition in "RZR":
        broker.on("GET", SNAPSHOTS, json={"AAPL": snapshot(1, latestQuote=told | {"c": [condition]})})
    running = pulse.Pulse()

    for second in range(3):
        running.tick(now + timedelta(seconds=second))

    assert [row["AAPL"][-1] for row, *_ in pages.ticks] == ["", "halted", ""]
