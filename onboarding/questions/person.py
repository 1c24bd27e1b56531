"""Pages about the person: name, address, birth, tax id, documents."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import TypedField
from brokerapp.ui.widgets import SSNInput
from onboarding import rules
from onboarding.kinds import is_owner_known
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers, When
from onboarding.questions.descriptions import Page, Question, Row
from onboarding.questions.eligibility import (
    ABOUT_YOU,
    ABROAD,
    IN_THE_US,
    NO_CITIZEN,
    TAXED_ABROAD,
    is_taxed_in_the_us,
)

IDENTITY = "Identity"

UNLESS_ONE = When("has_one_name", not_values=(True,), words="unless you have one name only")


def least_of_family_name(answers: Answers) -> int:
    """Letters that a last name has at least: two in the United States, one elsewhere."""
    return 1 if TAXED_ABROAD(answers) else limits.FAMILY_NAME_LEAST


def _name_is_long_enough(answers: Answers) -> bool:
    return len(answers("family_name") or "") >= least_of_family_name(answers)


NAME = Page(
    "name",
    ABOUT_YOU,
    "Your legal name",
    still_holds=_name_is_long_enough,
    questions=(
        Question(
            "given_name",
            "First name",
            ask=fields.line("given-name", max_length=limits.GIVEN_NAME),
            missing="Enter your first name.",
            when=UNLESS_ONE,
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
            help="As on your papers: both, if you have two.",
            missing="Enter your last name.",
            sent="identity.family_name",
            identifies=True,
        ),
        Question(
            "suffix",
            "Suffix",
            ask=fields.line("honorific-suffix", max_length=limits.SUFFIX),
            help="If your papers have one, such as Jr or III.",
            required=False,
            sent="identity.suffix",
        ),
        Question(
            "prefix",
            "Title",
            ask=fields.line("honorific-prefix", max_length=limits.PREFIX),
            help="If you want to be called by one, such as Ms or Dr.",
            required=False,
            sent="identity.prefix",
        ),
        Question(
            "has_one_name",
            "I have one name only, and entered it as last name",
            ask=fields.tick,
            required=False,
            sent="identity.given_name",
            send=lambda has_one: KycApplication.NO_FIRST_NAME if has_one else None,
        ),
    ),
    rows=(
        Row(
            "Legal name",
            ("prefix", "given_name", "middle_name", "family_name", "suffix", "has_one_name"),
            lambda a: reading.joined(
                a.answer("prefix"), a.given_name, a.middle_name, a.family_name, a.answer("suffix"), by=" "
            ),
        ),
    ),
)

IN_OWN_LETTERS = fields.line(plain=False, max_length=limits.LOCAL_NAME)

LOCAL_NAME = Page(
    "local-name",
    ABOUT_YOU,
    "Your name in your own letters",
    why="If your passport or identity card has your name in other letters too, such as Мария or Γιώργος, "
    "they help the broker to check who you are. Leave all of this empty if not.",
    when=NO_CITIZEN,
    questions=(
        Question(
            "local_given_name",
            "First name in your letters",
            ask=IN_OWN_LETTERS,
            required=False,
            sent="identity.local_given_name",
            identifies=True,
        ),
        Question(
            "local_middle_name",
            "Middle name in your letters",
            ask=IN_OWN_LETTERS,
            required=False,
            sent="identity.local_middle_name",
            identifies=True,
        ),
        Question(
            "local_family_name",
            "Last name in your letters",
            ask=IN_OWN_LETTERS,
            required=False,
            sent="identity.local_family_name",
            identifies=True,
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
    if not ABROAD(a.answer):
        return reading.joined(street, a.city, f"{a.state} {a.postal_code}".strip())
    country = reading.country(a.answer("country_of_residence"))
    return reading.joined(street, a.city, a.answer("province"), a.answer("foreign_postal_code"), country)


def needs_province(answers: Answers) -> bool:
    """Whether the broker wants a state or province: of all who pay tax in the United States."""
    return bool(ABROAD(answers)) and is_taxed_in_the_us(answers)


def _address_fits_the_country(answers: Answers) -> bool:
    """Whether an address abroad is still one of the country that was chosen, perhaps since."""
    if not ABROAD(answers):
        return True
    code, country = answers("foreign_postal_code") or "", answers("country_of_residence")
    try:
        written = rules.normalize_postal_code(code, country)
    except rules.AnswerRefused:
        return False
    return written == code and bool(answers("province") or not needs_province(answers))


CONTACT = Page(
    "contact",
    ABOUT_YOU,
    "How to reach you",
    check=_zip_in_state,
    still_holds=_address_fits_the_country,
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
            when=IN_THE_US,
            sent="contact.state",
        ),
        Question(
            "province",
            "State, province or region",
            ask=fields.line(
                "address-level1", names=False, max_length=limits.STATE, validators=[fields.HAS_LETTERS]
            ),
            short="Province",
            help="If your address has one.",
            required=False,
            when=ABROAD,
            sent="contact.state",
            identifies=True,
        ),
        Question(
            "postal_code",
            "ZIP code",
            ask=fields.ZipField,
            missing="Enter your ZIP code.",
            when=IN_THE_US,
            sent="contact.postal_code",
            identifies=True,
        ),
        Question(
            "foreign_postal_code",
            "Postal code",
            ask=fields.line("postal-code", names=False, max_length=limits.POSTAL_CODE),
            help="If your address has one.",
            required=False,
            when=ABROAD,
            sent="contact.postal_code",
            identifies=True,
        ),
    ),
    rows=(
        Row(
            "Home address",
            ("street_address", "unit", "city", "state", "postal_code", "province", "foreign_postal_code"),
            _address,
        ),
        Row("E-mail", (), lambda a: a.user.email),
    ),
)

BIRTH = Page(
    "identity",
    IDENTITY,
    "Where you were born",
    questions=(
        Question(
            "country_of_birth",
            "Country where you were born",
            ask=fields.country(),
            short="Country of birth",
            missing="Choose the country where you were born.",
            sent="identity.country_of_birth",
            read=reading.country,
        ),
    ),
)

ITIN = "USA_ITIN"


def _tax_id(a: KycApplication) -> list[tuple[str, str]]:
    label = "ITIN" if a.tax_id_type == ITIN else "Social Security number"
    return [(label, f"•••-••-{a.tax_id_last4}" if a.tax_id_last4 else "")]


TAX_ID = Page(
    "tax-id",
    IDENTITY,
    "Your Social Security number or ITIN",
    when=is_taxed_in_the_us,
    questions=(
        Question(
            "tax_id",
            "Social Security number or ITIN",
            ask=lambda: TypedField(widget=SSNInput),
            help="9 digits, dashes are fine. Federal law requires brokers to ask for it; we encrypt it.",
            missing="Enter your Social Security number or ITIN.",
            sent="identity.tax_id",
            identifies=True,
        ),
        Question("tax_id_type", "Kind of tax id", required=False, sent="identity.tax_id_type"),
    ),
    read=_tax_id,
)


def _documents(a: KycApplication) -> list[tuple[str, str]]:
    kept = [row.get_document_type_display() for row in a.documents.defer("content")]
    return [("Documents", ", ".join(kept) or ("None for now" if a.documents_answered else ""))]


def _has_paper_if_due(answers: Answers) -> bool:
    """Whether the paper is there that the broker asks of everybody who pays tax elsewhere."""
    return bool(answers("identity_paper")) or is_taxed_in_the_us(answers)


DOCUMENTS = Page(
    "documents",
    IDENTITY,
    "A document that shows who you are",
    questions=(
        Question("identity_paper", "Passport or identity card", required=False, when=TAXED_ABROAD),
        Question(
            "identity_paper_expires",
            "Until when is it valid?",
            ask=fields.day(),
            short="Valid until",
            help="As it stands on your passport or identity card. For example 3 31 2031",
            required=False,
            when=TAXED_ABROAD,
            rule=lambda ends: rules.check_not_past(ends, timezone.localdate(), "The day it ends"),
            read=reading.day,
        ),
    ),
    when=lambda answers: not is_owner_known(answers),
    still_holds=_has_paper_if_due,
    read=_documents,
)
