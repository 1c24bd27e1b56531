from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from trading.models import Position, Quote
from trading.valuation import value_positions

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


AAPL, MSFT, ODD = (UUID(int=number) for number in range(3))


def position(asset_id: UUID, qty: str, cost: str | None, symbol: str = "") -> Position:
    return Position(asset_id=asset_id, symbol=symbol, qty=Decimal(qty), cost_basis=cost and Decimal(cost))


def quote(last: str, age: int = 0) -> Quote:
    return Quote(last=Decimal(last), as_of=NOW, synced_at=NOW - timedelta(seconds=age))


def test_value_positions_adds_up() -> None:
    found = value_positions(
        Decimal("100.00"),
        [position(AAPL, "0.42", "80"), position(MSFT, "2", "900")],
        {AAPL: quote("200"), MSFT: quote("400", age=20)},
    )

    assert found.value == Decimal("884.00")
    assert found.total == Decimal("984.00")
    assert found.gain == Decimal("-96.00")
    assert found.gain_fraction == Decimal(-96) / Decimal(980)
    assert found.holdings[0].gain == Decimal("4.00")
    assert found.holdings[0].gain_fraction == Decimal("0.05")
    assert found.priced_at == NOW - timedelta(seconds=20)


def test_value_positions_without_a_price_is_the_total_of_the_others() -> None:
    found = value_positions(
        Decimal(100), [position(AAPL, "1", "1"), position(ODD, "1", "1", "X")], {AAPL: quote("2")}
    )

    assert found.total == Decimal(102)
    assert (found.cost, found.gain) == (Decimal(1), Decimal(1))
    assert found.unpriced == found.without_gain == ["X"]


def test_value_positions_without_any_price_is_cash_and_has_no_gain() -> None:
    found = value_positions(Decimal(100), [position(ODD, "1", "1", "X")], {})

    assert (found.total, found.cost, found.gain, found.gain_fraction) == (Decimal(100), None, None, None)


def test_value_positions_empty_is_cash() -> None:
    found = value_positions(Decimal("12.34"), [], {})

    assert found.total == Decimal("12.34")
    assert found.gain_fraction is None
    assert found.priced_at is None
    assert found.gain is None


def test_value_positions_of_unknown_cost_have_a_value_and_no_gain() -> None:
    found = value_positions(Decimal(1), [position(AAPL, "1", None)], {AAPL: quote("2")})

    assert found.total == Decimal(3)
    assert (found.cost, found.gain, found.gain_fraction) == (None, None, None)
    assert (found.holdings[0].gain, found.holdings[0].gain_fraction) == (None, None)


def test_value_positions_of_unknown_cost_do_not_hide_the_gain_of_others() -> None:
    held = [position(AAPL, "1", None, "A"), position(MSFT, "1", "4", "M")]
    found = value_positions(Decimal(1), held, {AAPL: quote("2"), MSFT: quote("5")})

    assert (found.total, found.gain, found.gain_fraction) == (Decimal(8), Decimal(1), Decimal("0.25"))
    assert (found.unpriced, found.without_gain) == ([], ["A"])


@pytest.mark.parametrize(
    ("previous", "last", "known"),
    [
        ("400", "100", False),  # 4:1
        ("400", "103", False),  # 4:1, and a good day
        ("300", "100", False),  # 3:1
        ("200", "101", False),  # 2:1
        ("150", "100.5", False),  # 3:2
        ("2", "20", False),  # 1:10
        ("100", "150", False),  # 2:3
        ("100", "62", True),
        ("100", "71", True),
        ("100", "140", True),
        ("100", "158", True),
    ],
)
def test_quote_change_is_not_known_where_a_split_may_be_between(
    previous: str, last: str, known: bool
) -> None:
    found = Quote(last=Decimal(last), previous_close=Decimal(previous))

    assert found.may_be_split is not known
    assert (found.change is not None) is known
    assert (found.change_fraction is not None) is known
