"""Custodial, retirement and further accounts: what their applications need. Pure, but for refusals."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from sandbox.accounts import rules
from sandbox.state.api import decimal_of, invalid, malformed, parse_instant

KINDS = ("trading", "custodial", "ira")
CASH_ONLY = frozenset(("custodial", "ira"))
MAJORITY = 21
MINOR_FIELDS = ("given_name", "family_name", "email", "date_of_birth", "country_of_tax_residence", "state")
UGMA_STATES = frozenset(("SC", "VT"))
CUSTODIAL_REVISION = 18
MOST_BENEFICIARIES = 6
BENEFICIARY_FIELDS = (
    "given_name",
    "family_name",
    "date_of_birth",
    "relationship",
    "type",
    "share_pct",
    "tax_id",
    "tax_id_type",
)
"""OpenAPI, `Beneficiary`: these and `middle_name`, which may be empty."""
HIDDEN_TAX_ID = "xxx-xx-xxxx"


def kind_of(body: dict[str, Any]) -> str:
    kind = body.get("account_type") or "trading"
    if kind not in KINDS:
        raise invalid(f"account_type {str(kind)[:40]} is not enabled for this correspondent")
    return str(kind)


def checked_members(body: dict[str, Any], kind: str, today: dt.date) -> dict[str, Any]:
    """What the account keeps because of its kind. Raises a 422 for what is missing or does not belong."""
    for name, owner in (
        ("minor_identity", "custodial"),
        ("beneficiaries", "ira"),
        ("account_sub_type", "ira"),
    ):
        if body.get(name) and kind != owner:
            raise invalid(f"{name} is only accepted for account_type {owner}")
    if kind == "custodial":
        minor = _checked_minor(rules.section(body, "minor_identity"), today)
        kept: dict[str, Any] = {"minor_identity": minor}
        if minor["country_of_tax_residence"] == "USA":
            law = "UGMA" if minor["state"] in UGMA_STATES else "UTMA"
            kept["custodial_account_type"] = f"CustodianType{law}"
        return kept
    if kind == "ira":
        if not body.get("account_sub_type"):
            raise invalid("account_sub_type is required")
        given = body.get("beneficiaries")
        return {"beneficiaries": checked_beneficiaries(given, may_be_hidden=False)} if given else {}
    return {}


def check_agreements(
    agreements: list[dict[str, Any]], kind: str, assets: list[str], has_holder: bool
) -> None:
    """The agreements that a kind of account and its asset groups need, and one more of a holder. 422."""
    signed = {entry["agreement"] for entry in agreements}
    custodial = kind == "custodial"
    if "customer_agreement" not in signed and not (custodial and "custodial_customer_agreement" in signed):
        raise invalid("customer_agreement is required")
    # OpenAPI, primary_account_holder_id: customer_agreement and etc_agreement for an IRA.
    if has_holder and kind == "ira" and "etc_agreement" not in signed:
        raise invalid("etc_agreement is required")
    check_assets(assets, signed, kind)
    revisions = [entry.get("revision") for entry in agreements if entry["agreement"] == "customer_agreement"]
    if custodial and any(revision and int(revision[:2]) < CUSTODIAL_REVISION for revision in revisions):
        raise invalid(f"customer_agreement revision must be {CUSTODIAL_REVISION} or later")


def check_assets(assets: list[str], signed: set[str], kind: str) -> None:
    if kind in CASH_ONLY and "crypto" in assets:
        raise invalid(f"enabled_assets: crypto is not available for account_type {kind}")
    if "crypto" in assets and "crypto_agreement" not in signed:
        raise invalid("crypto_agreement is required")


def checked_beneficiaries(value: Any, *, may_be_hidden: bool) -> list[dict[str, Any]]:
    """At most six; the shares of each type sum to 100. Their tax ids are checked and forgotten.

    `may_be_hidden`: a tax id may be left as replies show it, as in the OpenAPI's example of a PATCH.
    """
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise malformed("request body format is invalid: beneficiaries must be a list of objects")
    if len(value) > MOST_BENEFICIARIES:
        raise invalid(f"no more than {MOST_BENEFICIARIES} beneficiaries are allowed")
    kept = [_checked_beneficiary(entry, may_be_hidden) for entry in value]
    for kind in ("primary", "contingent"):
        shares = [Decimal(entry["share_pct"]) for entry in kept if entry["type"] == kind]
        if shares and sum(shares) != 100:
            raise invalid(f"share_pct of {kind} beneficiaries must sum to 100")
    return kept


def _checked_beneficiary(entry: dict[str, Any], may_be_hidden: bool) -> dict[str, Any]:
    if "middle_name" not in entry:
        raise invalid("beneficiaries.middle_name is required")
    for name in BENEFICIARY_FIELDS:
        if not entry.get(name):
            raise invalid(f"beneficiaries.{name} is required")
    for name in ("given_name", "middle_name", "family_name", "relationship"):
        rules.check_text(entry, name, 50)
    if entry["type"] not in ("primary", "contingent"):
        raise invalid("beneficiaries.type must be primary or contingent")
    share = decimal_of(entry["share_pct"], "beneficiaries.share_pct")
    if not 0 < share <= 100:
        raise invalid("beneficiaries.share_pct must be between 0 and 100")
    _check_birth(entry["date_of_birth"], "beneficiaries.date_of_birth")
    kind, tax_id = entry["tax_id_type"], entry["tax_id"]
    if not isinstance(kind, str) or kind not in rules.TAX_ID_TYPES:
        raise invalid("beneficiaries.tax_id_type is invalid")
    if not (may_be_hidden and tax_id == HIDDEN_TAX_ID):
        rules.check_tax_id(tax_id, kind)
    names = {name: entry[name] for name in BENEFICIARY_FIELDS}
    shown = {"middle_name": entry["middle_name"] or "", "tax_id": HIDDEN_TAX_ID}
    return {**names, **shown, "share_pct": format(share, "f")}


def _checked_minor(minor: dict[str, Any], today: dt.date) -> dict[str, Any]:
    for name in MINOR_FIELDS:
        if not minor.get(name):
            raise invalid(f"minor_identity.{name} is required")
    rules.check_names(minor)
    email, state = minor["email"], minor["state"]
    if not isinstance(email, str) or not rules.EMAIL.fullmatch(email):
        raise invalid("minor_identity.email is not a valid email address")
    if not isinstance(state, str) or (
        minor["country_of_tax_residence"] == "USA" and state.upper() not in rules.STATE_CODES
    ):
        raise invalid("minor_identity.state is invalid")
    for name in ("country_of_tax_residence", "country_of_citizenship", "country_of_birth"):
        rules.check_country(minor, name)
    born = _check_birth(minor["date_of_birth"], "minor_identity.date_of_birth")
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not 0 <= age < MAJORITY:
        raise invalid("minor_identity.date_of_birth is invalid: must be a minor")
    if minor.get("tax_id"):
        rules.check_tax_id(minor["tax_id"], str(minor.get("tax_id_type") or "USA_SSN"))
    names = (*MINOR_FIELDS, "tax_id_type", "country_of_citizenship", "country_of_birth")
    kept = {name: minor[name] for name in names if minor.get(name)}
    return {**kept, "state": state.upper()}


def _check_birth(value: Any, name: str) -> dt.date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise invalid(f"{name} must have the format YYYY-MM-DD")
    return parse_instant(value, name).date()
