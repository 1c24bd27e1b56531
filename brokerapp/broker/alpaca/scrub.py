"""Takes personal data out of text that the broker wrote, before it is kept, logged or shown."""

import re
from collections.abc import Iterable, Mapping
from functools import partial

REDACTED = "[removed]"
MAX_LENGTH = 500
READ_LENGTH = 4000
"""Of a longer text the rest is dropped unread: it is an echo or a web page."""
LONG = 200
"""A secret longer than this is a document, in base64; no expression is made of it."""

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

PIECE = 24
_RUN = re.compile(rf"[A-Za-z0-9+/]{{{PIECE},}}={{0,2}}")


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
    """`text` without `secrets` and what looks like an SSN, an e-mail or a bank number; at most 500 long.

    Of a secret over 200 characters (a document), every piece of 24 or more is removed.
    """
    by_length = sorted(secrets, key=len, reverse=True)
    text = _beginning(text, by_length)
    for secret in by_length:
        if len(secret) > LONG:
            text = _RUN.sub(partial(_without_piece, secret), text.replace(secret, REDACTED))
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", REDACTED, text, flags=re.IGNORECASE)
    text = _PERSONAL.sub(lambda match: match["keep"] or REDACTED, text)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def _beginning(text: str, secrets: Iterable[str]) -> str:
    """As much of `text` as is read, without the part of a secret that the cut leaves at its end."""
    if len(text) <= READ_LENGTH:
        return text
    text = text[:READ_LENGTH]
    for secret in secrets:
        for length in range(min(len(secret), LONG), 0, -1):
            if text.lower().endswith(secret[:length].lower()):
                text = text[:-length]
                break
    return text


def _without_piece(secret: str, match: re.Match[str]) -> str:
    """A run of base64, or what stands for it if it is a piece of the secret, whole or cut at either end."""
    run = match[0]
    if run[:PIECE] in secret or run[-PIECE:] in secret or run in secret:
        return REDACTED
    return run
