from decimal import Decimal
from uuid import uuid4

import pytest

from trading.forms import TicketForm
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
        ("0.1234567891", "SHARES", "shares_precision"),
        ("1.234", "DOLLARS", "dollars_precision"),
        ("0.99", "DOLLARS", "dollars_minimum"),
        ("0", "SHARES", "positive"),
        ("-1", "SHARES", "positive"),
        ("abc", "SHARES", "number"),
        ("NaN", "SHARES", "number"),
        ("Infinity", "DOLLARS", "number"),
        ("1e400", "SHARES", "too_much"),
        ("1e-400", "SHARES", "shares_precision"),
        ("٣", "DOLLARS", None),
        ("9999999999", "SHARES", "too_much"),
        ("", "SHARES", "required"),
    ],
)
def test_amount_refused_at_the_field(amount: str, unit: str, code: str | None) -> None:
    found = form(amount, unit)

    if code is None:
        assert found.is_valid()
    else:
        assert found.errors.as_data()["amount"][0].code == code


def test_dollars_of_whole_shares_only_are_not_offered() -> None:
    assert "unit" in form("5", "DOLLARS", fractionable=False).errors
