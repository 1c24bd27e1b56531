"""Pages about the person that are peculiar: name, address, the tax id, and documents."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django_countries import countries

from brokerapp.ui.widgets import FileDrop
from onboarding import postal_codes, rules
from onboarding.forms.papers import TOO_LARGE_OR_OTHER, TakesPaper
from onboarding.forms.step import StepForm
from onboarding.models import Document, KycApplication
from onboarding.questions.descriptions import Question
from onboarding.questions.eligibility import TAXED_ABROAD
from onboarding.questions.fields import PhoneField
from onboarding.questions.person import least_of_family_name, needs_province


class NameForm(StepForm):
    """The name. Where tax is paid abroad, a last name may be a single letter."""

    key = "name"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        last = self.fields["family_name"]
        if least_of_family_name(application.answer) == 1:
            last.validators = [rule for rule in last.validators if not isinstance(rule, MinLengthValidator)]


class ContactForm(StepForm):
    """Where somebody is reached, by the rules of the country where they live."""

    key = "contact"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.country = application.answer("country_of_residence") or "USA"
        phone = self.fields.get("phone_number")
        if isinstance(phone, PhoneField):
            phone.region = countries.alpha2(self.country) or "US"
        if "foreign_postal_code" in self.fields and postal_codes.are_known(self.country):
            self._demand("foreign_postal_code", rules.NO_POSTAL_CODE)
        if "province" in self.fields and needs_province(application.answer):
            self._demand("province", "Enter the state, province or region of your address.")

    def _demand(self, name: str, missing: str) -> None:
        """Make an answer required that elsewhere may be left out."""
        field = self.fields[name]
        field.required = field.widget.is_required = True
        field.help_text, field.error_messages["required"] = "", missing

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "foreign_postal_code" in cleaned:
            try:
                written = rules.normalize_postal_code(cleaned["foreign_postal_code"], self.country)
                cleaned["foreign_postal_code"] = written
            except rules.AnswerRefused as refusal:
                self.add_error("foreign_postal_code", str(refusal))
        return cleaned


def words_of_kept(last4: str) -> str:
    """What stands at the field of a number that is there already."""
    return f"We have the one that ends in {last4}. Leave this empty to keep it."


def read_ssn(typed: str) -> str:
    """A Social Security number as it is sent; "" stays as it is. Raises `ValidationError`."""
    if not typed:
        return ""
    try:
        return rules.normalize_ssn(typed)
    except rules.AnswerRefused as refusal:
        raise ValidationError(str(refusal)) from refusal


class TaxIdForm(StepForm):
    """The tax id. A saved number is never shown again; leaving the field empty keeps it."""

    key = "tax-id"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        if application.tax_id_last4:
            self.fields["tax_id"].required = False
            self.fields["tax_id"].help_text = words_of_kept(application.tax_id_last4)

    def saved_answers(self) -> dict[str, Any]:
        return {**super().saved_answers(), "tax_id": None}

    def _may_stay_empty(self, question: Question) -> bool:
        return question.name == "tax_id" and bool(self.application.tax_id_last4)

    def clean_tax_id(self) -> str:
        return read_ssn(self.cleaned_data["tax_id"])

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        ssn = given.pop("tax_id")
        if not ssn:
            return given
        return {**given, "tax_id": ssn, "tax_id_type": rules.tax_id_type(ssn), "tax_id_last4": ssn[-4:]}


PASSPORT = "passport"
PAPERS = ((PASSPORT, "Passport"), ("national_id", "National identity card, both sides on one page"))
"""What the broker takes of people who pay tax abroad; told as `document_sub_type`."""


NO_PAPER = (
    "Add a photo or scan of your passport or identity card: the broker needs it of everybody who pays tax "
    "outside of the United States."
)


class DocumentsForm(TakesPaper, StepForm):
    """An identity document: optional now for who pays tax in the US, and Alpaca may ask for one later."""

    key = "documents"
    not_taken = f"{TOO_LARGE_OR_OTHER.removesuffix('.')}, or go on without."
    document_type = forms.ChoiceField(label="What is it?", choices=Document.Type.choices, required=False)
    file = forms.FileField(
        label="Photo or scan",
        help_text="PDF, PNG, JPEG or HEIC, up to 7.5 MB. You can go on without one; we ask again if it is "
        "needed.",
        required=False,
        widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg,.heic,.heif", max_bytes=rules.MAX_DOCUMENT_BYTES),
    )

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.is_due = bool(TAXED_ABROAD(application.answer))
        if self.is_due:
            others = [row for row in Document.Type.choices if row[0] != Document.Type.IDENTITY_VERIFICATION]
            cast(forms.ChoiceField, self.fields["document_type"]).choices = [*PAPERS, *others]
            self.fields["file"].help_text = "PDF, PNG, JPEG or HEIC, up to 7.5 MB. All four corners in view."
        if self.is_due and not application.answer("identity_paper"):
            self.fields["document_type"].required = self.fields["file"].required = True
            self.fields["file"].error_messages["required"] = NO_PAPER

    def clean_document_type(self) -> str:
        # A browser always sends the first one; only what is written by hand leaves it out.
        chosen = self.cleaned_data["document_type"]
        if not self.is_due:
            return chosen or Document.Type.IDENTITY_VERIFICATION
        self.sub_type = chosen if chosen in dict(PAPERS) else "" if chosen else PASSPORT
        return Document.Type.IDENTITY_VERIFICATION if self.sub_type else chosen

    sub_type = ""
    """Which paper of those of `PAPERS` it is."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        has_paper = bool(self.sub_type or self.application.answer("identity_paper"))
        if self.is_due and cleaned.get("file") and cleaned.get("document_type") and not has_paper:
            self.add_error("document_type", "Add your passport or identity card first.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        if self.is_due and self.cleaned_data["file"] and self.sub_type:
            return {**given, "identity_paper": self.sub_type}
        return given
