"""The answers of an application as the person reads them before sending. Pure."""

from dataclasses import dataclass
from typing import Any

from django.utils.dateformat import format as format_date
from localflavor.us.us_states import STATE_CHOICES

from onboarding.agreements import BY_KEY
from onboarding.forms.disclosures import CONTEXT_TITLES
from onboarding.forms.fields import country_choices
from onboarding.forms.personal import EMPLOYMENT, FUNDING_SOURCES
from onboarding.models import KycApplication
from onboarding.steps import Step, steps_for


@dataclass(frozen=True)
class AnswerGroup:
    """One page's answers: label and text of each, and the page to change them on."""

    step: Step
    answers: list[tuple[str, str]]


def answers_to_check(application: KycApplication) -> list[AnswerGroup]:
    """Each page that applies, with its answers in words. The tax id is shown by its last four digits only."""
    readers = {
        "name": _name,
        "contact": _contact,
        "identity": _identity,
        "tax-id": _tax_id,
        "documents": _documents,
        "work": _work,
        "disclosures": _disclosures,
        "disclosure-details": _disclosure_details,
        "trusted-contact": _trusted_contact,
        "agreements": _agreements,
    }
    return [AnswerGroup(step, readers[step.key](application)) for step in steps_for(application)]


def _yes_no(answer: bool | None) -> str:
    return {True: "Yes", False: "No", None: ""}[answer]


def _country(alpha3: str) -> str:
    return dict(country_choices()).get(alpha3, alpha3) if alpha3 else ""


def _name(a: KycApplication) -> list[tuple[str, str]]:
    return [("Legal name", " ".join(filter(None, (a.given_name, a.middle_name, a.family_name))))]


def _contact(a: KycApplication) -> list[tuple[str, str]]:
    street = ", ".join(filter(None, (a.street_address, a.unit)))
    address = ", ".join(filter(None, (street, a.city, f"{a.state} {a.postal_code}".strip())))
    return [("Phone", a.phone_number), ("Home address", address), ("E-mail", a.user.email)]


def _identity(a: KycApplication) -> list[tuple[str, str]]:
    rows = [
        ("Date of birth", format_date(a.date_of_birth, "F j, Y") if a.date_of_birth else ""),
        ("Country of birth", _country(a.country_of_birth)),
        ("Citizenship", _country(a.country_of_citizenship)),
    ]
    if a.permanent_resident is not None:
        rows.append(("Permanent resident of the US", _yes_no(a.permanent_resident)))
    return rows


def _tax_id(a: KycApplication) -> list[tuple[str, str]]:
    return [("Social Security number", f"•••-••-{a.tax_id_last4}" if a.tax_id_last4 else "")]


def _documents(a: KycApplication) -> list[tuple[str, str]]:
    kept = [row.get_document_type_display() for row in a.documents.defer("content")]
    return [("Documents", ", ".join(kept) or ("None for now" if a.documents_answered else ""))]


def _work(a: KycApplication) -> list[tuple[str, str]]:
    rows = [("Employment", dict(EMPLOYMENT).get(a.employment_status, ""))]
    if a.employer_name:
        rows += [
            ("Employer", f"{a.employer_name}, {a.employer_address}"),
            ("Job title", a.employment_position),
        ]
    sources = dict(FUNDING_SOURCES)
    return [*rows, ("Money comes from", ", ".join(sources.get(key, key) for key in a.funding_source))]


def _disclosures(a: KycApplication) -> list[tuple[str, str]]:
    return [
        ("Control person of a public company", _yes_no(a.is_control_person)),
        ("Affiliated with an exchange or FINRA firm", _yes_no(a.is_affiliated_exchange_or_finra)),
        ("Senior public official", _yes_no(a.is_politically_exposed)),
        ("Senior public official in the family", _yes_no(a.immediate_family_exposed)),
    ]


def _disclosure_details(a: KycApplication) -> list[tuple[str, str]]:
    return [(CONTEXT_TITLES[entry["context_type"]], _disclosed(entry)) for entry in a.disclosure_context]


def _disclosed(entry: dict[str, Any]) -> str:
    """One disclosure's details as a sentence or two."""
    if entry["context_type"] == "IMMEDIATE_FAMILY_EXPOSED":
        return f"{entry.get('given_name', '')} {entry.get('family_name', '')}".strip()
    place = _joined(entry.get("company_city"), _state(entry.get("company_state", "")))
    address = _joined(entry.get("company_street_address"), place, _country(entry.get("company_country", "")))
    firm = (
        f"{entry.get('company_name', '')}, at {address}." if address else f"{entry.get('company_name', '')}."
    )
    email = entry.get("company_compliance_email")
    return f"{firm} Its compliance department is reached at {email}." if email else firm


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _state(code: str) -> str:
    return str(dict(STATE_CHOICES).get(code, code))


def _trusted_contact(a: KycApplication) -> list[tuple[str, str]]:
    if not a.wants_trusted_contact:
        return [("Trusted contact", "None" if a.wants_trusted_contact is False else "")]
    reach = " · ".join(filter(None, (a.trusted_email_address, a.trusted_phone_number)))
    return [("Trusted contact", f"{a.trusted_given_name} {a.trusted_family_name}"), ("Reached at", reach)]


def _agreements(a: KycApplication) -> list[tuple[str, str]]:
    # An agreement that is no longer asked for may still have been signed.
    titles = {key: agreement.title for key, agreement in BY_KEY.items()}
    return [
        (titles.get(row.agreement, row.agreement), f"Agreed, revision {row.revision}")
        for row in a.agreements.all()
    ] or [("Agreements", "")]
