"""Pages about the person: name, address, birth, tax id, documents, work."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.broker.alpaca import limits
from brokerapp.security.uploads.files import CleanFile, FileRefused, clean_file
from brokerapp.ui.fields import Follows, TypedField, asked_after
from brokerapp.ui.widgets import DateInputs, FileDrop, SSNInput
from onboarding import rules
from onboarding.forms.fields import (
    HAS_LETTERS,
    NO_PO_BOX,
    YES_NO,
    PhoneField,
    StepForm,
    ZipField,
    checked,
    country_choices,
    text,
)
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


IF_EMPLOYED = Follows("employment_status", ("EMPLOYED",), words="if you are employed")


class NameForm(StepForm):
    """Legal name."""

    given_name = text(
        "First name",
        "given-name",
        max_length=limits.GIVEN_NAME,
        required_message="Enter your first name.",
    )
    middle_name = text(
        "Middle name",
        "additional-name",
        max_length=limits.MIDDLE_NAME,
        required=False,
        help_text="If you have one.",
    )
    family_name = text(
        "Last name",
        "family-name",
        min_length=limits.FAMILY_NAME_LEAST,
        max_length=limits.FAMILY_NAME,
        required_message="Enter your last name.",
        validators=[HAS_LETTERS],
    )


class ContactForm(StepForm):
    """Phone and home address."""

    phone_number = PhoneField(label="Phone number", error_messages={"required": "Enter your phone number."})
    street_address = text(
        "Street address",
        "address-line1",
        names=False,
        max_length=limits.STREET,
        help_text="Where you live. Not a P.O. box.",
        validators=[checked(rules.check_street_address)],
        required_message="Enter your street address.",
    )
    unit = text(
        "Apartment, suite or unit",
        "address-line2",
        names=False,
        max_length=limits.UNIT,
        required=False,
        help_text="If you have one.",
        validators=[NO_PO_BOX],
    )
    city = text(
        "City",
        "address-level2",
        names=False,
        min_length=limits.CITY_LEAST,
        max_length=limits.CITY,
        validators=[HAS_LETTERS],
        required_message="Enter your city.",
    )
    state = forms.ChoiceField(
        label="State",
        choices=[("", "Choose a state"), *STATE_CHOICES],
        widget=forms.Select({"autocomplete": "address-level1"}),
        error_messages={"required": "Choose your state."},
    )
    postal_code = ZipField(label="ZIP code", error_messages={"required": "Enter your ZIP code."})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "postal_code" in cleaned and "state" in cleaned:
            state = cleaned["state"]
            try:
                rules.check_zip_in_state(cleaned["postal_code"], state, str(dict(STATE_CHOICES)[state]))
            except rules.AnswerRefused as refusal:
                self.add_error("postal_code", str(refusal))
        return cleaned


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
    permanent_resident = asked_after(
        forms.TypedChoiceField(
            label="Are you a permanent resident of the United States?",
            help_text="A permanent resident has a Green Card.",
            choices=YES_NO,
            coerce=lambda value: value in (True, "True"),
            empty_value=None,
            widget=forms.RadioSelect,
        ),
        Follows("country_of_citizenship", not_values=("", "USA"), words="if you are not a US citizen"),
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

    tax_id = TypedField(
        label="Social Security number",
        help_text="9 digits, dashes are fine. Federal law requires brokers to ask for it; we encrypt it.",
        widget=SSNInput,
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
        help_text="PDF, PNG, JPEG or HEIC, up to 7.5 MB. You can go on without one; we ask again if it is "
        "needed.",
        required=False,
        widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg,.heic,.heif", max_bytes=rules.MAX_DOCUMENT_BYTES),
    )

    refused_as = ""
    """Why the file was refused after somebody looked into it, as `brokerapp.security.uploads.files.WORDS`."""

    def clean_document_type(self) -> str:
        # A browser always sends the first one; only what is written by hand leaves it out.
        return self.cleaned_data["document_type"] or Document.Type.IDENTITY_VERIFICATION

    def clean_file(self) -> CleanFile | None:
        upload: UploadedFile | None = self.cleaned_data["file"]
        if upload:
            try:
                rules.check_document(upload.read(16), upload.size or 0)
                upload.seek(0)
                content = upload.read().removeprefix(rules.BYTE_ORDER_MARK)
                return clean_file(content, most_bytes=rules.MAX_DOCUMENT_BYTES)
            except FileRefused as refusal:
                self.refused_as = refusal.reason
                raise ValidationError(str(refusal)) from refusal
            except rules.AnswerRefused as refusal:
                raise ValidationError(str(refusal)) from refusal
        if self.was_refused():
            raise ValidationError(
                "The file you chose was not taken: it is too large, or not a PDF, PNG, JPEG or HEIC. "
                "Choose another one, or go on without."
            )
        return None

    def was_refused(self) -> bool:
        """Whether a file was chosen that the page's script took back."""
        widget = self.fields["file"].widget
        return isinstance(widget, FileDrop) and widget.was_refused(self.data, self.add_prefix("file"))

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
    employer_name = asked_after(
        text("Employer", "organization", names=False, max_length=limits.EMPLOYER), IF_EMPLOYED
    )
    employer_address = asked_after(
        text("Employer's address", "off", names=False, max_length=limits.EMPLOYER_ADDRESS), IF_EMPLOYED
    )
    employment_position = asked_after(
        text("Your job title", "organization-title", names=False, max_length=limits.POSITION), IF_EMPLOYED
    )
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
