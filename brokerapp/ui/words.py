"""The words of refused fields: ours for every field, so that none of the framework's reaches a person."""

from typing import Any, TypeVar

from django import forms

TEXTS = {
    "required": "Fill this in.",
    "invalid": "This cannot be right. Check it and type it again.",
    "invalid_choice": "Choose one of the answers offered.",
    "invalid_date": "Enter a real date.",
    "invalid_time": "Enter a real time of day.",
    "invalid_datetime": "Enter a real date and time.",
    "list": "Choose from the answers offered.",
    "limit_value": "This has to be %(limit_value)s.",
    "invalid_list": "Choose from the answers offered.",
    "invalid_pk_value": "Choose one of the answers offered.",
    "incomplete": "Fill in every part of this.",
    "min_length": "This is too short: it takes %(limit_value)d characters or more, not %(show_value)d.",
    "max_length": "This is too long: %(limit_value)d characters fit, and this has %(show_value)d.",
    "max_value": "This is too much: %(limit_value)s is the most.",
    "min_value": "This is too little: %(limit_value)s is the least.",
    "step_size": "This has to be a multiple of %(limit_value)s.",
    "max_digits": "That is more than can be entered here.",
    "max_whole_digits": "That is more than can be entered here.",
    "max_decimal_places": "At most %(max)d decimals.",
    "overflow": "That is more than can be entered here.",
    "missing": "Choose a file.",
    "empty": "This file is empty. Choose another one.",
    "contradiction": "Choose a file, or none, not both.",
    "invalid_extension": "This kind of file cannot be taken.",
    "invalid_image": "This is not a picture that can be read.",
    "null_characters_not_allowed": "This has characters that cannot be kept. Type it again.",
}
"""By code, for fields and for every built-in validator; a field's own words win."""

EMAIL_INVALID = "Enter an e-mail address like name@example.com."
DATE_INVALID = "Enter a real date: month, day and four-digit year, like 3 31 1985."
BY_KIND: tuple[tuple[type[forms.Field], dict[str, str]], ...] = (
    (forms.EmailField, {"required": "Enter an e-mail address.", "invalid": EMAIL_INVALID}),
    (forms.DateField, {"required": "Enter a date.", "invalid": DATE_INVALID}),
    (forms.DecimalField, {"required": "Enter a number.", "invalid": "Enter a number, such as 0.5 or 100."}),
    (forms.FileField, {"required": "Choose a file.", "max_length": "The name of this file is too long."}),
    (forms.ChoiceField, {"required": "Choose one of the answers."}),
    (forms.BooleanField, {"required": "Tick this to go on."}),
)

AnyField = TypeVar("AnyField", bound=forms.Field)


def frameworks(kind: type[forms.Field]) -> dict[str, str]:
    """Django's messages of a kind of field, by code."""
    found: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        if parent.__module__.startswith("django."):
            found |= getattr(parent, "default_error_messages", {})
    return found


def speak(field: AnyField) -> AnyField:
    """Give a field our words wherever it would use the framework's or a validator's; returns the field."""
    theirs = frameworks(type(field))
    own = {code: text for code, text in field.error_messages.items() if text != theirs.get(code)}
    kind = next((texts for kind, texts in BY_KIND if isinstance(field, kind)), {})
    field.error_messages = {**TEXTS, **kind, **own}
    field.is_spoken = True  # type: ignore[attr-defined]
    return field


def speak_once(field: forms.Field) -> None:
    """`speak`, unless that was done: copies of a field have its words."""
    if not getattr(field, "is_spoken", False):
        speak(field)


class SpokenForm(forms.Form):
    """A form whose every refusal is in our words, also of fields that are added to it later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for field in self.base_fields.values():  # once for the class
            speak_once(field)
        super().__init__(*args, **kwargs)

    def full_clean(self) -> None:
        for field in self.fields.values():
            speak_once(field)
        super().full_clean()
