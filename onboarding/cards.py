"""One card for each thing that is asked after an application was sent: what, and how far it is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from onboarding.cases import KycAnswer, StaffRequest, Word
from onboarding.kyc_results import Asks, KycRequest, codes_in, open_requests, request_of
from onboarding.models import Document
from onboarding.staff_reasons import papers_of, words_of
from onboarding.statuses import AnswerStatus, DocumentStatus

STAFF = "STAFF"
"""How the code of what our own staff ask for begins; its id follows."""


@dataclass(frozen=True)
class CardState:
    """How far a card has come, in words and a tone, and whether it waits for the person."""

    words: str
    tone: str
    text: str = ""
    is_to_do: bool = False


TO_DO = CardState("To do", "warn", is_to_do=True)
AGAIN = CardState(
    "Asked again", "warn", "What you sent did not settle it. Send something else.", is_to_do=True
)
SENDING = CardState("Being sent", "info", "It is on its way to the broker.")
UNSURE = CardState(
    "Checking",
    "info",
    "The broker's answer did not reach us. We ask whether it has what you sent; do not send it again.",
)
CHECKED = CardState("Being checked", "info", "The broker has what you sent and looks at it.")
READ = CardState("With our staff", "info", "Our staff have what you wrote, and come back to you.")
REVIEW = CardState("Under review", "info")
ACCEPTED = CardState("Accepted", "success", "This is settled.")


@dataclass(frozen=True)
class Sent:
    """One thing that was sent for a card: when, as what it was asked for then, and what became of it."""

    at: datetime
    asked_as: str
    state: str
    why: str = ""


@dataclass(frozen=True)
class Card:
    """What is asked for and how far it is."""

    request: KycRequest
    state: CardState

    @property
    def code(self) -> str:
        """The KYC result, or `STAFF:` and the id of what staff asked."""
        return self.request.code

    @property
    def takes_more(self) -> bool:
        """Whether the person can still send something else, although it does not wait for them."""
        return self.request.is_for_the_person and self.state in (CHECKED, READ)


def cards_of(
    account: BrokerageAccount | None,
    answers: Sequence[KycAnswer],
    documents: Sequence[Document],
    words: Sequence[Word],
    requests: Sequence[StaffRequest],
) -> list[Card]:
    """What the broker and our staff ask of the person, what waits for them first.

    Nothing of the broker once the account is open, or ended. Rows in any order.
    """
    by_staff = [_staff_card(request, words, documents) for request in requests]
    if account is None or (account.was_opened and account.status != AccountStatus.ACTION_REQUIRED):
        return _in_order(by_staff)
    if account.status == AccountStatus.REJECTED:
        return _in_order(by_staff)
    of_broker = [
        Card(request, _state(request, account, _sent_for(request.code, answers, documents, words)))
        for request in open_requests(account.kyc_results)
    ]
    accepted = [
        Card(request_of(code), ACCEPTED)
        for code in codes_in(account.kyc_results, "accept")
        if _sent_for(code, answers, documents, words)
    ]
    return _in_order([*by_staff, *of_broker, *accepted])


def _in_order(cards: list[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: (not card.state.is_to_do, card.state == ACCEPTED))


def _sent_for(
    code: str, answers: Iterable[KycAnswer], documents: Iterable[Document], words: Iterable[Word]
) -> list[Sent]:
    """Everything that was sent for a code, oldest first."""
    sent = [
        Sent(row.created_at, row.asked_as, row.status, row.status_reason)
        for row in answers
        if row.code == code
    ]
    sent += [
        Sent(row.created_at, row.asked_as, row.status, row.status_reason)
        for row in documents
        if code in row.answers_to
    ]
    sent += [Sent(row.at, "", "", "") for row in words if row.code == code]
    return sorted(sent, key=lambda one: one.at)


def _state(request: KycRequest, account: BrokerageAccount, sent: list[Sent]) -> CardState:
    if not request.is_for_the_person:
        return REVIEW
    if account.status != AccountStatus.ACTION_REQUIRED:
        return CHECKED if sent else REVIEW
    part = "reject" if request.was_rejected else "indeterminate"
    # What was sent before the broker asked (again) is what it did not take.
    current = [one for one in sent if one.at >= account.status_at and not _was_rejected_since(one, part)]
    if not current:
        return AGAIN if sent or request.was_rejected else TO_DO
    return _state_of_sent(current)


def _was_rejected_since(one: Sent, part: str) -> bool:
    return part == "reject" and one.asked_as not in ("", "reject")


def _state_of_sent(current: list[Sent]) -> CardState:
    """By the newest that was sent; what is under way comes before what has arrived."""
    if current[-1].state in (AnswerStatus.REFUSED, DocumentStatus.REFUSED):
        return _refused(current[-1].why)
    states = {one.state for one in current}
    if AnswerStatus.UNKNOWN in states:
        return UNSURE
    if states & {AnswerStatus.SUBMITTING, DocumentStatus.STORED}:
        return SENDING
    return READ if states == {""} else CHECKED


def _refused(why: str) -> CardState:
    said = f" It said: “{why.rstrip('.')}”." if why else ""
    return CardState("Not taken", "error", f"The broker did not take what you sent.{said}", is_to_do=True)


def _staff_card(request: StaffRequest, words: Sequence[Word], documents: Sequence[Document]) -> Card:
    code = f"{STAFF}:{request.pk}"
    text = " ".join(words_of(request.reasons, request.text))
    papers = papers_of(request.reasons)
    asked = KycRequest(
        "Our staff ask for something", text, papers, asks=Asks.WORDS, paper_optional=True, code=code
    )
    return Card(asked, READ if _sent_for(code, (), documents, words) else TO_DO)
