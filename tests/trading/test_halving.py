"""One symbol that is refused keeps no other waiting."""

from collections.abc import Sequence

import pytest

from brokerapp.broker.alpaca.errors import BrokerRejected
from trading.services.halving import ask_in_halves


class Source:
    """Answers batches without its culprits; else refuses them with a status."""

    def __init__(self, *culprits: str, status: int = 422) -> None:
        self.culprits, self.status = set(culprits), status
        self.asked: list[Sequence[str]] = []

    def __call__(self, batch: Sequence[str]) -> dict[str, int]:
        self.asked.append(batch)
        if self.culprits & set(batch):
            raise BrokerRejected("no", http_status=self.status)
        return {symbol: len(symbol) for symbol in batch}


def test_ask_in_halves_asks_once_where_nothing_is_refused() -> None:
    source = Source()
    assert ask_in_halves(["A", "BB"], source) == {"A": 1, "BB": 2}
    assert len(source.asked) == 1


def test_ask_in_halves_leaves_out_only_the_culprits() -> None:
    symbols = [f"S{number:03}" for number in range(100)]
    source = Source("S041")

    found = ask_in_halves(symbols, source)

    assert set(found) == set(symbols) - {"S041"}
    assert len(source.asked) <= 15


@pytest.mark.parametrize("status", [401, 500])
def test_ask_in_halves_passes_on_what_is_not_about_the_symbols(status: int) -> None:
    source = Source("A", status=status)
    with pytest.raises(BrokerRejected):
        ask_in_halves(["A", "B"], source)
    assert len(source.asked) == 1
