"""Pages about the person: name, address, birth, tax id, documents, work."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from localflavor.us.forms import USZipCodeField
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.ui.widgets import DateInputs, FileDrop, SSNInput
from onboarding import rules
from onboarding.forms.fields import HAS_LETTERS, YES_NO, PhoneField, StepForm, checked, country_choices, text
from onboarding.models import Document, KycApplication

EMPLOYMENT = (
    ("EMPLOYED", "Employed"),
    ("UNEMPLOYED", "Not employed"),
    ("STUDENT", "Student"),
    ("RETIRED", "Retired"),
)
FUNDING_SOURCES = (
    ("employment_income", "Income from work"),
    ("investments", "Investments"),
    ("inheritance", "Inheritance"),
    ("business_income", "Income from a business"),
    ("savings", "Savings"),
    ("family", "Family"),
)


class NameForm(StepForm):
    """Legal name."""

    given_name = text("First name", "given-name", max_length=50, required_message="Enter your first name.")
    middle_name = text(
        "Middle name", "additional-name", max_length=50, required=False, help_text="If you have one."
    )
    family_name = text(
        "Last name",
        "family-name",
        min_length=2,
        max_length=50,
        required_message="Enter your last name.",
        validators=[HAS_LETTERS],
    )


class ContactForm(StepForm):
    """Phone and home address."""

    phone_number = PhoneField(label="Phone number", error_messages={"required": "Enter your phone number."})
    street_address = text(
        "Street address",
        "address-line1",
        max_length=100,
        help_text="Where you live. Not a P.O. box.",
        validators=[checked(rules.check_street_address)],
        required_message="Enter your street address.",
    )
    unit = text(
        "Apartment, suite or unit",
        "address-line2",
        max_length=20,
        required=False,
        help_text="If you have one.",
    )
    city = text(
        "City",
        "address-level2",
        min_length=2,
        max_length=50,
        validators=[HAS_LETTERS],
        required_message="Enter your city.",
    )
    state = forms.ChoiceField(
        label="State",
        choices=[("", "Choose a state"), *STATE_CHOICES],
        widget=forms.Select({"autocomplete": "address-level1"}),
        error_messages={"required": "Choose your state."},
    )
    postal_code = USZipCodeField(
        label="ZIP code",
        widget=forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric", "class": "input--11"}),
        error_messages={
            "required": "Enter your ZIP code.",
            "invalid": "A ZIP code has 5 digits, like 10001, or 9, like 10001-1234.",
        },
    )


class IdentityForm(StepForm):
    """Date of birth, birthplace and citizenship."""

    date_of_birth = forms.DateField(
        label="Date of birth",
        help_text="For example 3 31 1985",
        input_formats=["%Y-%m-%d"],
        widget=DateInputs(autocomplete="bday"),
        error_messages={
            "required": "Enter your date of birth.",
            "invalid": "Enter a real date: month, day and four-digit year, like 3 31 1985.",
        },
    )
    country_of_birth = forms.ChoiceField(
        label="Country where you were born",
        choices=country_choices,
        error_messages={"required": "Choose the country where you were born."},
    )
    country_of_citizenship = forms.ChoiceField(
        label="Country of citizenship",
        choices=country_choices,
        widget=forms.Select({"autocomplete": "country"}),
        error_messages={"required": "Choose your country of citizenship."},
    )
    permanent_resident = forms.TypedChoiceField(
        label="Are you a permanent resident of the United States?",
        help_text="Answer only if you are not a US citizen. A permanent resident has a Green Card.",
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    def clean_date_of_birth(self) -> Any:
        born = self.cleaned_data["date_of_birth"]
        try:
            rules.check_age(born, timezone.localdate())
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return born

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("country_of_citizenship") == "USA":
            cleaned["permanent_resident"] = None
        elif "country_of_citizenship" in cleaned and not cleaned.get("permanent_resident"):
            answer = cleaned.get("permanent_resident")
            self.add_error(
                "permanent_resident",
                "Answer this, as you are not a US citizen."
                if answer is None
                else "We can open accounts for US citizens and permanent residents only, not on visas yet.",
            )
        return cleaned


class TaxIdForm(StepForm):
    """Social Security number. A saved number is never shown again; leaving the field empty keeps it."""

    tax_id = forms.CharField(
        label="Social Security number",
        help_text="9 digits, dashes are fine. Federal law requires brokers to ask for it; we encrypt it.",
        widget=SSNInput,
        strip=True,
        error_messages={"required": "Enter your Social Security number."},
    )

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        if application.tax_id_last4:
            self.fields["tax_id"].required = False
            self.fields[
                "tax_id"
            ].help_text = (
                f"We have the one that ends in {application.tax_id_last4}. Leave this empty to keep it."
            )

    def saved_answers(self) -> dict[str, Any]:
        return {}

    def clean_tax_id(self) -> str:
        typed = self.cleaned_data["tax_id"]
        if not typed:
            return ""
        try:
            return rules.normalize_ssn(typed)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def answers(self) -> dict[str, Any]:
        ssn = self.cleaned_data["tax_id"]
        if not ssn:
            return {}
        return {"tax_id": ssn, "tax_id_type": rules.tax_id_type(ssn), "tax_id_last4": ssn[-4:]}


class DocumentsForm(StepForm):
    """An identity document: optional now, and Alpaca may ask for one later."""

    document_type = forms.ChoiceField(label="What is it?", choices=Document.Type.choices, required=False)
    file = forms.FileField(
        label="Photo or scan",
        help_text="PDF, PNG or JPEG, up to 7.5 MB. You can go on without one; we ask again if it is needed.",
        required=False,
        widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg", max_bytes=rules.MAX_DOCUMENT_BYTES),
        error_messages={"empty": "This file is empty. Choose another one."},
    )

    mime_type = ""

    def clean_file(self) -> UploadedFile | None:
        upload: UploadedFile | None = self.cleaned_data["file"]
        if upload:
            try:
                self.mime_type = rules.check_document(upload.read(16), upload.size or 0)
            except rules.AnswerRefused as refusal:
                raise ValidationError(str(refusal)) from refusal
            upload.seek(0)
        return upload

    def answers(self) -> dict[str, Any]:
        return {"documents_answered": True}


class WorkForm(StepForm):
    """Employment and sources of funds."""

    employment_status = forms.ChoiceField(
        label="What do you do?",
        choices=EMPLOYMENT,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you do."},
    )
    employer_name = text(
        "Employer", "organization", max_length=100, required=False, help_text="If you are employed."
    )
    employer_address = text("Employer's address", "off", max_length=200, required=False)
    employment_position = text("Your job title", "organization-title", max_length=100, required=False)
    funding_source = forms.MultipleChoiceField(
        label="Where will the money you invest come from?",
        help_text="Choose all that apply.",
        choices=FUNDING_SOURCES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one source."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        employer = {
            "employer_name": "Enter your employer's name.",
            "employer_address": "Enter your employer's address.",
            "employment_position": "Enter your job title.",
        }
        for column, message in employer.items():
            if cleaned.get("employment_status") != "EMPLOYED":
                cleaned[column] = ""
            elif column in cleaned and not cleaned[column]:
                self.add_error(column, message)
        return cleaned
