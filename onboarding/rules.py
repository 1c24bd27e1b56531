"""May this happen now, and is this an answer that Alpaca takes? `check_x` raises with plain words. Pure."""

import re
from datetime import date

from onboarding.models import KycApplication

MINIMUM_AGE = 18
MAX_DOCUMENT_BYTES = 7_500_000
"""Alpaca takes 10 MB of base64, which is 7.5 MB of file (Broker API, "Documents")."""

DOCUMENT_SIGNATURES = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}

PO_BOX = re.compile(r"\b(p\.?\s*o\.?\s*box|post\s+office\s+box)\b|\bbox\s*#", re.IGNORECASE)


class AnswerRefused(ValueError):
    """An answer breaks a rule; the message says which rule and how to mend it."""


class ApplicationFrozen(Exception):
    """The answers were sent and cannot be changed any more."""


def check_editable(application: KycApplication) -> None:
    """Raises `ApplicationFrozen` once the application has been sent."""
    if not application.is_editable:
        raise ApplicationFrozen(
            "Your application has been sent, so its answers can no longer be changed here."
        )


def check_plain_text(value: str) -> None:
    """Raises `AnswerRefused` unless all is printable ASCII (Alpaca's "Data Validations")."""
    wrong = sorted({character for character in value if not 32 <= ord(character) <= 126})
    if wrong:
        raise AnswerRefused(
            f"Use plain letters without accents, as on your tax papers; change {' '.join(map(repr, wrong))}."
        )


def check_has_letters(value: str) -> None:
    """Raises `AnswerRefused` for text made of digits alone."""
    if value.replace(" ", "").isdigit():
        raise AnswerRefused("This cannot be digits only. Write it out in full.")


def check_street_address(value: str) -> None:
    """Raises `AnswerRefused` for a P.O. box, a single character or digits alone."""
    if PO_BOX.search(value):
        raise AnswerRefused("This cannot be a P.O. box. Enter the street address where you live.")
    if len(value) < 2:
        raise AnswerRefused("Enter the house number and the street.")
    check_has_letters(value)


def check_age(date_of_birth: date, today: date) -> None:
    """Raises `AnswerRefused` for a date in the future, over 120 years ago, or of someone under 18."""
    age = (
        today.year
        - date_of_birth.year
        - ((today.month, today.day) < (date_of_birth.month, date_of_birth.day))
    )
    if age < 0:
        raise AnswerRefused("Your date of birth cannot be in the future. Check the year.")
    if age > 120:
        raise AnswerRefused("Check the year of your date of birth.")
    if age < MINIMUM_AGE:
        raise AnswerRefused(
            f"You must be {MINIMUM_AGE} or older to open an account. If this is wrong, check the year."
        )


def normalize_ssn(value: str) -> str:
    """Nine digits of a Social Security number or ITIN, dashes and blanks removed.

    Raises `AnswerRefused` for numbers that are never issued (Alpaca's "Data Validations": area not 000 or
    666, group not 00, serial not 0000, not one repeated digit, not 123456789 or 987654321).
    """
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"[0-9]{9}", digits):
        raise AnswerRefused("A Social Security number has 9 digits, like 123-45-6789. Dashes are fine.")
    never_issued = (
        digits[:3] in ("000", "666")
        or digits[3:5] == "00"
        or digits[5:] == "0000"
        or len(set(digits)) == 1
        or digits in ("123456789", "987654321")
    )
    if never_issued:
        raise AnswerRefused("This is not a number that is ever issued. Check it against your card.")
    return digits


def tax_id_type(ssn: str) -> str:
    """`USA_ITIN` for numbers that begin with 9 (the IRS issues those), else `USA_SSN`."""
    return "USA_ITIN" if ssn.startswith("9") else "USA_SSN"


def check_document(head: bytes, size: int) -> str:
    """The MIME type of a file, read from its first bytes and not from its name.

    Raises `AnswerRefused` if it is empty, over the size limit, or neither PDF, PNG nor JPEG.
    """
    if size > MAX_DOCUMENT_BYTES:
        raise AnswerRefused(
            f"This file is {size / 1_000_000:.1f} MB; we can send up to {MAX_DOCUMENT_BYTES / 1_000_000} MB. "
            "Take a smaller photo or save it at a lower quality."
        )
    for mime_type, signature in DOCUMENT_SIGNATURES.items():
        if head.startswith(signature):
            return mime_type
    raise AnswerRefused("This is not a PDF, PNG or JPEG. Take a photo of it or save it as PDF.")
