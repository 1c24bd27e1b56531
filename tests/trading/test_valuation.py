from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trading.models import Position, Quote
from trading.valuation import value_positions

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def position(symbol: str, qty: str, cost: str) -> Position:
    return Position(symbol=symbol, qty=Decimal(qty), cost_basis=Decimal(cost), avg_entry_price=Decimal(1))


def quote(symbol: str, last: str, age: int = 0) -> Quote:
    return Quote(symbol=symbol, last=Decimal(last), as_of=NOW, synced_at=NOW - timedelta(seconds=age))


def test_value_positions_adds_up() -> None:
    found = value_positions(
        Decimal("100.00"),
        [position("AAPL", "0.42", "80"), position("MSFT", "2", "900")],
        {"AAPL": quote("AAPL", "200"), "MSFT": quote("MSFT", "400", age=20)},
    )

    assert found.value == Decimal("884.00")
    assert found.total == Decimal("984.00")
    assert found.gain == Decimal("-96.00")
    assert found.gain_fraction == Decimal(-96) / Decimal(980)
    assert found.holdings[0].gain == Decimal("4.00")
    assert found.holdings[0].gain_fraction == Decimal("0.05")
    assert found.priced_at == NOW - timedelta(seconds=20)


def test_value_positions_without_a_price_has_no_total() -> None:
    found = value_positions(
        Decimal(100), [position("AAPL", "1", "1"), position("X", "1", "1")], {"AAPL": quote("AAPL", "2")}
    )

    assert found.total is None
    assert found.gain is None
    assert found.unpriced == ["X"]


def test_value_positions_empty_is_cash() -> None:
    found = value_positions(Decimal("12.34"), [], {})

    assert found.total == Decimal("12.34")
    assert found.gain_fraction is None
    assert found.priced_at is None
