from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import responses

from brokerapp.broker.alpaca import transport as transport_module
from brokerapp.broker.alpaca.rate_limit import LocalBudget
from brokerapp.broker.alpaca.records import CallRecord
from brokerapp.broker.alpaca.transport import Transport

BASE = "http://broker.test"
REQUEST_ID = "65ddd35ed1b3433dbf29d11f6d932c88"


@dataclass
class Recorded:
    """A recorder that keeps what it was told, as it was at that moment."""

    started: list[CallRecord] = field(default_factory=list)
    finished: list[CallRecord] = field(default_factory=list)

    def start(self, record: CallRecord) -> int:
        self.started.append(replace(record))
        return len(self.started)

    def finish(self, token: Any, record: CallRecord) -> None:
        self.finished.append(replace(record))


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def budget(slept: list[float]) -> LocalBudget:
    """A budget whose clock goes on by what was slept."""
    return LocalBudget(clock=lambda: 1000.0 + sum(slept))


@pytest.fixture
def make_transport(
    recorded: Recorded, slept: list[float], budget: LocalBudget, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Transport]:
    """Transports that note their pauses instead of sleeping, with the longest jitter."""
    monkeypatch.setattr(transport_module, "alarmed_at", {})

    def make(base_url: str = BASE, **options: Any) -> Transport:
        given: dict[str, Any] = {
            "recorder": recorded,
            "budget": budget,
            "sleep": slept.append,
            "jitter": lambda low, high: high,
            "clock": lambda: sum(slept),
        } | options
        return Transport(base_url, "key", "secret", **given)

    return make


@pytest.fixture
def transport(make_transport: Callable[..., Transport]) -> Transport:
    return make_transport()


@pytest.fixture
def broker() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock
