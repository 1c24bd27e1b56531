"""Takes personal data out of text that the broker wrote, before it is kept, logged or shown."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from brokerapp.broker.alpaca.spellings import pattern_of

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

FREE_TEXT = frozenset(
    {
        "accept",
        "additional_information",
        "description",
        "details",
        "indeterminate",
        "message",
        "note",
        "notes",
        "reason",
        "reject",
        "status_description",
        "summary",
    }
)
"""Members of the broker's replies and events that hold what somebody wrote, or texts beside their codes."""

Known = Callable[[], Iterable[str] | None]
"""Gives what is known of the person whom a reply is about; None if that cannot be told."""

# Ids are the whole point of an audit row, and a UUID may hold nine digits in a row.
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERSONAL = re.compile(
    r"""
    \b\d{3}([- .])\d{2}\1\d{4}\b                          # SSN, ITIN
    | (?<![\w.])(\(\d{3}\)[ ]?|\d{3}[-. ])\d{3}[-. ]\d{4}\b    # phone number
    | [^\s@"<>]+@[^\s@"'<>]+\.[a-z]{2,}                   # e-mail address
    | (?<![\w.-])(?=(?:\d[ -]?){9})\d{3,}(?:[ -]\d{3,})+\b(?!\.\d)  # the same in groups
    | (?<![\d.])\d{8,}[a-z]*\b(?!\.\d)                    # bank, routing and account numbers; decimals stay
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ID = re.compile(rf"(\b{_UUID}\b)", re.IGNORECASE)

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
    """`text` without `secrets`, in any spelling, and what looks like an SSN, a phone, e-mail or bank number.

    It is at most 500 long. Of a secret over 200 characters (a document), every piece of 24 or more goes.
    UUIDs stay whole.
    """
    by_length = sorted(secrets, key=len, reverse=True)
    text = unicodedata.normalize("NFKC", _beginning(text, by_length))
    parts = _ID.split(text)
    parts[::2] = [_without(part, by_length) for part in parts[::2]]
    text = "".join(parts)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def scrub_members(body: Any, known: Known) -> Any:
    """A reply or event in which every text somebody wrote (`FREE_TEXT`, at any depth) is scrubbed.

    `known` is asked once, and only if there is such a text; where it gives None, the text is removed whole.
    """
    return _scrub_members(body, lru_cache(maxsize=1)(known), is_free=False)


def _scrub_members(body: Any, known: Known, *, is_free: bool) -> Any:
    if isinstance(body, Mapping):
        return {
            key: _scrub_members(value, known, is_free=is_free or key in FREE_TEXT)
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [_scrub_members(value, known, is_free=is_free) for value in body]
    if is_free and isinstance(body, str) and body:
        secrets = known()
        return REDACTED if secrets is None else scrub(body, secrets)
    return body


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) > LONG:
            text = _RUN.sub(partial(_without_piece, secret), text.replace(secret, REDACTED))
        elif secret.strip():
            text = pattern_of(secret).sub(REDACTED, text)
    return _PERSONAL.sub(REDACTED, text)


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
