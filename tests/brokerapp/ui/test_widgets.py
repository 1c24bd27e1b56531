from datetime import date
from decimal import Decimal

import pytest
from django import forms

from brokerapp.ui.fields import MoneyField
from brokerapp.ui.widgets import DateInputs, FileDrop, SSNInput


class BirthForm(forms.Form):
    born_on = forms.DateField(widget=DateInputs(autocomplete="bday"), help_text="For example, 3 27 1990.")


class MoneyForm(forms.Form):
    amount = MoneyField()


def born(month: str, day: str, year: str) -> dict[str, str]:
    return {"born_on_month": month, "born_on_day": day, "born_on_year": year}


def test_date_inputs_give_the_field_a_date():
    form = BirthForm(born("3", " 27", "1990"))

    assert form.is_valid()
    assert form.cleaned_data["born_on"] == date(1990, 3, 27)


@pytest.mark.parametrize(
    "parts",
    [
        ("2", "31", "1990"),
        ("3", "", "1990"),
        ("3", "27", "90"),
        ("27", "3", "1990"),
        ("a", "b", "c"),
        ("3-27", "3/27", "1990-03-27"),
    ],
)
def test_date_inputs_keep_what_is_not_a_date(parts):
    form = BirthForm(born(*parts))

    assert form.errors["born_on"] == ["Enter a valid date."]
    html = str(form["born_on"])
    assert [f'value="{part}"' in html for part in parts if part] == [True for part in parts if part]


@pytest.mark.parametrize(
    ("month", "number"),
    [
        ("March", 3),
        ("mar", 3),
        ("Mar.", 3),
        ("MAY", 5),
        ("september", 9),
        ("Sept", 9),
        ("０３", 3),
        ("03", 3),
    ],
)
def test_date_inputs_take_the_name_of_a_month(month, number):
    form = BirthForm(born(month, "7", "1990"))

    assert form.is_valid()
    assert form.cleaned_data["born_on"] == date(1990, number, 7)


def test_date_inputs_cut_nothing_that_is_pasted():
    assert "maxlength" not in str(BirthForm()["born_on"])


def test_date_inputs_left_empty_are_no_date():
    assert BirthForm(born("", "", "")).errors["born_on"] == ["This field is required."]
    assert BirthForm({}).errors["born_on"] == ["This field is required."]


def test_date_inputs_show_a_stored_date_with_labels_and_autocomplete():
    html = str(BirthForm(initial={"born_on": date(1990, 3, 27)})["born_on"])

    assert '<label for="id_born_on_0">Month</label>' in html
    assert 'value="1990"' in html
    assert 'autocomplete="bday-year"' in html


@pytest.mark.parametrize("typed", ["1234.56", "$1,234.56", " 1 234.56 "])
def test_money_input_takes_what_people_type(typed):
    form = MoneyForm({"amount": typed})

    assert form.is_valid()
    assert form.cleaned_data["amount"] == Decimal("1234.56")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(Decimal(250), "250.00"), (Decimal("0.1234"), "0.1234"), (Decimal("1E+3"), "1000.00")],
)
def test_money_input_shows_an_amount_without_losing_digits(amount, shown):
    assert f'value="{shown}"' in str(MoneyForm(initial={"amount": amount})["amount"])


def test_ssn_input_is_kept_out_of_autofill_and_masked():
    html = SSNInput().render("ssn", None)

    assert 'autocomplete="off"' in html
    assert "data-mask" in html
    assert 'inputmode="numeric"' in html
    assert "maxlength" not in html  # it would cut the last digits of what is pasted with blanks


def test_file_drop_tells_the_browser_its_limits():
    html = FileDrop(accept="image/png", max_bytes=10).render("document", None)

    assert 'accept="image/png"' in html
    assert 'data-max-bytes="10"' in html
