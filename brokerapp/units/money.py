"""Money and quantities: `Decimal` from string to column, rounded once, at the edge, with a named mode."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation

CENT = Decimal("0.01")
SHARE = Decimal("0.000000001")


def parse_decimal(value: object) -> Decimal:
    """A finite `Decimal` from a string, int or Decimal.

    Raises `ValueError` for anything else: floats most of all, since they have lost the digits already.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"a decimal must come from a string, not from {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a decimal number: {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


def quantize_cash(amount: Decimal) -> Decimal:
    """USD to 2 dp, half to even."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def quantize_shares(quantity: Decimal) -> Decimal:
    """Shares to 9 dp, towards zero: never more shares than there are."""
    return quantity.quantize(SHARE, rounding=ROUND_DOWN)


def plain(number: Decimal) -> str:
    """Digits without exponent or trailing zeros (`0.42`, `1200`), as the broker's requests want them."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
