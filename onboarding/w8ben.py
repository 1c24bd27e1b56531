"""Form W-8BEN, by which somebody says that they are not taxed in the United States: what it says. Pure.

Internal Revenue Service, "Instructions for Form W-8BEN" (10-2021). The members are the broker's
(`W8benDocument`).
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from onboarding import tax_ids

Answers = Callable[[str], Any]
REVISION = "10-2021"
YEARS_VALID = 3
MAILING = ("mailing_street", "mailing_city", "mailing_country")


def full_name(answers: Answers) -> str:
    """The name as it stands on the form, and as it is typed to sign it."""
    names = ("given_name", "middle_name", "family_name", "suffix")
    return " ".join(str(answers(name)) for name in names if answers(name))


def is_signed_by(signature: str, answers: Answers) -> bool:
    """Whether a signature is the person's name, in capitals or not."""
    return signature.casefold().split() == full_name(answers).casefold().split()


def content(answers: Answers) -> dict[str, Any]:
    """The members of the form that these answers make, without the signature and what goes with it."""
    born = answers("date_of_birth")
    members: dict[str, Any] = {
        "full_name": full_name(answers),
        "country_citizen": answers("country_of_citizenship"),
        "date_of_birth": born.isoformat() if isinstance(born, date) else born,
        "permanent_address_street": _joined(answers, "street_address", "unit"),
        "permanent_address_city_state": _joined(answers, "city", "province", "foreign_postal_code"),
        "permanent_address_country": answers("country_of_residence"),
        **_tax_number(answers),
    }
    if answers("mail_goes_elsewhere"):
        members |= {
            "mailing_address_street": answers("mailing_street"),
            "mailing_address_city_state": answers("mailing_city"),
            "mailing_address_country": answers("mailing_country"),
        }
    if answers("claims_treaty"):
        members["residency"] = answers("country_of_tax_residence")
    return {name: value for name, value in members.items() if value not in (None, "")}


def _tax_number(answers: Answers) -> dict[str, Any]:
    number, kind = answers("foreign_tax_id"), answers("foreign_tax_id_type")
    if number and kind in tax_ids.US_KINDS:
        return {"tax_id_ssn": number, "ftin_not_required": True}
    if number and kind in tax_ids.TAX_NUMBERS:
        return {"foreign_tax_id": number}
    # The number of a passport or identity card is no tax number.
    return {"ftin_not_required": True}


def _joined(answers: Answers, *names: str) -> str:
    return ", ".join(str(answers(name)) for name in names if answers(name))


def digest(answers: Answers) -> str:
    """What tells whether a form that was signed still says what the answers say; hex."""
    return digest_of(content(answers))


def digest_of(members: dict[str, Any]) -> str:
    """The same of the members of a form."""
    return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()


def valid_until(signed: date) -> date:
    """The last day of the third year after the one in which it was signed."""
    return date(signed.year + YEARS_VALID, 12, 31)
