from decimal import Decimal
from uuid import uuid4

import pytest

from trading.forms.review import ReviewForm
from trading.forms.ticket import TicketForm
from trading.models import Asset


def form(amount: str, unit: str = "SHARES", side: str = "BUY", fractionable: bool = True) -> TicketForm:
    asset = Asset(id=uuid4(), symbol="AAPL", status="active", tradable=True, fractionable=fractionable)
    return TicketForm({"side": side, "unit": unit, "amount": amount}, asset=asset)


@pytest.mark.parametrize(
    ("amount", "unit", "qty", "notional"),
    [
        ("0.42", "SHARES", Decimal("0.42"), None),
        ("0.123456789", "SHARES", Decimal("0.123456789"), None),
        ("1.5000000000000", "SHARES", Decimal("1.5"), None),
        (" 1,200 ", "SHARES", Decimal(1200), None),
        ("$1,234.56", "DOLLARS", None, Decimal("1234.56")),
        ("1", "DOLLARS", None, Decimal(1)),
    ],
)
def test_ticket(amount: str, unit: str, qty: Decimal | None, notional: Decimal | None) -> None:
    found = form(amount, unit)

    assert found.is_valid(), found.errors
    ticket = found.ticket()
    assert (ticket.qty, ticket.notional) == (qty, notional)


@pytest.mark.parametrize(
    ("amount", "unit", "code"),
    [
        ("0.1234567891", "SHARES", "places"),
        ("1.234", "DOLLARS", "places"),
        ("1.000", "DOLLARS", "places"),
        ("0.99", "DOLLARS", "too_little"),
        ("0", "SHARES", "positive"),
        ("-1", "SHARES", "positive"),
        ("abc", "SHARES", "invalid"),
        ("NaN", "SHARES", "invalid"),
        ("Infinity", "DOLLARS", "invalid"),
        ("1e400", "SHARES", "invalid"),
        ("1E+400000000", "SHARES", "invalid"),
        ("1e-400", "SHARES", "invalid"),
        ("0,5", "SHARES", "invalid"),
        ("10,50", "DOLLARS", "invalid"),
        ("1,2,3", "SHARES", "invalid"),
        ("1_000", "SHARES", "invalid"),
        ("$2", "SHARES", "dollar_sign"),
        ("٣", "DOLLARS", "invalid"),
        ("٣", "SHARES", "invalid"),
        ("9999999999", "SHARES", "too_much"),
        ("", "SHARES", "required"),
    ],
)
def test_amount_refused_at_the_field(amount: str, unit: str, code: str) -> None:
    found = form(amount, unit)

    assert found.errors.as_data()["amount"][0].code == code
    assert found["amount"].value() == amount  # nothing typed is lost


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        ("0,5", "SHARES", "Did you mean 0.5?"),
        ("1,5", "SHARES", "Did you mean 1.5?"),
        ("10,50", "DOLLARS", "Did you mean $10.50?"),
        ("1.000", "DOLLARS", "Did you mean $1.00?"),
        ("$2", "SHARES", "Did you mean 2 shares?"),
        ("0.99", "DOLLARS", "The smallest order is $1.00."),
    ],
)
def test_amount_refused_with_the_reading_offered(amount: str, unit: str, words: str) -> None:
    assert words in form(amount, unit).errors["amount"][0]


@pytest.mark.parametrize("seen", ["", "abc", "1E+400000000", "NaN", "1,5"])
def test_review_form_an_unreadable_price_is_none(seen: str) -> None:
    found = ReviewForm({"seen_price": seen})

    assert found.is_valid()
    assert found.cleaned_data["seen_price"] is None


def test_dollars_of_whole_shares_only_are_not_offered() -> None:
    assert "unit" in form("5", "DOLLARS", fractionable=False).errors
