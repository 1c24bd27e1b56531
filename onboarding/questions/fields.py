"""The kinds of fields that questions are asked by; each function gives what makes one."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_countries import countries
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.ui.fields import TypedField
from brokerapp.ui.widgets import DateInputs
from brokerapp.ui.words import DATE_INVALID
from brokerapp.units.typed import spelling
from onboarding import rules

Make = Callable[[], forms.Field]
YES_NO = ((True, "Yes"), (False, "No"))
KOSOVO = ("XKX", "Kosovo")
"""Not in ISO 3166-1; the code is the one that is in use, the European Union's and the World Bank's."""


@cache
def country_choices() -> list[tuple[str, str]]:
    """Alpha-3 code and name of each country, the United States first, the others by name."""
    named = [(countries.alpha3(code), str(name)) for code, name in countries]
    others = [KOSOVO, *(row for row in named if row[0] and row[0] != "USA")]
    return [
        ("", "Choose a country"),
        ("USA", "United States of America"),
        *sorted(others, key=lambda row: spelling(row[1]).casefold()),
    ]


def checked(rule: Callable[[str], object]) -> Callable[[str], None]:
    """A rule of `onboarding.rules` as a form validator."""

    def validate(value: str) -> None:
        try:
            rule(value)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    return validate


HAS_LETTERS = checked(rules.check_has_letters)
NO_PO_BOX = checked(rules.check_no_po_box)


def line(autocomplete: str = "off", *, plain: bool = True, **options: Any) -> Make:
    """One line of text, with plain letters only unless it is said otherwise."""

    def make() -> forms.Field:
        widget = forms.TextInput({"autocomplete": autocomplete})
        return TypedField(plain=plain, widget=widget, **options)

    return make


def yes_no() -> forms.Field:
    """A question answered by Yes or No; neither is chosen beforehand."""
    return forms.TypedChoiceField(
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose Yes or No."},
    )


def one_of(choices: Iterable[tuple[str, str]]) -> Make:
    """One of a few answers, all in view."""
    return lambda: forms.ChoiceField(choices=tuple(choices), widget=forms.RadioSelect)


def choose(choices: Iterable[tuple[str, str]], nothing: str) -> Make:
    """One of several answers in a list that opens; `nothing` stands first and is no answer."""
    return _chosen([("", nothing), *choices], "")


def tick() -> forms.Field:
    """A box to tick by those whom something concerns."""
    return forms.BooleanField(widget=forms.CheckboxInput({"value": "True"}))


def some_of(choices: Iterable[tuple[str, str]]) -> Make:
    """Any of a few answers."""
    return lambda: forms.MultipleChoiceField(choices=tuple(choices), widget=forms.CheckboxSelectMultiple)


def _chosen(choices: Any, autocomplete: str) -> Make:
    """One of many answers, in a list that opens."""

    def make() -> forms.Field:
        attrs = {"autocomplete": autocomplete} if autocomplete else {}
        return forms.ChoiceField(choices=choices, widget=forms.Select(attrs))

    return make


def country(autocomplete: str = "", *, nothing: str = "") -> Make:
    """A country, by its alpha-3 code; `nothing` stands first where none may be chosen."""
    if nothing:
        return _chosen(lambda: [("", nothing), *country_choices()[1:]], autocomplete)
    return _chosen(country_choices, autocomplete)


def us_state(autocomplete: str = "") -> Make:
    """A state or territory of the US, by its postal code."""
    return _chosen([("", "Choose a state"), *STATE_CHOICES], autocomplete)


def day(autocomplete: str = "") -> Make:
    """A date that people know by heart or have on a paper before them."""
    return lambda: forms.DateField(
        input_formats=["%Y-%m-%d"],
        widget=DateInputs(autocomplete=autocomplete),
        error_messages={"invalid": DATE_INVALID},
    )


class NormalizedField(TypedField):
    """A text that a rule brings into one form, or refuses."""

    def normalize(self, typed: str) -> str:
        """The text in its one form. Raises `AnswerRefused`."""
        raise NotImplementedError

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            return self.normalize(typed)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal


class PhoneField(NormalizedField):
    """A telephone number; cleans to E.164 (`+12125550123`). Without `+` it is one of `region` (alpha-2)."""

    region = "US"
    widget = forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"})

    def normalize(self, typed: str) -> str:
        return rules.normalize_phone(typed, self.region)


class ZipField(NormalizedField):
    """A ZIP code, five digits or nine; cleans to `94401` or `94401-1234`."""

    widget = forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric", "class": "input--11"})

    def normalize(self, typed: str) -> str:
        return rules.normalize_zip(typed)
