"""One-use intents: what a review page shows and its POST does, signed into the page's own address.

The id is minted when the form before the review is accepted, and becomes the primary key (or
`client_order_id`) of the row the POST writes. A double click, a reload or a re-post after Back carries
the same id, so the second POST finds the first one's row.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core import signing

MAX_AGE_SECONDS = 30 * 60


class IntentExpired(Exception):
    """The review page is too old, belongs to someone else or another account, or was tampered with.

    `data` is what the page was about if it is merely too old, to fill the form before it again; else empty.
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        super().__init__("this review page can no longer be used")
        self.data = data or {}


@dataclass(frozen=True)
class Intent:
    """What a person is about to do: an id that can be used once, and the answers to review."""

    id: uuid.UUID
    data: dict[str, Any]


def mint(purpose: str, user_id: int, account_id: uuid.UUID, data: dict[str, str]) -> str:
    """A token with a fresh id and `data` (strings, no PII: it is an address), for one account of a person."""
    content = [str(uuid.uuid4()), user_id, str(account_id), data]
    return signing.dumps(content, salt=f"intent:{purpose}", compress=True)


def read(purpose: str, user_id: int, account_id: uuid.UUID, token: str) -> Intent:
    """The intent in a token.

    Raises `IntentExpired` if it is over 30 minutes old, broken, or another person's or account's.
    """
    salt = f"intent:{purpose}"
    owner = [user_id, str(account_id)]
    try:
        intent_id, *minted_for, data = signing.loads(token, salt=salt, max_age=MAX_AGE_SECONDS)
    except signing.SignatureExpired as error:
        _, *minted_for, data = signing.loads(token, salt=salt)
        raise IntentExpired(data if minted_for == owner else None) from error
    except signing.BadSignature as error:
        raise IntentExpired from error
    if minted_for != owner:
        raise IntentExpired
    return Intent(uuid.UUID(intent_id), data)
