"""The forms of the application's pages. Fields are named as their columns."""

from collections.abc import Callable
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django_countries import countries
from localflavor.us.forms import USZipCodeField
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.ui.widgets import DateInputs, FileDrop, SSNInput
from onboarding import rules
from onboarding.agreements import AGREEMENTS
from onboarding.models import Document, KycApplication
from onboarding.steps import disclosure_contexts

YES_NO = ((True, "Yes"), (False, "No"))
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


class DisclosuresForm(StepForm):
    """The four disclosures of FINRA and the Bank Secrecy Act that Alpaca asks for."""

    is_control_person = yes_no(
        "Are you a control person of a publicly traded company?",
        "A director, a policy-making officer, or someone who holds 10% or more of its shares.",
    )
    is_affiliated_exchange_or_finra = yes_no(
        "Do you work for, or are you affiliated with, a stock exchange or a FINRA member firm?",
        "A broker-dealer, for example.",
    )
    is_politically_exposed = yes_no(
        "Are you a current or former senior public official?",
        "A senior figure of a government, party, court, military or state-owned company, in any country.",
    )
    immediate_family_exposed = yes_no(
        "Is someone in your immediate family a current or former senior public official?",
        "Parents, siblings, spouse, children, in-laws.",
    )

    def answers(self) -> dict[str, Any]:
        # Details belong to the answers that asked for them; changed answers ask again.
        changed = any(getattr(self.application, name) != value for name, value in self.cleaned_data.items())
        return {**self.cleaned_data, **({"disclosure_context": []} if changed else {})}


FIRM_FIELDS = {
    "company_name": ("Company name", 100),
    "company_street_address": ("Company street address", 100),
    "company_city": ("Company city", 50),
    "company_state": ("Company state (US companies)", 2),
    "company_country": ("Company country", 3),
    "company_compliance_email": ("E-mail of its compliance department", 100),
}
FAMILY_FIELDS = {"given_name": ("Their first name", 50), "family_name": ("Their last name", 50)}
CONTEXT_TITLES = {
    "CONTROLLED_FIRM": "The company you control",
    "AFFILIATE_FIRM": "The exchange or firm you are affiliated with",
    "IMMEDIATE_FAMILY_EXPOSED": "The public official in your family",
}


class DisclosureDetailsForm(StepForm):
    """Details for each true disclosure: one `context` entry each (Broker API, "disclosures.context")."""

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.contexts = disclosure_contexts(application)
        known = {entry["context_type"]: entry for entry in application.disclosure_context}
        for context in self.contexts:
            wanted = FAMILY_FIELDS if context == "IMMEDIATE_FAMILY_EXPOSED" else FIRM_FIELDS
            for name, (label, length) in wanted.items():
                self.fields[f"{context}-{name}"] = self._field(context, name, label, length)
                self.initial[f"{context}-{name}"] = known.get(context, {}).get(name, "")

    @staticmethod
    def _field(context: str, name: str, label: str, length: int) -> forms.Field:
        hint = CONTEXT_TITLES[context]
        if name == "company_country":
            return forms.ChoiceField(label=label, help_text=hint, choices=country_choices)
        if name == "company_state":
            choices = [("", "Not in the United States"), *STATE_CHOICES]
            return forms.ChoiceField(label=label, help_text=hint, choices=choices, required=False)
        if name == "company_compliance_email":
            return forms.EmailField(label=label, help_text=hint, max_length=length)
        return text(label, "off", max_length=length, help_text=hint)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for context in self.contexts:
            if cleaned.get(f"{context}-company_country") == "USA" and not cleaned.get(
                f"{context}-company_state"
            ):
                self.add_error(f"{context}-company_state", "Choose the state of this US company.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        entries = []
        for context in self.contexts:
            entry = {"context_type": context}
            for name, value in self.cleaned_data.items():
                prefix, _, key = name.partition("-")
                if prefix == context and value:
                    entry[key] = value
            entries.append(entry)
        return {"disclosure_context": entries}


class TrustedContactForm(StepForm):
    """Someone Alpaca may contact; a broker has to ask, and the person may decline (FINRA rule 4512)."""

    wants_trusted_contact = yes_no(
        "Would you like to name a trusted contact?",
        "Someone 18 or older we may call if we cannot reach you or suspect fraud. "
        "They cannot see or move your money.",
    )
    trusted_given_name = text("Their first name", "off", max_length=50, required=False)
    trusted_family_name = text("Their last name", "off", max_length=50, required=False)
    trusted_email_address = forms.EmailField(
        label="Their e-mail address",
        max_length=100,
        required=False,
        help_text="An e-mail address or a phone number is enough.",
        error_messages={"invalid": "Enter an e-mail address like name@example.com."},
    )
    trusted_phone_number = PhoneField(label="Their phone number", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("wants_trusted_contact"):
            return cleaned
        if "trusted_given_name" in cleaned and not cleaned["trusted_given_name"]:
            self.add_error("trusted_given_name", "Enter their first name.")
        if "trusted_family_name" in cleaned and not cleaned["trusted_family_name"]:
            self.add_error("trusted_family_name", "Enter their last name.")
        reachable = cleaned.get("trusted_email_address") or cleaned.get("trusted_phone_number")
        if not reachable and not self.errors.keys() & {"trusted_email_address", "trusted_phone_number"}:
            self.add_error("trusted_email_address", "Enter their e-mail address or their phone number.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        if self.cleaned_data["wants_trusted_contact"]:
            return dict(self.cleaned_data)
        return dict.fromkeys(self.cleaned_data, "") | {"wants_trusted_contact": False}


class AgreementsForm(StepForm):
    """One tick for each agreement; what is optional is not ticked beforehand."""

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        signed = (
            set(application.agreements.values_list("agreement", flat=True))
            if application.agreements_signed
            else set()
        )
        for agreement in AGREEMENTS:
            self.fields[agreement.key] = forms.BooleanField(
                label=f"I have read and agree to the {agreement.title}",
                help_text=agreement.summary,
                required=agreement.required,
                initial=agreement.key in signed,
                error_messages={
                    "required": f"Tick this to agree to the {agreement.title}. No account opens without it."
                },
            )

    def signed(self) -> list[str]:
        """The keys of the agreements that were ticked."""
        return [key for key, ticked in self.cleaned_data.items() if ticked]


FORMS: dict[str, type[StepForm]] = {
    "name": NameForm,
    "contact": ContactForm,
    "identity": IdentityForm,
    "tax-id": TaxIdForm,
    "documents": DocumentsForm,
    "work": WorkForm,
    "disclosures": DisclosuresForm,
    "disclosure-details": DisclosureDetailsForm,
    "trusted-contact": TrustedContactForm,
    "agreements": AgreementsForm,
}
