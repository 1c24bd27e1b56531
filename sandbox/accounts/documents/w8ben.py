"""Form W-8BEN as data (``content_data``): what it must hold. Pure."""

import datetime as dt
import ipaddress
from typing import Any

from sandbox.state.api import invalid, malformed, parse_instant

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


def checked_form(form: Any) -> dict[str, Any]:
    """The known members that were filled in. Raises a 422 for what is missing or has the wrong shape."""
    if not isinstance(form, dict):
        raise malformed("request body format is invalid: content_data must be an object")
    for name in (*REQUIRED, *OPTIONAL):
        value = form.get(name)
        if value in (None, ""):
            if name in REQUIRED:
                raise invalid(f"content_data.{name} is required")
        elif not isinstance(value, str) or len(value) > LONGEST:
            raise invalid(f"content_data.{name} is invalid")
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


def _check_date(text: str, name: str) -> None:
    """The printed form has MM-DD-YYYY; the API wants the ISO form and nothing else."""
    try:
        if len(text) != 10:
            raise ValueError(text)
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"content_data.{name} must have the format YYYY-MM-DD") from error
