"""Jobs of the market: one at a time, for a bounded time, after whoever waits."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerBusy, BrokerRejected
from brokerapp.broker.alpaca.rate_limit import Priority, Word, priority_of
from brokerapp.broker.budget import budget_of
from tests.broker_stub import BrokerStub
from tests.brokerapp.workflow.test_sweeps import in_another_session
from tests.factories import QuoteFactory
from trading.models import Quote
from trading.services import bars, batches, corporate_actions, market, quotes, screens

JOBS = {
    "trading.quotes": quotes.sync_quotes,
    "trading.bars": bars.sync_bars,
    "trading.announcements": corporate_actions.sync_announcements,
    "trading.screens": screens.sync_screens,
    "trading.assets": market.sync_assets,
    "trading.calendar": market.sync_calendar,
    "trading.clock": market.sync_clock,
}


@pytest.fixture
def seen() -> Quote:
    """A quote that somebody looks at and that is a minute old."""
    now = timezone.now()
    quote: Quote = QuoteFactory.create(looked_at=now, synced_at=now - timedelta(minutes=1))
    return quote


@pytest.mark.django_db(transaction=True)
def test_a_second_run_of_a_job_asks_nothing(broker: BrokerStub, seen: Quote) -> None:
    for name, job in JOBS.items():
        with batches.alone(name) as held:
            assert held is not None
            in_another_session(lambda job=job: job(now=timezone.now()) or 0)  # type: ignore[misc]

    assert not broker.calls


@pytest.mark.django_db
def test_a_run_makes_way_when_little_of_the_minute_is_left(broker: BrokerStub, seen: Quote) -> None:
    budget = budget_of(settings.BROKER_DATA_URL)
    budget.note(Word(left=20, limit=100, reset=time.time() + 50, seconds=50))
    broker.on("GET", "/v2/stocks/snapshots", json={})
    try:
        with pytest.raises(BrokerBusy):
            quotes.sync_quotes(now=timezone.now())
        assert not broker.calls
        quotes.sync_shown_quotes(asset_ids=[str(seen.asset_id)], now=timezone.now())
        assert broker.count("GET") == 1
    finally:
        budget.forget()


@pytest.mark.django_db
def test_in_batches_goes_on_after_one_that_fails_and_raises_at_the_end() -> None:
    handled: list[Any] = []
    failed: list[Any] = []

    def handle(batch: Any) -> None:
        assert priority_of("GET") == Priority.POLL
        if batch == ["bad"]:
            raise BrokerRejected("no", http_status=409)
        handled.append(batch)

    with pytest.raises(BrokerRejected):
        batches.in_batches("test", iter([["bad"], ["good"]]), handle, failed=failed.append)

    assert (handled, failed) == ([["good"]], [["bad"]])
    assert priority_of("GET") == Priority.PERSON


@pytest.mark.django_db
def test_in_batches_ends_between_batches_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SECONDS", -1.0)
    left = iter([["first"], ["second"]])
    handled: list[Any] = []

    assert batches.in_batches("test", left, handled.append) == 1
    assert handled == [["first"]]
    assert list(left) == [["second"]]
