"""Money and quantities: `Decimal` from string to column, rounded once, at the edge, with a named mode."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation

CENT = Decimal("0.01")
FINE = Decimal("0.0001")
SHARE = Decimal("0.000000001")
MINUS = "\N{MINUS SIGN}"


def parse_decimal(value: object) -> Decimal:
    """A finite `Decimal` from a string that a program wrote, an int or a Decimal.

    Raises `ValueError` for anything else: floats most of all, since they have lost the digits already. What a
    person typed is for `units.typed.read_decimal`.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"a decimal must come from a string, not from {type(value).__name__}")
    if isinstance(value, str) and not re.fullmatch(r"[ -^`-~]*", value):
        # Python's own reader takes 1_000 and the digits of every script.
        raise ValueError(f"not a decimal number: {value!r}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a decimal number: {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


def quantize_cash(amount: Decimal) -> Decimal:
    """USD to 2 dp, half to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def quantize_shares(quantity: Decimal) -> Decimal:
    """Shares to 9 dp, towards zero: never more shares than there are."""
    return quantity.quantize(SHARE, ROUND_DOWN)


def plain(number: Decimal) -> str:
    """Digits without exponent or trailing zeros (`0.42`, `1200`), as the broker's requests want them."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def usd(amount: Decimal) -> str:
    """US dollars for sentences and figures, to the cent: `$1,234.56`, `−$250.00`; never `−$0.00`."""
    text = f"{amount.quantize(CENT, ROUND_HALF_EVEN):,f}"
    return f"${text}" if text[0] != "-" else _below_zero(text, "$")


def price(amount: Decimal) -> str:
    """USD for one share: to the cent, and up to 4 decimals below a dollar: `$1,234.56`, `$0.1234`."""
    if abs(amount) >= 1:
        return usd(amount)
    fine = amount.quantize(FINE, rounding=ROUND_HALF_EVEN)
    if quantize_cash(fine) == fine:
        return usd(fine)
    return f"{MINUS if fine < 0 else ''}${plain(abs(fine))}"


def quantity(number: Decimal) -> str:
    """A quantity for sentences and figures, 9 dp at most: `1,200`, `0.42`, `−3`."""
    text = f"{number.quantize(SHARE, ROUND_DOWN):,f}".rstrip("0").rstrip(".")
    return text if text[0] != "-" else _below_zero(text)


def percentage(fraction: Decimal) -> str:
    """A fraction as a percentage to 2 dp: `0.0123` is `1.23%`, `−0.40%`; never `−0.00%`."""
    text = f"{fraction.quantize(FINE, ROUND_HALF_EVEN) * 100:,.2f}%"
    return text if text[0] != "-" else _below_zero(text)


def _below_zero(text: str, sign: str = "") -> str:
    """Figures that begin with a hyphen, with a minus instead, and without one if they are all zeros."""
    return f"{MINUS if any('1' <= digit <= '9' for digit in text) else ''}{sign}{text[1:]}"


def shares(number: Decimal, unit: str = "share") -> str:
    """A quantity with its word: `1 share`, `0.5 shares`, `1,200 shares`; or with that of another `unit`."""
    return f"{quantity(number)} {unit}{'' if abs(quantize_shares(number)) == 1 else 's'}"
