"""What the broker's codes ask for, in words, and how far each card is. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.models.accounts import KycResults
from onboarding import cards
from onboarding.cards import cards_of
from onboarding.cases import KycAnswer, Word, WordKind
from onboarding.kyc_results import (
    NOT_ENOUGH,
    NOTHING_TO_DO,
    REQUESTS,
    codes_for_staff,
    open_requests,
    reasons_to_say,
)
from onboarding.models import Document

ASKED_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER, BEFORE = ASKED_AT + timedelta(hours=1), ASKED_AT - timedelta(hours=1)


def account(status: str = "ACTION_REQUIRED", **parts: list[str]) -> BrokerageAccount:
    results: dict[str, Any] = {part: {code: {} for code in codes} for part, codes in parts.items()}
    return BrokerageAccount(status=status, broker_status=status, status_at=ASKED_AT, kyc_results=results)


def answer(code: str, at: datetime = LATER, **columns: Any) -> KycAnswer:
    return KycAnswer(code=code, created_at=at, **{"status": "SENT", "asked_as": "indeterminate", **columns})


def paper(code: str, at: datetime = LATER, **columns: Any) -> Document:
    known = {"status": "SENT", "asked_as": "indeterminate"}
    return Document(answers_to=[code], created_at=at, **{**known, **columns})


def state_of(of: BrokerageAccount, *rows: KycAnswer | Document | Word, code: str = "PEP") -> cards.CardState:
    answers = [row for row in rows if isinstance(row, KycAnswer)]
    documents = [row for row in rows if isinstance(row, Document)]
    words = [row for row in rows if isinstance(row, Word)]
    found = {card.code: card.state for card in cards_of(of, answers, documents, words, [])}
    return found[code]


@pytest.mark.parametrize("results", [None, {}, {"accept": {"IDENTITY_VERIFICATION": {}}, "reject": None}])
def test_open_requests_of_nothing_open(results: dict[str, object] | None) -> None:
    assert open_requests(results) == []


def test_open_requests_says_when_documents_were_not_enough() -> None:
    results: dict[str, Any] = {
        "indeterminate": {"TAX_IDENTIFICATION": {}},
        "reject": {"IDENTITY_VERIFICATION": {}},
    }
    first, second = open_requests(results)
    assert first.text == NOT_ENOUGH + REQUESTS["IDENTITY_VERIFICATION"].text
    assert second.text == REQUESTS["TAX_IDENTIFICATION"].text


def test_open_requests_nothing_to_do_is_never_called_not_enough() -> None:
    (asked,) = open_requests({"reject": {"WATCHLIST_HIT": {}}})
    assert asked.text == REQUESTS["WATCHLIST_HIT"].text


def test_open_requests_code_in_both_parts_is_asked_once() -> None:
    results: dict[str, Any] = {"indeterminate": {"PEP": {}}, "reject": {"PEP": {}}}
    assert [asked.title for asked in open_requests(results)] == [REQUESTS["PEP"].title]


@pytest.mark.parametrize("code", ["OTHER", "A_CODE_OF_TOMORROW"])
def test_open_requests_other_passes_on_what_the_broker_said_and_can_be_answered(code: str) -> None:
    results = KycResults(indeterminate={code: {}}, additional_information="A clearer copy, please.")
    (asked,) = open_requests(results.model_dump())
    assert asked.text.startswith("A clearer copy, please.")
    assert asked.is_for_the_person
    assert "Our staff ask it" in open_requests({"indeterminate": {code: {}}})[0].text


def test_open_requests_leaves_out_what_only_the_partner_may_see() -> None:
    assert open_requests({"indeterminate": {"OTHER_PARTNER": {}}}) == []


@pytest.mark.parametrize("code", REQUESTS)
def test_requests_say_what_answers_them_or_that_nothing_is_to_do(code: str) -> None:
    request = REQUESTS[code]
    assert request.is_for_the_person is (NOTHING_TO_DO not in request.text)
    assert bool(request.tips) == (bool(request.papers) and not request.paper_optional)


def test_codes_for_staff_are_those_of_the_partner_and_those_that_we_do_not_know() -> None:
    codes = ["PEP", "OTHER", "OTHER_PARTNER", "A_CODE_OF_TOMORROW"]
    assert codes_for_staff({"indeterminate": {code: {} for code in codes}}) == codes[1:]


def test_reasons_to_say_tell_nobody_that_they_are_on_a_list() -> None:
    results: dict[str, Any] = {
        "reject": {code: {} for code in ("WATCHLIST_HIT", "OTHER_PARTNER", "DATE_OF_BIRTH", "X")}
    }
    assert reasons_to_say(results) == [REQUESTS["DATE_OF_BIRTH"].title]


def test_card_nothing_sent_is_to_do() -> None:
    assert state_of(account(indeterminate=["PEP"])) == cards.TO_DO


@pytest.mark.parametrize(
    ("status", "state"),
    [("SUBMITTING", cards.SENDING), ("UNKNOWN", cards.UNSURE), ("SENT", cards.CHECKED)],
)
def test_card_follows_its_answer(status: str, state: cards.CardState) -> None:
    assert state_of(account(indeterminate=["PEP"]), answer("PEP", status=status)) == state


@pytest.mark.parametrize(
    ("status", "state"), [("STORED", cards.SENDING), ("UNKNOWN", cards.UNSURE), ("SENT", cards.CHECKED)]
)
def test_card_follows_its_paper(status: str, state: cards.CardState) -> None:
    found = state_of(
        account(indeterminate=["DATE_OF_BIRTH"]), paper("DATE_OF_BIRTH", status=status), code="DATE_OF_BIRTH"
    )
    assert found == state


def test_card_of_an_answer_and_a_paper_waits_for_both() -> None:
    found = state_of(
        account(indeterminate=["AFFILIATED"]),
        answer("AFFILIATED"),
        paper("AFFILIATED", status="STORED"),
        code="AFFILIATED",
    )
    assert found == cards.SENDING


def test_card_whose_answer_was_refused_says_why_and_is_to_do() -> None:
    state = state_of(
        account(indeterminate=["PEP"]), answer("PEP", status="REFUSED", status_reason="too long.")
    )
    assert state.is_to_do
    assert "“too long”" in state.text


def test_card_refused_before_and_answered_anew_is_checked() -> None:
    refused = answer("PEP", status="REFUSED")
    assert (
        state_of(account(indeterminate=["PEP"]), refused, answer("PEP", LATER + timedelta(1)))
        == cards.CHECKED
    )


def test_card_asked_after_its_answer_is_asked_again() -> None:
    assert state_of(account(indeterminate=["PEP"]), answer("PEP", BEFORE)) == cards.AGAIN


def test_card_rejected_after_its_answer_is_asked_again_although_the_status_stayed() -> None:
    assert state_of(account(reject=["PEP"]), answer("PEP")) == cards.AGAIN
    assert state_of(account(reject=["PEP"]), answer("PEP", asked_as="reject")) == cards.CHECKED


def test_card_of_an_account_in_review_has_no_form() -> None:
    for status in ("SUBMITTED", "APPROVAL_PENDING"):
        assert state_of(account(status, indeterminate=["PEP"]), answer("PEP")) == cards.CHECKED
        assert state_of(account(status, indeterminate=["PEP"])) == cards.REVIEW


def test_card_accepted_stays_to_be_seen_until_the_account_is_open() -> None:
    assert state_of(account("SUBMITTED", accept=["PEP"]), answer("PEP")) == cards.ACCEPTED
    assert cards_of(account("ACTIVE", accept=["PEP"]), [answer("PEP")], [], [], []) == []


def test_card_answered_with_words_is_with_our_staff() -> None:
    words = Word(kind=WordKind.REPLY, code="OTHER", at=LATER, text="Here it is.")
    assert state_of(account(indeterminate=["OTHER"]), words, code="OTHER") == cards.READ


def test_cards_that_wait_for_the_person_come_first() -> None:
    of = account(indeterminate=["PEP", "WATCHLIST_HIT", "DATE_OF_BIRTH"], accept=["AFFILIATED"])
    rows = [answer("PEP"), answer("AFFILIATED")]
    codes = [card.code for card in cards_of(of, rows, [], [], [])]
    assert codes == ["DATE_OF_BIRTH", "PEP", "WATCHLIST_HIT", "AFFILIATED"]


def test_card_of_a_rejected_account_asks_for_nothing() -> None:
    assert cards_of(account("REJECTED", reject=["PEP"]), [], [], [], []) == []
