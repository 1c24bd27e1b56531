"""What the application's forms share: kinds of fields, and the form of one page."""

from collections.abc import Callable
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django_countries import countries

from onboarding import rules
from onboarding.models import KycApplication

YES_NO = ((True, "Yes"), (False, "No"))


def country_choices() -> list[tuple[str, str]]:
    """Alpha-3 code and name of each country, the United States first."""
    named = [(countries.alpha3(code), name) for code, name in countries]
    return [("", "Choose a country"), ("USA", "United States of America")] + [
        row for row in named if row[0] and row[0] != "USA"
    ]


def checked(rule: Callable[[str], object]) -> Callable[[str], None]:
    """A rule of `onboarding.rules` as a form validator."""

    def validate(value: str) -> None:
        try:
            rule(value)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    return validate


PLAIN = checked(rules.check_plain_text)
HAS_LETTERS = checked(rules.check_has_letters)


def text(label: str, autocomplete: str, *, required_message: str = "", **kwargs: Any) -> forms.CharField:
    """A one-line text field with plain letters only."""
    validators = [PLAIN, *kwargs.pop("validators", [])]
    errors = {"required": required_message} if required_message else {}
    return forms.CharField(
        label=label,
        validators=validators,
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


class PhoneField(forms.CharField):
    """A US or international telephone number; cleans to E.164 (`+12125550123`)."""

    widget = forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"})

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            number = phonenumbers.parse(typed, "US")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError("Enter a phone number with area code, like (212) 555-0123.")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class StepForm(forms.Form):
    """A page of the application: `answers()` are the columns to save."""

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        self.application = application
        super().__init__(data, files, initial=self.saved_answers())

    def saved_answers(self) -> dict[str, Any]:
        """What the fields show before anything is typed."""
        return {name: getattr(self.application, name, None) for name in self.base_fields}

    def answers(self) -> dict[str, Any]:
        """Column names and values, after `is_valid()`."""
        return dict(self.cleaned_data)
