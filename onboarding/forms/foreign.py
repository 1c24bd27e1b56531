"""Pages of who pays tax abroad that are peculiar: the tax number there, and form W-8BEN."""

from typing import Any, cast

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from brokerapp.ui.fields import TypedField
from onboarding import rules, tax_ids, w8ben
from onboarding.forms.step import StepForm
from onboarding.models import KycApplication
from onboarding.questions import foreign, reading
from onboarding.questions.descriptions import Question
from onboarding.questions.foreign import choices_for

CERTIFICATION = (
    "What stands on this form is true, correct and complete: I am the person named, it is I who owns what is "
    "in the account, I am not a US person, and the income is not connected with a business in the United "
    "States. I agree to sign a new form within 30 days if any of this is no longer true."
)
CHANGED = "What stands on the form has changed since this page was opened. Read it again, then sign."


class ForeignTaxIdForm(StepForm):
    """The tax number. A saved one is never shown again; leaving the field empty keeps it."""

    key = foreign.PAGE

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        kinds = cast(forms.ChoiceField, self.fields["foreign_tax_id_type"])
        kinds.choices = [("", "Choose a kind of number"), *choices_for(application.answer)]
        if application.foreign_tax_id:
            last = application.answer("foreign_tax_id_last4")
            kept = f"We have the one that ends in {last}. Leave this empty to keep it."
            self.fields["foreign_tax_id"].help_text = kept

    def saved_answers(self) -> dict[str, Any]:
        return {**super().saved_answers(), "foreign_tax_id": None}

    def _may_stay_empty(self, question: Question) -> bool:
        same_kind = self.cleaned_data.get("foreign_tax_id_type") == self.application.answer(
            "foreign_tax_id_type"
        )
        return question.name == "foreign_tax_id" and bool(self.application.foreign_tax_id) and same_kind

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        number, kind = cleaned.get("foreign_tax_id"), cleaned.get("foreign_tax_id_type")
        if number and kind:
            try:
                cleaned["foreign_tax_id"] = rules.normalize_foreign_tax_id(number, kind)
            except rules.AnswerRefused as refusal:
                self.add_error("foreign_tax_id", str(refusal))
        return cleaned

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        if number := given["foreign_tax_id"]:
            return {**given, "foreign_tax_id_last4": number[-4:]}
        if given["foreign_tax_id_type"] != tax_ids.NONE:
            del given["foreign_tax_id"]
        return given


class W8BenForm(StepForm):
    """Form W-8BEN: what of it is asked here, and the signature under all of it.

    What the form says comes back sealed with the signature, so that nobody signs what they were not shown.
    """

    key = "w8ben"
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.salt = f"w8ben:{application.pk}"
        self.initial["shown"] = self._seal()
        if foreign.HAS_A_NUMBER(application.answer) and not application.foreign_tax_id:
            self.fields["foreign_tax_id"] = self._number_once_more()
        name = w8ben.full_name(application.answer)
        self.fields["certified"] = forms.BooleanField(
            label="I declare this, under penalties of perjury",
            help_text=CERTIFICATION,
            error_messages={"required": "Tick this to declare it. Without it the form cannot be signed."},
        )
        self.fields["signature"] = TypedField(
            label="Type your full name to sign",
            help_text=f"As it stands on the form: {name}",
            error_messages={"required": "Type your full name to sign."},
            widget=forms.TextInput({"autocomplete": "off"}),
        )

    def _number_once_more(self) -> TypedField:
        """Asked where we have forgotten the number, as the broker has it."""
        kind = dict(foreign.KINDS).get(self.application.answer("foreign_tax_id_type"), "")
        last = self.application.answer("foreign_tax_id_last4")
        return TypedField(
            label=f"Your tax number: {kind}",
            help_text=f"The one that ends in {last}. We do not keep it.",
            error_messages={"required": "Enter the number."},
            plain=True,
            names=False,
        )

    def clean_foreign_tax_id(self) -> str:
        try:
            return rules.normalize_foreign_tax_id(
                self.cleaned_data["foreign_tax_id"], self.application.answer("foreign_tax_id_type")
            )
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        number = self.cleaned_data.get("foreign_tax_id")
        return {**given, "foreign_tax_id": number} if number else given

    def _seal(self) -> str:
        return signing.dumps(w8ben.digest(self.application.answer), salt=self.salt)

    @property
    def particulars(self) -> list[tuple[str, str]]:
        """What the form says already: label and text of each line."""
        answer = self.application.answer
        said = w8ben.content(answer)
        lines = [
            ("Name", said["full_name"]),
            ("Country of citizenship", reading.country(said.get("country_citizen"))),
            ("Date of birth", reading.day(said.get("date_of_birth"))),
            ("Permanent address", _address(said)),
            ("Tax resident of", reading.country(answer("country_of_tax_residence"))),
        ]
        number = answer("foreign_tax_id_last4")
        kind = dict(foreign.KINDS).get(answer("foreign_tax_id_type"), "")
        return [*lines, ("Tax number", f"{kind}, ends in {number}" if number else "None is required of me")]

    def clean_signature(self) -> str:
        typed: str = self.cleaned_data["signature"]
        if not w8ben.is_signed_by(typed, self.application.answer):
            name = w8ben.full_name(self.application.answer)
            raise ValidationError(f"This is not the name on the form. Type: {name}")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        try:
            shown = signing.loads(cleaned.pop("shown", ""), salt=self.salt)
        except signing.BadSignature:
            shown = ""
        if shown != w8ben.digest(self.application.answer):
            self.data = {name: self.data[name] for name in self.data} | {"shown": self._seal()}
            if "signature" not in self.errors:
                self.add_error("signature", CHANGED)
        return cleaned


def _address(said: dict[str, Any]) -> str:
    street, city = said["permanent_address_street"], said["permanent_address_city_state"]
    return reading.joined(street, city, reading.country(said.get("permanent_address_country")))
