"""What an answer of a mail server or of a provider's API means: taken, not taken, or nobody knows."""

import re
import smtplib
import ssl
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

SMTP_REFUSALS = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)
"""The mail server answered, and took nothing."""
NO_SUCH_MAILBOX = re.compile(rb"5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
"""RFC 3463, sections 3.2 and 3.3, and RFC 7505: the address is the reason, and will be tomorrow."""
LETS_NOBODY_IN = frozenset({401, 403, 429})
UNAVAILABLE = 503
"""RFC 9110, 15.6.4: not handled; every other 5xx may have been."""


def is_taken(message: Any) -> bool:
    """Whether the provider's answer says so in words that django-anymail knows."""
    answer = getattr(message, "anymail_status", None)
    return answer is None or answer.status <= {"sent", "queued"}


def refuses_address(error: Exception) -> bool:
    """Whether the answer says that nothing can be delivered to this address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(NO_SUCH_MAILBOX.search(text) for _, text in error.recipients.values())
    return isinstance(error, AnymailRecipientsRefused)


def refuses_mail(error: Exception) -> bool:
    """Whether the answer says that this mail was not taken."""
    if isinstance(error, AnymailAPIError):
        status = error.status_code or 0
        return 400 <= status < 500 or status == UNAVAILABLE
    # What is no answer of an API was found before anything was sent.
    return isinstance(error, (*SMTP_REFUSALS, AnymailError))


def is_away(error: Exception) -> bool:
    """Whether no other mail would get through either: not reached, or it does not let us in."""
    if not isinstance(error, AnymailAPIError):
        return False
    if error.status_code in {*LETS_NOBODY_IN, UNAVAILABLE}:
        return True
    cause = error.__cause__
    given_up = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    return isinstance(given_up, MaxRetryError) and _is_before_sending(given_up.reason)


def _is_before_sending(reason: Exception | None) -> bool:
    if isinstance(reason, SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


def name_of(error: Exception) -> str:
    """An error without its text, which can hold the address."""
    code = getattr(error, "smtp_code", "") or getattr(error, "status_code", "") or ""
    return f"{type(error).__name__} {code}".strip()
