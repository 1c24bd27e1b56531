"""What the review of an application asks for, and what answers it."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.accounts import status
from sandbox.state import rows
from sandbox.state.api import decoded_part, encode_json, words
from sandbox.state.world import World

SELFIE = "selfie"
"""The ``document_sub_type`` of a photo of the person; the vendor has no type of its own for one."""
FIRM = words("company_name company_street_address company_city company_country company_compliance_email")
FAMILY = words("given_name family_name")
OFFICE = words("employment_position employer_name employer_address")
VISA = words("visa_type visa_expiration_date")


@dataclass(frozen=True)
class Sent:
    """What came in one call: the members of a PATCH, and type and sub-type of each document."""

    change: dict[str, Any] = field(default_factory=dict)
    papers: frozenset[tuple[str, str]] = frozenset()

    def has_paper(self, *types: str) -> bool:
        """Whether a document of one of these types is among them."""
        return any(kind in types and sub_type != SELFIE for kind, sub_type in self.papers)

    def has(self, part: str, names: Iterable[str]) -> bool:
        """Whether each of these members of a part was given, and none empty."""
        given = self.change.get(part) or {}
        return all(given.get(name) not in (None, "") for name in names)

    def has_context(self, context_type: str, names: Iterable[str]) -> bool:
        """Whether the disclosures have details of this type, whole."""
        entries = (self.change.get("disclosures") or {}).get("context") or []
        return any(
            entry.get("context_type") == context_type and all(entry.get(name) for name in names)
            for entry in entries
        )


Answers = Callable[[Sent], bool]


def _paper(*types: str) -> Answers:
    return lambda sent: sent.has_paper(*types)


def _never(sent: Sent) -> bool:
    return False


ANSWERS: dict[str, Answers] = {
    "IDENTITY_VERIFICATION": _paper("identity_verification"),
    "TAX_IDENTIFICATION": _paper("tax_id_verification", "social_security_number_verification"),
    "ADDRESS_VERIFICATION": _paper("identity_verification", "address_verification"),
    "DATE_OF_BIRTH": _paper("identity_verification", "date_of_birth_verification"),
    "INVALID_IDENTITY_PASSPORT": _paper("identity_verification"),
    "SELFIE_VERIFICATION": lambda sent: any(sub_type == SELFIE for _, sub_type in sent.papers),
    "PEP": lambda sent: sent.has("disclosures", OFFICE),
    "FAMILY_MEMBER_PEP": lambda sent: sent.has_context("IMMEDIATE_FAMILY_EXPOSED", FAMILY),
    "CONTROL_PERSON": lambda sent: sent.has_context("CONTROLLED_FIRM", FIRM),
    "AFFILIATED": lambda sent: sent.has_context("AFFILIATE_FIRM", FIRM),
    "VISA_TYPE_OTHER": lambda sent: sent.has("identity", VISA),
    "W8BEN_CORRECTION": _paper("w8ben"),
    # Nothing that the person can send: operations staff decide (the scenario "KYC: approve").
    "COUNTRY_NOT_SUPPORTED": _never,
    "WATCHLIST_HIT": _never,
}
"""Of each code what settles it (Broker API, "KYC results", "to appeal")."""
BY_STAFF_ALONE = frozenset(code for code, answers in ANSWERS.items() if answers is _never)


def _anything(sent: Sent) -> bool:
    return bool(sent.change or sent.papers)


def take(world: World, account: rows.Account, sent: Sent, now: dt.datetime) -> None:
    """Hold what came against what is asked for; with nothing left to ask, back to review.

    What it does not answer stays open. A rejected application goes to approval once papers come.
    """
    if account.held_by_fixture:
        return
    if account.status == "REJECTED" and sent.papers:
        status.move(world, account, "APPROVAL_PENDING", now)
    if account.status != "ACTION_REQUIRED":
        return
    results = decoded_part(account.kyc_results)
    asked = {**results.get("reject", {}), **results.get("indeterminate", {})}
    answered: dict[str, Any] = {code: {} for code in asked if ANSWERS.get(code, _anything)(sent)}
    left = {
        part: {code: why for code, why in results.get(part, {}).items() if code not in answered}
        for part in ("reject", "indeterminate")
    }
    accepted = {**results.get("accept", {}), **answered}
    world.store.edit(account)
    account.kyc_results = encode_json(status.results_of(accept=accepted, **left)) if asked else b""
    open_codes = {*left["reject"], *left["indeterminate"]}
    if not open_codes:
        status.review(world, account, now)
    elif answered and open_codes <= BY_STAFF_ALONE:
        status.move(world, account, "APPROVAL_PENDING", now)
