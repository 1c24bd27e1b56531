"""What the broker's KYC checks still want, in words for the person, and what answers it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Asks(StrEnum):
    """Which fields a card has beside its papers."""

    NOTHING = ""
    OFFICE = "office"
    FAMILY = "family"
    COMPANY = "company"
    FIRM = "firm"
    VISA = "visa"
    WORDS = "words"


@dataclass(frozen=True)
class Paper:
    """A paper that counts: the broker's type and sub-type, and what the person calls it."""

    document_type: str
    label: str
    sub_type: str = ""

    @property
    def key(self) -> str:
        """By which a form names it."""
        return f"{self.document_type}:{self.sub_type}"


@dataclass(frozen=True)
class KycRequest:
    """One thing that the broker asks for: what stopped its check, and what settles it.

    `papers` are those that count, one of which is asked for unless `paper_optional`; `tips` say what a good
    one is. `asks` names the fields. `page` is a page of the account that settles it as well. Where none of
    them is there, nothing is asked of the person.
    """

    title: str
    text: str
    papers: tuple[Paper, ...] = ()
    tips: tuple[str, ...] = ()
    paper_optional: bool = False
    asks: Asks = Asks.NOTHING
    page: str = ""
    page_title: str = ""
    code: str = ""
    was_rejected: bool = False

    @property
    def is_for_the_person(self) -> bool:
        """Whether there is something that they can send."""
        return bool(self.papers or self.asks)


ID_TIPS = (
    "It is still valid, and shows your name, your photo and your date of birth.",
    "The whole paper is in the picture, sharp, without glare, and nothing is covered. Of a card, both sides.",
)
ADDRESS_TIPS = (
    "It shows your name and the address that you gave us.",
    "A bill or statement is not older than three months.",
)
PASSPORT_OR_ID = Paper("identity_verification", "Passport, driver's license or other government ID")
GOVERNMENT_ID = "A passport, driver's license or other ID card from a government settles it."
NOTHING_TO_DO = "There is nothing you need to do."
UNDER_REVIEW = f"The broker's staff look at it themselves, which can take some days. {NOTHING_TO_DO}"
REQUESTS = {
    "IDENTITY_VERIFICATION": KycRequest(
        "Who you are could not be confirmed", GOVERNMENT_ID, (PASSPORT_OR_ID,), ID_TIPS
    ),
    "TAX_IDENTIFICATION": KycRequest(
        "Your tax number could not be confirmed",
        "Your Social Security card or another tax ID card settles it.",
        (Paper("tax_id_verification", "Social Security card or tax ID letter"),),
        ("It shows your name and the whole number.", "A letter of the IRS with your ITIN counts as well."),
    ),
    "ADDRESS_VERIFICATION": KycRequest(
        "Your address could not be confirmed",
        "An ID card from a government settles it; a utility bill or bank statement with the address helps.",
        (
            PASSPORT_OR_ID,
            Paper("address_verification", "Utility bill or bank statement with your address"),
        ),
        ADDRESS_TIPS,
    ),
    "DATE_OF_BIRTH": KycRequest(
        "Your date of birth could not be confirmed",
        GOVERNMENT_ID,
        (Paper("date_of_birth_verification", "Passport, driver's license or other government ID"),),
        ID_TIPS,
    ),
    "INVALID_IDENTITY_PASSPORT": KycRequest(
        "The ID that you sent could not be used", GOVERNMENT_ID, (PASSPORT_OR_ID,), ID_TIPS
    ),
    "SELFIE_VERIFICATION": KycRequest(
        "A photo of you is missing",
        "A photo of your face taken now settles it.",
        (Paper("identity_verification", "Photo of your face", "selfie"),),
        ("Your whole face is in it, in good light, without a hat or dark glasses.",),
    ),
    "PEP": KycRequest(
        "You are, or were, a senior public official",
        "Say what your office is, and its address.",
        asks=Asks.OFFICE,
    ),
    "FAMILY_MEMBER_PEP": KycRequest(
        "Someone in your family is, or was, a senior public official",
        "Say who, with their full name.",
        asks=Asks.FAMILY,
    ),
    "CONTROL_PERSON": KycRequest(
        "You control a publicly traded company",
        "Say which, with its address and an e-mail address there.",
        asks=Asks.COMPANY,
    ),
    "AFFILIATED": KycRequest(
        "You work for a FINRA member or an exchange",
        "Say which, with its address and the e-mail address of its compliance department. The firm may have "
        "to agree in writing: if you have its letter, send it along.",
        (Paper("account_approval_letter", "Your firm's letter of consent (Rule 407)"),),
        paper_optional=True,
        asks=Asks.FIRM,
    ),
    "VISA_TYPE_OTHER": KycRequest(
        "Your visa could not be matched", "Say which type it is and when it expires.", asks=Asks.VISA
    ),
    "W8BEN_CORRECTION": KycRequest(
        "Your form W-8BEN has a mistake",
        "A new, signed form settles it. Sign it here, or send it in as a file.",
        (Paper("w8ben", "Form W-8BEN, filled in, signed and dated"),),
        ("The form is on irs.gov. Name, address and tax number are as you gave them to us.",),
        page="sign_tax_form",
        page_title="Sign form W-8BEN here",
    ),
    "COUNTRY_NOT_SUPPORTED": KycRequest("The broker looks at your country itself", UNDER_REVIEW),
    "WATCHLIST_HIT": KycRequest("A check is under review", UNDER_REVIEW),
}
NOT_FOR_THE_PERSON = "OTHER_PARTNER"
NOT_ENOUGH = "What you sent before was not enough. "
OTHER_PAPER = Paper("identity_verification", "A paper that shows it")
"""The broker's list has no type for what is not said; its staff read what is in it."""
NOT_SAID_TO_THE_PERSON = frozenset({NOT_FOR_THE_PERSON, "WATCHLIST_HIT"})
"""Never given as a reason of a rejection: whoever is on a list must not learn it from us."""


