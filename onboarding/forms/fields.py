"""What the application's forms share: kinds of fields, and the form of one page."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_countries import countries

from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm
from brokerapp.units.typed import spelling
from onboarding import rules
from onboarding.models import KycApplication

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


def text(label: str, autocomplete: str, *, required_message: str = "", **kwargs: Any) -> TypedField:
    """A one-line text field with plain letters only."""
    errors = {"required": required_message} if required_message else {}
    return TypedField(
        label=label,
        plain=True,
        error_messages=errors,
        widget=forms.TextInput({"autocomplete": autocomplete}),
        **kwargs,
    )


def yes_no(label: str, help_text: str = "") -> forms.TypedChoiceField:
    """A question answered by Yes or No; neither is chosen beforehand."""
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose Yes or No."},
    )


class NormalizedField(TypedField):
    """A text that a rule brings into one form, or refuses."""

    rule: Callable[[str], str]

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            return type(self).rule(typed)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal


class PhoneField(NormalizedField):
    """A US or international telephone number; cleans to E.164 (`+12125550123`)."""

    rule = staticmethod(rules.normalize_phone)
    widget = forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"})


class ZipField(NormalizedField):
    """A ZIP code, five digits or nine; cleans to `94401` or `94401-1234`."""

    rule = staticmethod(rules.normalize_zip)
    widget = forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric", "class": "input--11"})


class StepForm(SpokenForm):
    """A page of the application: `answers()` are the columns to save."""

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        self.application = application
        super().__init__(data, files, initial=self.saved_answers())

    def saved_answers(self) -> dict[str, Any]:
        """What the fields show before anything is typed."""
        return {name: getattr(self.application, name, None) for name in self.base_fields}

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them: each group with its heading, "" for those without."""
        return [("", self.visible_fields())]

    def answers(self) -> dict[str, Any]:
        """Column names and values, after `is_valid()`."""
        return dict(self.cleaned_data)
