"""What the broker's KYC checks still want, in words for the person. Pure."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class KycRequest:
    """One thing that the broker asks for: what stopped its check, and what settles it."""

    title: str
    text: str


GOVERNMENT_ID = "A passport, driver's license or other ID card from a government settles it."
NOTHING_TO_DO = "There is nothing you need to do."
REQUESTS = {
    "IDENTITY_VERIFICATION": KycRequest("Who you are could not be confirmed", GOVERNMENT_ID),
    "TAX_IDENTIFICATION": KycRequest(
        "Your tax number could not be confirmed",
        "Your Social Security card or another tax ID card settles it.",
    ),
    "ADDRESS_VERIFICATION": KycRequest(
        "Your address could not be confirmed",
        "An ID card from a government settles it; a utility bill or bank statement with the address helps.",
    ),
    "DATE_OF_BIRTH": KycRequest("Your date of birth could not be confirmed", GOVERNMENT_ID),
    "INVALID_IDENTITY_PASSPORT": KycRequest("The ID that you sent could not be used", GOVERNMENT_ID),
    "SELFIE_VERIFICATION": KycRequest(
        "A photo of you is missing", "A photo of your face taken now settles it."
    ),
    "PEP": KycRequest(
        "You are, or were, a senior public official", "Say what your office is, and its address."
    ),
    "FAMILY_MEMBER_PEP": KycRequest(
        "Someone in your family is, or was, a senior public official", "Say who, with their full name."
    ),
    "CONTROL_PERSON": KycRequest(
        "You control a publicly traded company", "Say which, with its address and an e-mail address there."
    ),
    "AFFILIATED": KycRequest(
        "You work for a FINRA member or an exchange",
        "Say which, with its address and the e-mail address of its compliance department. The firm may have "
        "to agree in writing.",
    ),
    "VISA_TYPE_OTHER": KycRequest(
        "Your visa could not be matched", "Say which type it is and when it expires."
    ),
    "W8BEN_CORRECTION": KycRequest("Your form W-8BEN has a mistake", "A new, signed form settles it."),
    "COUNTRY_NOT_SUPPORTED": KycRequest("The broker looks at your country itself", NOTHING_TO_DO),
    "WATCHLIST_HIT": KycRequest("A check is under review", NOTHING_TO_DO),
}
NOT_FOR_THE_PERSON = "OTHER_PARTNER"
NOT_ENOUGH = "What you sent before was not enough. "


def open_requests(kyc_results: dict[str, Any] | None) -> list[KycRequest]:
    """What is still asked for, first what was not enough; a code that we do not know says so.

    `kyc_results` is the account's member of that name (docs.alpaca.markets, "Account", "KYC results").
    """
    results = kyc_results or {}
    said = results.get("additional_information") or "Support can tell you what it is."
    rejected, undecided = (
        [code for code in results.get(part) or () if code != NOT_FOR_THE_PERSON]
        for part in ("reject", "indeterminate")
    )
    requests = {
        code: REQUESTS.get(code, KycRequest("The broker asks for something else", said))
        for code in [*rejected, *undecided]
    }
    return [
        replace(request, text=NOT_ENOUGH + request.text)
        if code in rejected and request.text != NOTHING_TO_DO
        else request
        for code, request in requests.items()
    ]
