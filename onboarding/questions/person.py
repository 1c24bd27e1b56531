"""Pages about the person: name, address, birth, tax id, documents."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import TypedField
from brokerapp.ui.widgets import SSNInput
from onboarding import rules
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question, Row

ABOUT_YOU, IDENTITY = "About you", "Identity"

NAME = Page(
    "name",
    ABOUT_YOU,
    "Your legal name",
    questions=(
        Question(
            "given_name",
            "First name",
            ask=fields.line("given-name", max_length=limits.GIVEN_NAME),
            missing="Enter your first name.",
            sent="identity.given_name",
            identifies=True,
        ),
        Question(
            "middle_name",
            "Middle name",
            ask=fields.line("additional-name", max_length=limits.MIDDLE_NAME),
            help="If you have one.",
            required=False,
            sent="identity.middle_name",
            identifies=True,
        ),
        Question(
            "family_name",
            "Last name",
            ask=fields.line(
                "family-name",
                min_length=limits.FAMILY_NAME_LEAST,
                max_length=limits.FAMILY_NAME,
                validators=[fields.HAS_LETTERS],
            ),
            missing="Enter your last name.",
            sent="identity.family_name",
            identifies=True,
        ),
    ),
    rows=(
        Row(
            "Legal name",
            ("given_name", "middle_name", "family_name"),
            lambda a: reading.joined(a.given_name, a.middle_name, a.family_name, by=" "),
        ),
    ),
)


def _zip_in_state(cleaned: Mapping[str, Any]) -> dict[str, str]:
    if "postal_code" not in cleaned or "state" not in cleaned:
        return {}
    state = cleaned["state"]
    try:
        rules.check_zip_in_state(cleaned["postal_code"], state, str(dict(STATE_CHOICES)[state]))
    except rules.AnswerRefused as refusal:
        return {"postal_code": str(refusal)}
    return {}


def _address(a: KycApplication) -> str:
    street = reading.joined(a.street_address, a.unit)
    return reading.joined(street, a.city, f"{a.state} {a.postal_code}".strip())


CONTACT = Page(
    "contact",
    ABOUT_YOU,
    "How to reach you",
    check=_zip_in_state,
    questions=(
        Question(
            "phone_number",
            "Phone number",
            ask=fields.PhoneField,
            short="Phone",
            missing="Enter your phone number.",
            sent="contact.phone_number",
            identifies=True,
        ),
        Question(
            "street_address",
            "Street address",
            ask=fields.line(
                "address-line1",
                names=False,
                max_length=limits.STREET,
                validators=[fields.checked(rules.check_street_address)],
            ),
            help="Where you live. Not a P.O. box.",
            missing="Enter your street address.",
            sent="contact.street_address",
            send=lambda street: [street],
            identifies=True,
        ),
        Question(
            "unit",
            "Apartment, suite or unit",
            ask=fields.line(
                "address-line2", names=False, max_length=limits.UNIT, validators=[fields.NO_PO_BOX]
            ),
            help="If you have one.",
            required=False,
            sent="contact.unit",
            identifies=True,
        ),
        Question(
            "city",
            "City",
            ask=fields.line(
                "address-level2",
                names=False,
                min_length=limits.CITY_LEAST,
                max_length=limits.CITY,
                validators=[fields.HAS_LETTERS],
            ),
            missing="Enter your city.",
            sent="contact.city",
            identifies=True,
        ),
        Question(
            "state",
            "State",
            ask=fields.us_state("address-level1"),
            missing="Choose your state.",
            sent="contact.state",
        ),
        Question(
            "postal_code",
            "ZIP code",
            ask=fields.ZipField,
            missing="Enter your ZIP code.",
            sent="contact.postal_code",
            identifies=True,
        ),
    ),
    rows=(
        Row("Home address", ("street_address", "unit", "city", "state", "postal_code"), _address),
        Row("E-mail", (), lambda a: a.user.email),
    ),
)

BIRTH = Page(
    "identity",
    IDENTITY,
    "Date of birth and citizenship",
    questions=(
        Question(
            "date_of_birth",
            "Date of birth",
            ask=fields.day("bday"),
            help="For example 3 31 1985",
            missing="Enter your date of birth.",
            rule=lambda born: rules.check_age(born, timezone.localdate()),
            sent="identity.date_of_birth",
            read=reading.day,
            identifies=True,
        ),
        Question(
            "country_of_birth",
            "Country where you were born",
            ask=fields.country(),
            short="Country of birth",
            missing="Choose the country where you were born.",
            sent="identity.country_of_birth",
            read=reading.country,
        ),
        Question(
            "country_of_citizenship",
            "Country of citizenship",
            ask=fields.country("country"),
            short="Citizenship",
            missing="Choose your country of citizenship.",
            sent="identity.country_of_citizenship",
            read=reading.country,
        ),
        Question(
            "permanent_resident",
            "Are you a permanent resident of the United States?",
            ask=fields.yes_no,
            short="Permanent resident of the US",
            help="A permanent resident has a Green Card.",
            missing="Answer this, as you are not a US citizen.",
            when=When("country_of_citizenship", not_values=("", "USA"), words="if you are not a US citizen"),
            rule=rules.check_is_resident,
            sent="identity.permanent_resident",
        ),
    ),
)

TAX_ID = Page(
    "tax-id",
    IDENTITY,
    "Your Social Security number",
    questions=(
        Question(
            "tax_id",
            "Social Security number",
            ask=lambda: TypedField(widget=SSNInput),
            help="9 digits, dashes are fine. Federal law requires brokers to ask for it; we encrypt it.",
            missing="Enter your Social Security number.",
            sent="identity.tax_id",
            identifies=True,
        ),
        Question("tax_id_type", "Kind of tax id", required=False, sent="identity.tax_id_type"),
    ),
    rows=(
        Row(
            "Social Security number",
            ("tax_id",),
            lambda a: f"•••-••-{a.tax_id_last4}" if a.tax_id_last4 else "",
        ),
    ),
)


def _documents(a: KycApplication) -> list[tuple[str, str]]:
    kept = [row.get_document_type_display() for row in a.documents.defer("content")]
    return [("Documents", ", ".join(kept) or ("None for now" if a.documents_answered else ""))]


DOCUMENTS = Page("documents", IDENTITY, "A document that shows who you are", questions=(), read=_documents)
