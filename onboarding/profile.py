"""The parts of a profile that an account's owner can change, and what each change does. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from onboarding.models import KycApplication, ProfileChange
from onboarding.questions import (
    disclosures,
    finances,
    foreign,
    investing,
    person,
    preferences,
    reading,
    visa,
    work,
)
from onboarding.questions.descriptions import Page, Row, always, nothing_wrong

REVIEWED = (
    "The broker looks at this before it counts, and your account is “Change in review” until it has. "
    "Meanwhile you can trade and deposit, but no money can leave the account."
)
MARGIN, OPTIONS, CRYPTO = "margin_agreement", "options_agreement", "crypto_agreement"


@dataclass(frozen=True)
class Part:
    """Something that is changed as one. `page` has its questions.

    `effect` says what a change does, before it is made. `confirm`: only after saying once more who one is.
    `paper` names what has to be uploaded with it. `agreement` is what has to be signed to say yes. Custodial
    accounts and IRAs do not have it if `only_trading`.
    """

    key: str
    page: Page
    effect: str = "It counts as soon as the broker has it. Nothing else changes."
    confirm: bool = False
    paper: str = ""
    agreement: str = ""
    only_trading: bool = False

    @property
    def title(self) -> str:
        """What it is called."""
        return self.page.title

    @property
    def names(self) -> list[str]:
        """The questions that can be answered anew."""
        return [question.name for question in self.page.questions]


def _of(page: Page, key: str, title: str, *names: str) -> Page:
    """Some questions of a page of the application."""
    wanted = tuple(question for question in page.questions if question.name in names)
    rows = tuple(row for row in page.rows if set(row.names) & set(names))
    return replace(page, key=key, title=title, questions=wanted, rows=rows, why="", read=None)


def _whole(page: Page, title: str) -> Page:
    return replace(page, title=title, why="")


def _disclosures() -> Page:
    """The disclosures with their details on one page."""
    (details,) = disclosures.DETAILS.questions
    return replace(
        disclosures.DISCLOSURES,
        title="What you disclosed",
        questions=(*disclosures.DISCLOSURES.questions, details),
        rows=(Row("Details", (details.name,), disclosures.details_as_one),),
    )


ADDRESS = ("street_address", "unit", "city", "state", "postal_code", "province", "foreign_postal_code")
_PHONE = replace(
    _of(person.CONTACT, "phone", "Phone", "phone_number"), check=nothing_wrong, still_holds=always
)
PARTS: dict[str, Part] = {
    part.key: part
    for part in (
        Part(
            "name",
            _whole(person.NAME, "Name"),
            effect=REVIEWED + " A name can be changed once here; after that, contact support.",
            confirm=True,
            paper="Passport, ID card or certificate with the new name",
        ),
        Part(
            "address", _of(person.CONTACT, "address", "Home address", *ADDRESS), effect=REVIEWED, confirm=True
        ),
        Part("phone", _PHONE, confirm=True),
        Part(
            "visa",
            _whole(visa.VISA, "Visa"),
            effect="The broker may look at this, and asks for more papers if it needs them.",
            confirm=True,
            paper="The new visa, I-94 or I-797",
        ),
        Part(
            "paper",
            _of(person.DOCUMENTS, "paper", "Passport or identity card", "identity_paper_expires"),
            effect="The broker gets the new paper. Nothing else changes.",
            confirm=True,
            paper="The new passport or identity card",
        ),
        Part(
            "work",
            _whole(work.WORK, "Work and where your money comes from"),
            effect="If your employer or your job title changes: " + REVIEWED[0].lower() + REVIEWED[1:],
        ),
        Part(
            "disclosures",
            _disclosures(),
            effect="If an answer becomes Yes: "
            + REVIEWED[0].lower()
            + REVIEWED[1:]
            + " It may ask for more.",
        ),
        Part("finances", _whole(finances.FINANCES, "Finances")),
        Part("investing", _whole(investing.INVESTING, "Investing")),
        Part("trusted-contact", _whole(disclosures.TRUSTED_CONTACT, "Trusted contact"), confirm=True),
        Part(
            "margin",
            preferences.MARGIN,
            effect="It counts from your next order on. You can switch it off again once you owe nothing.",
            confirm=True,
            agreement=MARGIN,
            only_trading=True,
        ),
        Part(
            "options",
            preferences.OPTIONS,
            effect="The broker looks at your request and allows that level, a lower one, or none.",
            confirm=True,
            agreement=OPTIONS,
            only_trading=True,
        ),
        Part(
            "crypto",
            preferences.CRYPTO,
            effect="The broker opens crypto for your account, which can take a while. Nothing else changes.",
            confirm=True,
            agreement=CRYPTO,
            only_trading=True,
        ),
    )
}
"""By their keys, which are in their addresses, in the order in which they are shown."""

ON_THE_W8BEN = frozenset(
    {"given_name", "middle_name", "family_name", "suffix", "has_one_name", *ADDRESS}
    | {question.name for question in foreign.W8BEN.questions}
)
"""Answers that stand on form W-8BEN: where one changes, a new form is due."""
AGREEMENT_OF = "{part}-agreement"
"""The part of a change that only hands in a signature, before the change that needs it."""


def parts_for(account_type: str, owner: KycApplication) -> list[Part]:
    """The parts that an account of a kind (the broker's word) and its owner have."""
    trades = account_type in ("", "trading")
    of_the_kind = [part for part in PARTS.values() if trades or not part.only_trading]
    return [part for part in of_the_kind if part.page.asked(owner.answer)]


ASKED_BEFORE = timedelta(days=30)
"""How long before a paper ends a new one is asked for."""


ENDS = {"visa": "visa_expiration_date", "paper": "identity_paper_expires"}
"""Parts whose paper ends on a day, and the question that says when."""


def ending_papers(owner: KycApplication, today: date) -> list[tuple[Part, date]]:
    """The papers that have ended or will within `ASKED_BEFORE`: where to give a new one, and when it ends."""
    found = []
    for key, name in ENDS.items():
        part, said = PARTS[key], owner.answer(name)
        if said and part.page.asked(owner.answer):
            found.append((part, date.fromisoformat(str(said))))
    return [(part, ends) for part, ends in found if ends <= today + ASKED_BEFORE]


def due_papers(owner: KycApplication, today: date) -> list[tuple[Part, str]]:
    """The same, with the day in words."""
    return [(part, reading.day(ends)) for part, ends in ending_papers(owner, today)]


def with_changes(application: KycApplication, changes: Iterable[ProfileChange]) -> KycApplication:
    """The application with what the broker has been told since, oldest first; not to be saved."""
    signed = MARGIN in application.signed_revisions
    application.keep_answers(
        {"wants_margin": signed, "wants_shorting": signed or None, "wants_crypto": False}
    )
    for change in changes:
        application.keep_answers(change.answers)
    return application
