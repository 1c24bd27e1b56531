"""What a holding is worth and gained, and which prices may have a split between them."""

from decimal import Decimal

import pytest

from trading.models import Quote
from trading.valuation import Held, Holding


def holding(cost: str | None, last: str | None, qty: str = "0.42") -> Holding:
    cost_basis, price = (None if text is None else Decimal(text) for text in (cost, last))
    held = Held("A", "A", Decimal(qty), cost_basis, price, None, "us_equity")
    return Holding(held, held)


def test_holding_gain_is_value_less_cost() -> None:
    found = holding("80", "200")

    assert (found.value, found.gain, found.gain_fraction) == (Decimal(84), Decimal(4), Decimal("0.05"))
    found.lots_cost = Decimal(90)
    assert found.cost == Decimal(90)


def test_holding_owed_has_its_gain_by_what_was_taken_in() -> None:
    found = holding("-100", "80", qty="-1")

    assert (found.gain, found.gain_fraction) == (Decimal(20), Decimal("0.2"))


@pytest.mark.parametrize(("cost", "last"), [(None, "2"), ("1", None)])
def test_holding_without_cost_or_price_has_no_gain(cost: str | None, last: str | None) -> None:
    found = holding(cost, last)

    assert (found.gain, found.gain_fraction) == (None, None)


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
