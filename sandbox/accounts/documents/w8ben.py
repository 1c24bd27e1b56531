"""Form W-8BEN: what it must hold as data (``content_data``), who needs one, and whether it is in force."""

import datetime as dt
import ipaddress
from typing import Any

from sandbox.kernel.clock import market_date
from sandbox.state import rows
from sandbox.state.api import decode_json, decoded_part, invalid, malformed, parse_instant
from sandbox.state.world import World

REQUIRED = (
    "country_citizen", "date", "date_of_birth", "full_name", "ip_address", "permanent_address_city_state",
    "permanent_address_country", "permanent_address_street", "revision", "signer_full_name", "timestamp",
)  # fmt: skip
OPTIONAL = (
    "additional_conditions", "foreign_tax_id", "income_type", "mailing_address_city_state",
    "mailing_address_country", "mailing_address_street", "paragraph_number", "percent_rate_withholding",
    "reference_number", "residency", "tax_id_ssn",
)  # fmt: skip
LONGEST = 500
YEARS_VALID = 3
DATA = "application/json"


def checked_form(form: Any) -> dict[str, Any]:
    """The known members that were filled in. Raises a 422 for what is missing or has the wrong shape."""
    if not isinstance(form, dict):
        raise malformed("request body format is invalid: content_data must be an object")
    for name in (*REQUIRED, *OPTIONAL):
        _check_text(form.get(name), name)
    for name in ("date", "date_of_birth"):
        _check_date(form[name], name)
    parse_instant(form["timestamp"], "content_data.timestamp")
    try:
        ipaddress.ip_address(form["ip_address"])
    except ValueError as error:
        raise invalid("content_data.ip_address is not a valid IP address") from error
    not_required = form.get("ftin_not_required")
    if not_required is not None and not isinstance(not_required, bool):
        raise invalid("content_data.ftin_not_required must be a boolean")
    if not (form.get("foreign_tax_id") or form.get("tax_id_ssn") or not_required):
        raise invalid("content_data.ftin_not_required is required without foreign_tax_id and tax_id_ssn")
    names = (*REQUIRED, *OPTIONAL, "ftin_not_required")
    return {name: form[name] for name in names if form.get(name) not in (None, "")}


def _check_text(value: Any, name: str) -> None:
    if value in (None, ""):
        if name in REQUIRED:
            raise invalid(f"content_data.{name} is required")
    elif name == "percent_rate_withholding" and type(value) is int and 0 <= value <= 30:
        return
    elif not isinstance(value, str) or len(value) > LONGEST:
        raise invalid(f"content_data.{name} is invalid")


def _check_date(text: str, name: str) -> None:
    """The printed form has MM-DD-YYYY; the API wants the ISO form and nothing else."""
    try:
        if len(text) != 10:
            raise ValueError(text)
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"content_data.{name} must have the format YYYY-MM-DD") from error


def is_missing(world: World, account: rows.Account, now: dt.datetime) -> bool:
    """Whether the owner pays tax outside of the United States and no form of theirs is in force."""
    if decoded_part(account.identity).get("country_of_tax_residence", "USA") == "USA":
        return False
    holder = decoded_part(account.details).get("primary_account_holder_id")
    owners = [account.id, *([holder] if holder else [])]
    return not any(
        _is_in_force(world, account, document, market_date(now))
        for owner in owners
        for document in world.store.documents.of(owner)
        if document.document_type == "w8ben"
    )


def _is_in_force(world: World, account: rows.Account, document: rows.Document, today: dt.date) -> bool:
    """Whether the form tells of the owner and has not ended. One that came as a picture is taken for good."""
    if document.mime_type != DATA:
        return True
    form = decode_json((world.settings.state / "documents" / document.id).read_bytes())
    signed = dt.date.fromisoformat(form["date"])
    identity, contact = decoded_part(account.identity), decoded_part(account.contact)
    named = form["full_name"].casefold().split()
    return (
        signed <= today <= dt.date(signed.year + YEARS_VALID, 12, 31)
        and set(identity["family_name"].casefold().split()) <= set(named)
        and form["signer_full_name"].casefold().split() == named
        and form["date_of_birth"] == identity["date_of_birth"]
        and form["country_citizen"] == identity.get("country_of_citizenship")
        and form["permanent_address_country"] == contact.get("country")
    )
