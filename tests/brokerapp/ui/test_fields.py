from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.ui.fields import Follows, MoneyField, NumberField, QuantityField, TypedField, asked_after
from funding.forms import AmountForm
from funding.models import BankLink
from funding.rules import TransferFacts
from funding.statuses import BankLinkStatus, Direction
from tests.depth import SCALE
from tests.hands import AMOUNTS, as_a_person_reads
from trading.forms.ticket import TicketForm
from trading.models import Asset

ALL = settings(max_examples=100 * SCALE, suppress_health_check=list(HealthCheck))


class LimitForm(forms.Form):
    """A price of an order, as orders with a price will ask for it."""

    amount = MoneyField(places=4)


def ticket(unit: str, typed: str) -> forms.Form:
    asset = Asset(id=uuid4(), symbol="AAPL", status="active", tradable=True, fractionable=True)
    return TicketForm({"side": "BUY", "unit": unit, "amount": typed}, asset=asset)


def transfer(typed: str) -> forms.Form:
    account = BrokerageAccount(status=AccountStatus.ACTIVE, cash_withdrawable=Decimal(10) ** 9)
    return AmountForm(
        {"amount": typed},
        account=account,
        bank=BankLink(status=BankLinkStatus.APPROVED),
        direction=Direction.OUTGOING,
        facts=TransferFacts(),
    )


FORMS: dict[str, Any] = {
    "ticket in shares": lambda typed: ticket("SHARES", typed),
    "ticket in dollars": lambda typed: ticket("DOLLARS", typed),
    "transfer": transfer,
    "limit": lambda typed: LimitForm({"amount": typed}),
}


@ALL
@given(st.sampled_from(sorted(FORMS)), AMOUNTS)
def test_money_is_read_as_a_person_reads_it_or_refused_and_shown_again(where: str, typed: str) -> None:
    form = FORMS[where](typed)
    if form.is_valid():
        assert form.cleaned_data["amount"] == as_a_person_reads(typed)
    else:
        assert set(form.errors) == {"amount"}
        assert form["amount"].value() == typed


@pytest.mark.parametrize("where", FORMS)
@pytest.mark.parametrize(
    "typed", "0,5 1,5 100,50 10,50 1,2,3 1.234,56 1_000 1e3 1E+400000000 ٣ 1½ 0,500".split()
)
def test_money_that_could_mean_two_things_is_refused_everywhere(where: str, typed: str) -> None:
    form = FORMS[where](typed)
    assert set(form.errors) == {"amount"}
    assert form["amount"].value() == typed


@pytest.mark.parametrize("where", FORMS)
@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1,000", 1000), ("1,000.50", "1000.50"), ("12,345", 12345), ("１２", 12), ("12\u200b", 12)],
)
def test_money_that_is_plain_is_taken_everywhere(where: str, typed: str, amount: Any) -> None:
    form = FORMS[where](typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        (MoneyField(), "100,50", "Did you mean $100.50?"),
        (MoneyField(), "1.000", "Did you mean $1.00?"),
        (MoneyField(places=4), "0.12345", "at most 4 decimals"),
        (QuantityField(), "$1,000", "Did you mean 1,000 shares?"),
        (QuantityField(), "0,5", "Did you mean 0.5?"),
        (QuantityField(least=Decimal(1)), "0.5", "The smallest amount is 1."),
        (NumberField(places=0), "1.5", "At most 0 decimals."),
    ],
)
def test_number_field_offers_what_was_meant(field: forms.Field, typed: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    assert words in refused.value.messages[0]


def test_number_field_left_empty_is_none() -> None:
    assert MoneyField(required=False).clean("") is None


def test_typed_field_is_never_cut_by_the_browser() -> None:
    class NameForm(forms.Form):
        name = TypedField(max_length=5, min_length=2)

    assert "length" not in str(NameForm()["name"])
    assert NameForm({"name": "Elizabeth"}).errors["name"] == [
        "This is too long: 5 characters fit, and this has 9."
    ]


def test_typed_field_names_letters_and_offers_a_spelling() -> None:
    with pytest.raises(ValidationError) as refused:
        TypedField(plain=True).clean("Núñez 100%")
    assert refused.value.messages == [
        "The broker takes plain letters only, so not “ú”, “ñ”. Write “Nunez 100%”, as on your tax papers."
    ]


def test_typed_field_without_a_spelling_to_offer() -> None:
    with pytest.raises(ValidationError) as refused:
        TypedField(plain=True, names=False).clean("李")
    assert refused.value.messages == [
        "The broker takes plain letters only, so not “李”. Write it in plain letters."
    ]


def test_asked_after_is_not_called_optional() -> None:
    class WorkForm(forms.Form):
        employer = asked_after(TypedField(), Follows("work", ("EMPLOYED",), words="if you are employed"))
        nickname = TypedField(required=False)

    html = str(WorkForm()["employer"].as_field_group())
    assert "(if you are employed)" in html
    assert "(optional)" not in html
    assert "(optional)" in str(WorkForm()["nickname"].as_field_group())
