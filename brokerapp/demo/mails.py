"""Reads the mails that Django's file backend has written."""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SEPARATOR = b"-" * 79


@dataclass(frozen=True)
class Mail:
    """One sent mail; `body` is its plain text."""

    to: str
    subject: str
    body: str
    sent_at: datetime


def read_mails(folder: Path, most: int = 50) -> list[Mail]:
    """The newest mails first. An empty or missing folder is no mail at all."""
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)[:most]
    return [mail for path in files for mail in reversed(_read(path))][:most]


def _read(path: Path) -> list[Mail]:
    sent_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    texts = path.read_bytes().split(SEPARATOR)
    return [_parse(text.strip(), sent_at) for text in texts if text.strip()]


def _parse(text: bytes, sent_at: datetime) -> Mail:
    message = email.message_from_bytes(text, policy=email.policy.default)
    body = message.get_body(("plain",))
    return Mail(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        body=body.get_content() if body else "",
        sent_at=sent_at,
    )
