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


@pytest.mark.parametrize("text", ["1_000", "１２", "٣", "1\u00a0000", "1−2"])
def test_parse_decimal_takes_only_what_programs_write(text: str) -> None:
    with pytest.raises(ValueError):
        money.parse_decimal(text)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.56", "$1,234.56"),
        ("-250", "−$250.00"),
        ("31", "$31.00"),
        ("-0.001", "$0.00"),
        ("0.125", "$0.12"),
        ("50000", "$50,000.00"),
    ],
)
def test_usd_in_a_sentence(amount: str, shown: str) -> None:
    assert money.usd(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1", "1 share"),
        ("1.000", "1 share"),
        ("-1", "−1 share"),
        ("0", "0 shares"),
        ("0.5", "0.5 shares"),
        ("1200", "1,200 shares"),
        ("1.0000000009", "1 share"),
    ],
)
def test_shares_in_a_sentence(number: str, shown: str) -> None:
    assert money.shares(Decimal(number)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.5678", "$1,234.57"),
        ("1", "$1.00"),
        ("0.5", "$0.50"),
        ("0.1234", "$0.1234"),
        ("0.12345", "$0.1234"),
        ("-0.0521", "−$0.0521"),
        ("-2", "−$2.00"),
        ("0", "$0.00"),
        ("-0.00001", "$0.00"),
        ("0.99999", "$1.00"),
    ],
)
def test_price_has_four_decimals_below_a_dollar(amount: str, shown: str) -> None:
    assert money.price(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        ("0.0123", "1.23%"),
        ("-0.004", "−0.40%"),
        ("-0.00004", "0.00%"),
        ("0.00005", "0.00%"),
        ("0.00015", "0.02%"),
        ("123.4", "12,340.00%"),
    ],
)
def test_percentage_in_a_sentence(fraction: str, shown: str) -> None:
    assert money.percentage(Decimal(fraction)) == shown