def _unknown(said: str) -> KycRequest:
    what = said or "It did not say what. Our staff ask it, and write to you."
    return KycRequest(
        "The broker asks for something else",
        f"{what} Answer here, with a paper if that helps; our staff read it, and see that it gets there.",
        (OTHER_PAPER,),
        paper_optional=True,
        asks=Asks.WORDS,
    )


def codes_in(kyc_results: dict[str, Any] | None, *parts: str) -> list[str]:
    """The codes of some parts of the results, each once, in their order."""
    results = kyc_results or {}
    return list(dict.fromkeys(code for part in parts for code in results.get(part) or ()))


def open_requests(kyc_results: dict[str, Any] | None) -> list[KycRequest]:
    """What is still asked for, first what was not enough; a code that we do not know says so.

    `kyc_results` is the account's member of that name (docs.alpaca.markets, "Account", "KYC results").
    """
    rejected = codes_in(kyc_results, "reject")
    codes = codes_in(kyc_results, "reject", "indeterminate")
    return [
        request_of(code, kyc_results, was_rejected=code in rejected)
        for code in codes
        if code != NOT_FOR_THE_PERSON
    ]


def request_of(
    code: str, kyc_results: dict[str, Any] | None = None, *, was_rejected: bool = False
) -> KycRequest:
    """What one code asks for, in words."""
    said = str((kyc_results or {}).get("additional_information") or "")
    request = REQUESTS.get(code) or _unknown(said)
    text = NOT_ENOUGH + request.text if was_rejected and request.is_for_the_person else request.text
    return replace(request, text=text, code=code, was_rejected=was_rejected)


def codes_for_staff(kyc_results: dict[str, Any] | None) -> list[str]:
    """The open codes that our staff have to look at: those for the partner, and those that we do not know."""
    return [code for code in codes_in(kyc_results, "reject", "indeterminate") if code not in REQUESTS]


def reasons_to_say(kyc_results: dict[str, Any] | None) -> list[str]:
    """Why an application was rejected, as far as the person may be told: titles of what failed."""
    codes = codes_in(kyc_results, "reject", "indeterminate")
    return _titles(code for code in codes if code in REQUESTS and code not in NOT_SAID_TO_THE_PERSON)


def _titles(codes: Iterable[str]) -> list[str]:
    return [REQUESTS[code].title for code in codes]
