from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerapp.units import money


@pytest.mark.parametrize("value", [1.5, True, None, "", "abc", "NaN", "Infinity", "1,000"])
def test_parse_decimal_refuses(value: object) -> None:
    with pytest.raises(ValueError):
        money.parse_decimal(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12))
def test_plain_is_read_back_as_the_same_number(number: Decimal) -> None:
    text = money.plain(number)
    assert "E" not in text
    assert Decimal(text) == number


def test_quantize_shares_never_rounds_up() -> None:
    assert money.quantize_shares(Decimal("0.9999999999")) == Decimal("0.999999999")


def test_quantize_cash_rounds_half_to_even() -> None:
    assert money.quantize_cash(Decimal("0.125")) == Decimal("0.12")
    assert money.quantize_cash(Decimal("0.135")) == Decimal("0.14")
