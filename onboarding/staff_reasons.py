"""What staff ask of an applicant and why they turn one down, as typed reasons with their words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from onboarding.kyc_results import PASSPORT_OR_ID, REQUESTS, Paper


@dataclass(frozen=True)
class AskReason:
    """One thing that staff ask for: in a word for them, in words for the person, and where it is answered.

    `page` is the question page to change it on, before the account exists; `papers` are those that count.
    """

    label: str
    words: str
    page: str = ""
    papers: tuple[Paper, ...] = ()


ASK_REASONS = {
    "ID_PAPER": AskReason(
        "Government ID",
        "We need a picture of your passport, driver's license or other government ID that can be read.",
        "documents",
        (PASSPORT_OR_ID,),
    ),
    "ADDRESS_PAPER": AskReason(
        "Proof of address",
        "We need a utility bill or bank statement with your name and address, not older than three months.",
        "documents",
        REQUESTS["ADDRESS_VERIFICATION"].papers[1:],
    ),
    "TAX_PAPER": AskReason(
        "Proof of the tax id",
        "We need your Social Security card or a letter with your tax number.",
        "documents",
        REQUESTS["TAX_IDENTIFICATION"].papers,
    ),
    "NAME": AskReason("Name", "Your name is not as it stands on your papers.", "name"),
    "ADDRESS": AskReason("Address or phone number", "Check your address and phone number.", "contact"),
    "BIRTH": AskReason(
        "Date of birth", "Your date of birth is not as it stands on your papers.", "eligibility"
    ),
    "TAX_ID": AskReason("Tax id", "Check your tax number.", "tax-id"),
    "WORK": AskReason("Work or source of money", "Tell us more about your work and your money.", "work"),
    "DISCLOSURES": AskReason("Disclosures", "Check what you disclosed, and its details.", "disclosures"),
    "OTHER": AskReason("Something else", ""),
}
"""By the words that are stored."""

REJECT_REASONS = {
    "IDENTITY": ("Identity not established", "We could not make sure who you are."),
    "PAPERS": ("Papers not sufficient", "The papers that you sent do not show what they have to."),
    "ANSWERS": ("Answers contradict each other", "Your answers do not agree with your papers."),
    "NOT_SERVED": ("We do not serve them", "We cannot open an account for your situation."),
    "POLICY": ("Against our policy (not said further)", "We decided not to open an account."),
}
"""Of each reason the word for staff, and what the person may be told."""

STAFF_ASKED = "Our staff ask for something."
"""The status reason of an application that staff gave back."""


def words_of(reasons: Iterable[str], text: str) -> list[str]:
    """What a request says to the person, a line for each reason, then what staff wrote."""
    said = [ASK_REASONS[key].words for key in reasons if key in ASK_REASONS]
    return [line for line in [*said, text.strip()] if line]


def papers_of(reasons: Iterable[str]) -> tuple[Paper, ...]:
    """The papers that a request asks for, each once."""
    asked = (paper for key in reasons if key in ASK_REASONS for paper in ASK_REASONS[key].papers)
    return tuple(dict.fromkeys(asked))
