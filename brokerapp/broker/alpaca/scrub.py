"""Takes personal data out of text that the broker wrote, before it is kept, logged or shown."""

import re
from collections.abc import Iterable, Mapping

REDACTED = "[removed]"
MAX_LENGTH = 500

SENSITIVE_FIELDS = frozenset(
    {
        "account_owner_name",
        "bank_account_number",
        "bank_routing_number",
        "city",
        "content",
        "date_of_birth",
        "email_address",
        "family_name",
        "given_name",
        "middle_name",
        "phone_number",
        "processor_token",
        "street_address",
        "tax_id",
        "transmitter_account_number",
        "transmitter_address",
        "transmitter_name",
        "unit",
    }
)
"""Request fields whose values must not come back to us in an error message."""

# Ids are the whole point of an audit row, and a UUID may hold nine digits in a row.
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERSONAL = re.compile(
    rf"""
    (?P<keep>\b{_UUID}\b)
    | \b\d{{3}}-\d{{2}}-\d{{4}}\b              # SSN, ITIN
    | [^\s@"<>]+@[^\s@"'<>]+\.[a-z]{{2,}}      # e-mail address
    | (?<![\d.])\d{{8,}}[a-z]*\b(?!\.\d)       # bank, routing and account numbers; decimals stay
    """,
    re.IGNORECASE | re.VERBOSE,
)


def sensitive_values(body: object) -> set[str]:
    """The values in a request body that `scrub` must find and remove: those of `SENSITIVE_FIELDS`."""
    if isinstance(body, Mapping):
        found = set()
        for key, value in body.items():
            found |= _strings(value) if key in SENSITIVE_FIELDS else sensitive_values(value)
        return found
    if isinstance(body, (list, tuple)):
        return set().union(*map(sensitive_values, body))
    return set()


def _strings(value: object) -> set[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return {item for item in values if isinstance(item, str) and item}


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets` and what looks like an SSN, an e-mail or a bank number; at most 500 long."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", REDACTED, text, flags=re.IGNORECASE)
    text = _PERSONAL.sub(lambda match: match["keep"] or REDACTED, text)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
