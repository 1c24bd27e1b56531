from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from trading.forms import choices
from trading.forms.review import ReviewForm
from trading.forms.ticket import TicketForm
from trading.legality import Situation
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


def long(situation: Situation | None = None, /, **typed: Any) -> TicketForm:
    asset = Asset(id=uuid4(), symbol="AAPL", asset_class="us_equity", fractionable=True)
    data = {"side": "BUY", "unit": "SHARES", "amount": "2", **typed}
    return TicketForm(data, asset=asset, situation=situation or Situation(holds=True))


BRACKET = {"exits": "BOTH", "take_profit_price": "$220", "stop_loss_price": "180"}


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ({"type": "LIMIT", "limit_price": "$199.50", "time_in_force": "GTC", "extended_hours": "on"},
         {"limit_price": "199.50", "time_in_force": "GTC", "extended_hours": True}),
        ({"type": "STOP_LIMIT", "stop_price": "0.9001", "limit_price": "1,000"},
         {"stop_price": "0.9001", "limit_price": "1000"}),
        ({"type": "TRAILING_STOP", "trail": "1.5", "trail_unit": "PERCENT"}, {"trail_percent": "1.5"}),
        ({"type": "TRAILING_STOP", "trail": "2"}, {"trail_price": "2"}),
        (BRACKET, {"order_class": "BRACKET", "take_profit_price": "220", "stop_loss_price": "180"}),
        ({"exits": "STOP_LOSS", "stop_loss_price": "180", "stop_loss_limit_price": "179"},
         {"order_class": "OTO", "stop_loss_price": "180", "stop_loss_limit_price": "179"}),
        ({"side": "SELL", "type": "OCO", "take_profit_price": "220", "stop_loss_price": "180"},
         {"type": "LIMIT", "order_class": "OCO", "take_profit_price": "220", "stop_loss_price": "180"}),
    ],
)  # fmt: skip
def test_ticket_of_every_type_and_back(typed: dict[str, str], values: dict[str, Any]) -> None:
    found = long(None, **typed)

    assert found.is_valid(), found.errors
    ticket = found.ticket()
    for name, value in values.items():
        assert str(getattr(ticket, name)) == str(value)
    again = long(None, **choices.given_by(ticket))
    assert again.is_valid(), again.errors
    assert replace(again.ticket(), asset=ticket.asset) == ticket


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"type": "LIMIT"}, "limit_price", "Enter the limit"),
        ({"limit_price": "199"}, "limit_price", "has no effect on the order you chose"),
        ({"type": "LIMIT", "limit_price": "199.005"}, "limit_price", "at most 2 decimals"),
        ({"type": "LIMIT", "limit_price": "0,5"}, "limit_price", "Did you mean $0.5?"),
        ({"type": "STOP"}, "stop_price", "Enter the stop"),
        ({"type": "TRAILING_STOP"}, "trail", "Enter how far behind"),
        ({"exits": "BOTH", "take_profit_price": "220"}, "stop_loss_price", "end the loss"),
        ({**BRACKET, "exits": "TAKE_PROFIT"}, "stop_loss_price", "no effect"),
        ({"stop_loss_limit_price": "9"}, "stop_loss_limit_price", "no effect"),
        ({**BRACKET, "side": "SELL"}, "exits", "Exits come after a purchase."),
        ({**BRACKET, "time_in_force": "IOC"}, "time_in_force", "for today or until canceled"),
        ({"amount": "0.5", "time_in_force": "GTC"}, "time_in_force", "Fractions of a share"),
        ({"unit": "DOLLARS", "type": "TRAILING_STOP", "trail": "1"}, "type", "whole shares"),
        ({"extended_hours": "on"}, "extended_hours", "only limit orders trade"),
        ({"type": "OCO", "take_profit_price": "2", "stop_loss_price": "1"}, "type", "choose Sell"),
    ],
)
def test_ticket_refused_at_the_field_in_words(typed: dict[str, str], field: str, words: str) -> None:
    found = long(None, **typed)

    assert words in " ".join(map(str, found.errors[field])), found.errors
    for name, value in typed.items():
        assert found[name].value() == value or found[name].value() is True  # nothing typed is lost


def answers(found: TicketForm, name: str) -> list[str]:
    field: Any = found.fields[name]
    return [value for value, _ in field.choices]


def test_ticket_leaves_out_what_is_never_offered_and_says_why() -> None:
    found = long(Situation(shut={"OPG": "Too late for the open."}), time_in_force="OPG")

    assert "OPG" not in answers(found, "time_in_force")
    assert "OCO" not in answers(found, "type")
    assert "you hold none of this" in found.fields["type"].help_text
    assert found.errors["time_in_force"] == ["Too late for the open."]


def test_short_ticket_has_market_and_limit_orders() -> None:
    asset = Asset(id=uuid4(), symbol="AAPL", asset_class="us_equity", fractionable=True)
    found = TicketForm({"side": "BUY", "unit": "SHARES", "amount": "1"}, asset=asset, more=False)

    assert set(found.fields) == choices.SHORT
    assert answers(found, "type") == ["MARKET", "LIMIT"]
    assert answers(found, "time_in_force") == ["DAY", "GTC"]
    assert found.is_valid()
    assert found.ticket().type == "MARKET"


@pytest.mark.parametrize(
    ("given", "is_simple"),
    [
        ({}, True),
        ({"side": "SELL", "type": "LIMIT", "limit_price": "2", "time_in_force": "GTC"}, True),
        ({"type": "STOP"}, False),
        ({"time_in_force": "IOC"}, False),
        ({"extended_hours": "on"}, False),
        ({"exits": ""}, True),
    ],
)
def test_is_simple(given: dict[str, str], is_simple: bool) -> None:
    assert choices.is_simple(given) is is_simple


def test_refused_answers_are_those_that_do_not_go_with_the_rest() -> None:
    found = long(unit="DOLLARS", amount="50")
    found.is_valid()

    refused = {(name, value) for name, value, _ in found.refused_answers()}

    assert {("time_in_force", "GTC"), ("type", "TRAILING_STOP"), ("exits", "BOTH")} <= refused
    assert ("time_in_force", "DAY") not in refused
    assert ("type", "LIMIT") not in refused


def test_refused_answers_keep_what_is_chosen() -> None:
    found = long(unit="DOLLARS", amount="50", time_in_force="GTC")

    assert "time_in_force" in found.errors
    assert ("time_in_force", "GTC") not in {(name, value) for name, value, _ in found.refused_answers()}
