"""May this happen now, and is this an answer that Alpaca takes? `check_x` raises with plain words. Pure."""

import re
from datetime import date

import phonenumbers
from django.conf import settings

from brokerapp.broker.alpaca import limits
from brokerapp.units import typed
from onboarding import countries, postal_codes, tax_ids, zip_codes
from onboarding.models import KycApplication

MINIMUM_AGE = 18
LONGEST_STAY = 20
"""Years ahead that a date of a visa may be."""
MAX_DOCUMENT_BYTES = limits.DOCUMENT_BYTES

MOST_DOCUMENTS = 20
"""That one person may have here, whatever became of them."""

DOCUMENT_SIGNATURES = (b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""How PDF, PNG and JPEG files begin."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What stands after `ftyp` in pictures of phones (ISO 23008-12)."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NO_PHONE = "Enter a phone number with area code, like (212) 555-0123."
NO_PHONE_ABROAD = "Enter a phone number with the code of its country, like +44 20 7946 0018."
NO_POSTAL_CODE = "Enter your postal code."
NORTH_AMERICAN = re.compile(r"[2-9](?!11)[0-9]{2}[2-9](?!11)[0-9]{6}")
"""Area code, exchange and line as the numbering plan of +1 gives them out."""


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


def check_has_letters(value: str) -> None:
    """Raises `AnswerRefused` for text made of digits alone."""
    if value.replace(" ", "").isdigit():
        raise AnswerRefused("This cannot be digits only. Write it out in full.")


def check_no_po_box(value: str) -> None:
    """Raises `AnswerRefused` for a P.O. box, in the street or in the unit."""
    if limits.is_po_box(value):
        raise AnswerRefused("This cannot be a P.O. box. Enter the street address where you live.")


def check_street_address(value: str) -> None:
    """Raises `AnswerRefused` for a P.O. box, a single character or digits alone."""
    check_no_po_box(value)
    if len(value) < limits.STREET_LEAST:
        raise AnswerRefused("Enter the house number and the street.")
    check_has_letters(value)


def normalize_phone(value: str, region: str = "US") -> str:
    """A number as E.164 (`+12125550123`); without `+` it is one of `region` (alpha-2).

    Raises `AnswerRefused` for one that rings nowhere, or without area code, or with an extension, which the
    broker has no place for.
    """
    wrong = NO_PHONE if region == "US" else NO_PHONE_ABROAD
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise AnswerRefused(wrong) from None
    if number.extension:
        raise AnswerRefused("An extension cannot be kept. Enter a number that rings you directly.")
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 1:
        if len(national) == 7:
            raise AnswerRefused(f"The area code is missing. {NO_PHONE}")
        possible = bool(NORTH_AMERICAN.fullmatch(national))
    else:
        possible = phonenumbers.is_valid_number(number)
    if not possible:
        raise AnswerRefused(wrong)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalize_zip(value: str) -> str:
    """`94401` or `94401-1234`. Raises `AnswerRefused` for another shape, or if there is no such ZIP code."""
    written = zip_codes.written_out(value)
    if not written:
        raise AnswerRefused("A ZIP code has 5 digits, like 10001, or 9, like 10001-1234.")
    if not zip_codes.states_of(written):
        raise AnswerRefused(f"There is no ZIP code {written[:5]}. Check the digits.")
    return written


def check_zip_in_state(zip_code: str, state: str, name: str) -> None:
    """Raises `AnswerRefused` if a ZIP code does not lie in a state, given by its postal code and its name."""
    if state not in zip_codes.states_of(zip_code):
        raise AnswerRefused(f"{zip_code} is not a ZIP code of {name}. Check the ZIP code and the state.")


def check_age(date_of_birth: date, today: date) -> None:
    """Raises `AnswerRefused` for a date in the future, over 120 years ago, or of someone under 18."""
    age = age_on(today, date_of_birth)
    if age < 0:
        raise AnswerRefused("Your date of birth cannot be in the future. Check the year.")
    if age > 120:
        raise AnswerRefused("Check the year of your date of birth.")
    if age < MINIMUM_AGE:
        raise AnswerRefused(
            f"You must be {MINIMUM_AGE} or older to open an account. If this is wrong, check the year."
        )


def age_on(day: date, born: date) -> int:
    """How old somebody is on a day, in full years; below zero before they are born."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def check_is_minor(date_of_birth: date, today: date) -> None:
    """Raises `AnswerRefused` for a date in the future, or of somebody who is of age."""
    age = age_on(today, date_of_birth)
    if age < 0:
        raise AnswerRefused("The child's date of birth cannot be in the future. Check the year.")
    if age >= MINIMUM_AGE:
        raise AnswerRefused(
            f"This account is for a child under {MINIMUM_AGE}. Who is older can open an account of their "
            "own. If this is wrong, check the year."
        )


def check_no_us_territory(country: str) -> None:
    """Raises `AnswerRefused` for Puerto Rico and the like, which are states and no countries here."""
    if country in countries.US_TERRITORIES:
        raise AnswerRefused(
            "Choose the United States of America here. The territory is chosen as the state of your address."
        )


def check_country_taken(country: str) -> None:
    """Raises `AnswerRefused` for a country of `settings.COUNTRIES_NOT_TAKEN`, or a US territory."""
    check_no_us_territory(country)
    if country in settings.COUNTRIES_NOT_TAKEN:
        why = (
            "The broker may not open accounts for people who live or pay tax there: US sanctions forbid it."
            if country in countries.SANCTIONED
            else "We open no accounts for people who live or pay tax there."
        )
        raise AnswerRefused(f"{why} If this answer is right, we cannot open one for you.")


def check_no_us_citizen(country: str) -> None:
    """Raises `AnswerRefused` for a further citizenship that should be the first."""
    if country == "USA":
        raise AnswerRefused(
            "Then you are a US citizen: choose the United States above, and your other country here."
        )


def normalize_postal_code(value: str, country: str) -> str:
    """A postal code as a country (alpha-3) other than the US writes it.

    Raises `AnswerRefused` if there is no such code there, or none where the country has them.
    """
    if not value:
        if postal_codes.are_known(country):
            raise AnswerRefused(NO_POSTAL_CODE)
        return ""
    try:
        return postal_codes.written_out(value, country)
    except postal_codes.NotAPostalCode:
        raise AnswerRefused("This is not a postal code of the country where you live. Check it.") from None


def normalize_foreign_tax_id(value: str, kind: str) -> str:
    """A tax number of a kind of `tax_ids`, as it is sent. Raises `AnswerRefused` for one of no such kind."""
    if kind in tax_ids.US_KINDS:
        digits = normalize_ssn(value)
        if tax_id_type(digits) != kind:
            raise AnswerRefused(
                "An ITIN begins with 9, a Social Security number does not. Check which it is."
            )
        return digits
    try:
        return tax_ids.written_out(value, kind)
    except tax_ids.NotATaxNumber:
        raise AnswerRefused(
            "This number is not one of that kind. Check its letters and digits, and which number it is."
        ) from None


def check_not_past(day: date, today: date, what: str) -> None:
    """Raises `AnswerRefused` for a day that is over; `what` names it at the beginning of a sentence."""
    if day < today:
        raise AnswerRefused(f"{what} is in the past. Check the year.")
    if day.year > today.year + LONGEST_STAY:
        raise AnswerRefused(f"{what} is too far ahead. Check the year.")


def normalize_ssn(value: str) -> str:
    """Nine digits of a Social Security number or ITIN; dashes, points and blanks between them are dropped.

    Raises `AnswerRefused` for numbers that are never issued (Alpaca's "Data Validations": area not 000 or
    666, group not 00, serial not 0000, not one repeated digit, not 123456789 or 987654321).
    """
    digits = re.sub(r"[\s.-]", "", typed.fold(value))
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


def check_document(head: bytes, size: int) -> None:
    """Whether a file may be looked at further, by its size and its first bytes and not by its name.

    Raises `AnswerRefused` if it is empty, over the size limit, or neither PDF, PNG, JPEG nor HEIC.
    """
    if size > MAX_DOCUMENT_BYTES:
        raise AnswerRefused(
            f"This file is {size / 1_000_000:.1f} MB; we can send up to {MAX_DOCUMENT_BYTES / 1_000_000} MB. "
            "Take a smaller photo or save it at a lower quality."
        )
    is_heic = head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS
    if is_heic or head.removeprefix(BYTE_ORDER_MARK).startswith(DOCUMENT_SIGNATURES):
        return
    kind = "an AVIF" if head[4:12] == b"ftypavif" else ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        kind = "a WebP"
    what = f"This is {kind} picture, not" if kind else "This is not"
    raise AnswerRefused(f"{what} a PDF, PNG, JPEG or HEIC. Take a photo of it or save it as PDF.")


def check_number_of_documents(kept: int) -> None:
    """Raises `AnswerRefused` if a person with so many documents may not add one."""
    if kept >= MOST_DOCUMENTS:
        raise AnswerRefused(
            f"You have sent {kept} files, and we can take {MOST_DOCUMENTS}. Remove one that is not needed, "
            "or contact support."
        )
