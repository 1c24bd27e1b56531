"""Pages that a broker has to ask: disclosures, their details, the trusted contact, agreements."""

from collections.abc import Mapping
from typing import Any

from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.broker.alpaca import limits
from onboarding import agreements
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers, When
from onboarding.questions.descriptions import Page, Question, Row

DISCLOSURES_TASK = "Disclosures"
CONTEXT_TITLES = {
    "CONTROLLED_FIRM": "The company you control",
    "AFFILIATE_FIRM": "The exchange or firm you are affiliated with",
    "IMMEDIATE_FAMILY_EXPOSED": "The public official in your family",
}
CONTEXTS = {
    "is_control_person": "CONTROLLED_FIRM",
    "is_affiliated_exchange_or_finra": "AFFILIATE_FIRM",
    "immediate_family_exposed": "IMMEDIATE_FAMILY_EXPOSED",
}
"""Of each answer that asks for details, the `context_type` of those."""


def disclosure_contexts(answers: Answers) -> tuple[str, ...]:
    """The `context_type` of each disclosure that needs details."""
    return tuple(context for name, context in CONTEXTS.items() if answers(name))


def has_details(answers: Answers) -> bool:
    """Whether an answer on the disclosures page asks for details (one `context` entry per true flag)."""
    return bool(disclosure_contexts(answers))


DISCLOSURES = Page(
    "disclosures",
    DISCLOSURES_TASK,
    "Questions every broker has to ask",
    questions=(
        Question(
            "is_control_person",
            "Are you a control person of a publicly traded company?",
            ask=fields.yes_no,
            short="Control person of a public company",
            help="A director, a policy-making officer, or someone who holds 10% or more of its shares.",
            sent="disclosures.is_control_person",
        ),
        Question(
            "is_affiliated_exchange_or_finra",
            "Do you work for, or are you affiliated with, a stock exchange or a FINRA member firm?",
            ask=fields.yes_no,
            short="Affiliated with an exchange or FINRA firm",
            help="A broker-dealer, for example.",
            sent="disclosures.is_affiliated_exchange_or_finra",
        ),
        Question(
            "is_politically_exposed",
            "Are you a current or former senior public official?",
            ask=fields.yes_no,
            short="Senior public official",
            help="A senior figure of a government, party, court, military or state-owned company, in any "
            "country.",
            sent="disclosures.is_politically_exposed",
        ),
        Question(
            "immediate_family_exposed",
            "Is someone in your immediate family a current or former senior public official?",
            ask=fields.yes_no,
            short="Senior public official in the family",
            help="Parents, siblings, spouse, children, in-laws.",
            sent="disclosures.immediate_family_exposed",
        ),
    ),
)


def _details(a: KycApplication) -> list[tuple[str, str]]:
    return [(CONTEXT_TITLES[entry["context_type"]], _disclosed(entry)) for entry in a.disclosure_context]


def details_as_one(a: KycApplication) -> str:
    """The same as one text."""
    return " ".join(f"{title}: {text}" for title, text in _details(a)) or "Nothing more"


def _disclosed(entry: dict[str, Any]) -> str:
    """One disclosure's details as a sentence or two."""
    if entry["context_type"] == "IMMEDIATE_FAMILY_EXPOSED":
        return reading.joined(entry.get("given_name"), entry.get("family_name"), by=" ")
    place = reading.joined(entry.get("company_city"), reading.state(entry.get("company_state", "")))
    country = reading.country(entry.get("company_country"))
    address = reading.joined(entry.get("company_street_address"), place, country)
    name = entry.get("company_name", "")
    firm = f"{name}, at {address}." if address else f"{name}."
    email = entry.get("company_compliance_email")
    return f"{firm} Its compliance department is reached at {email}." if email else firm


DETAILS = Page(
    "disclosure-details",
    DISCLOSURES_TASK,
    "Details of what you disclosed",
    when=has_details,
    questions=(
        Question(
            "disclosure_context", "Details of what you disclosed", sent="disclosures.context", nothing=[]
        ),
    ),
    read=_details,
)

IF_WANTED = When("wants_trusted_contact", (True,), words="if you name one")
REACHED_AT = ("trusted_email_address", "trusted_phone_number")


def _reachable(cleaned: Mapping[str, Any]) -> dict[str, str]:
    typed_well = all(name in cleaned for name in REACHED_AT)
    if not cleaned.get("wants_trusted_contact") or not typed_well:
        return {}
    if any(cleaned[name] for name in REACHED_AT):
        return {}
    return {"trusted_email_address": "Enter their e-mail address or their phone number."}


def _trusted_name(a: KycApplication) -> str:
    if a.wants_trusted_contact:
        return reading.joined(a.trusted_given_name, a.trusted_family_name, by=" ")
    return "None" if a.wants_trusted_contact is False else ""


TRUSTED_CONTACT = Page(
    "trusted-contact",
    DISCLOSURES_TASK,
    "Someone we may call if we worry about you",
    check=_reachable,
    questions=(
        Question(
            "wants_trusted_contact",
            "Would you like to name a trusted contact?",
            ask=fields.yes_no,
            help="Someone 18 or older we may call if we cannot reach you or suspect fraud. "
            "They cannot see or move your money.",
        ),
        Question(
            "trusted_given_name",
            "Their first name",
            ask=fields.line(max_length=limits.GIVEN_NAME),
            missing="Enter their first name.",
            when=IF_WANTED,
            sent="trusted_contact.given_name",
            identifies=True,
        ),
        Question(
            "trusted_family_name",
            "Their last name",
            ask=fields.line(max_length=limits.FAMILY_NAME),
            missing="Enter their last name.",
            when=IF_WANTED,
            sent="trusted_contact.family_name",
            identifies=True,
        ),
        Question(
            "trusted_email_address",
            "Their e-mail address",
            ask=BrokerEmailField,
            help="An e-mail address or a phone number is enough.",
            required=False,
            when=IF_WANTED,
            sent="trusted_contact.email_address",
            identifies=True,
        ),
        Question(
            "trusted_phone_number",
            "Their phone number",
            ask=fields.PhoneField,
            required=False,
            when=IF_WANTED,
            sent="trusted_contact.phone_number",
            identifies=True,
        ),
    ),
    rows=(
        Row(
            "Trusted contact",
            ("wants_trusted_contact", "trusted_given_name", "trusted_family_name"),
            _trusted_name,
        ),
        Row(
            "Reached at",
            REACHED_AT,
            lambda a: reading.joined(a.trusted_email_address, a.trusted_phone_number, by=" · "),
        ),
    ),
)


def _agreed(revision: str) -> str:
    return f"Agreed, revision {revision}" if revision else "Agreed"


def _agreements(a: KycApplication) -> list[tuple[str, str]]:
    # An agreement that is no longer asked for may still have been signed.
    titles = {key: agreement.title for key, agreement in agreements.BY_KEY.items()}
    return [
        (titles.get(row.agreement, row.agreement), _agreed(row.revision)) for row in a.agreements.all()
    ] or [("Agreements", "")]


AGREEMENTS = Page(
    "agreements",
    "Agreements",
    "Agreements",
    questions=(Question("signed_revisions", "Agreements"),),
    still_holds=lambda answers: agreements.are_current(answers("signed_revisions")),
    read=_agreements,
)
