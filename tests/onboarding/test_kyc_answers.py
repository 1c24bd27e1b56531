"""Answers by PATCH: sent once and in order; what became of a lost reply is asked. The broker is a stub."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from onboarding.cases import CipRecord, KycAnswer
from onboarding.models import Document, KycApplication
from onboarding.rules import AnswerRefused
from onboarding.services import cip, documents, kyc
from onboarding.statuses import AnswerStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import BrokerageAccountFactory, StaffFactory, account_reply

pytestmark = pytest.mark.django_db

OFFICE = {
    "employment_position": "Mayor",
    "employer_name": "City of Austin",
    "employer_address": "301 W 2nd St, Austin",
}
RELATIVE = {"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"}
COMPANY = {"context_type": "CONTROLLED_FIRM", "company_name": "Initech"}
LATER = timedelta(minutes=10)


@pytest.fixture
def account() -> BrokerageAccount:
    asked: dict[str, Any] = {
        "PEP": {},
        "FAMILY_MEMBER_PEP": {},
        "DATE_OF_BIRTH": {},
        "IDENTITY_VERIFICATION": {},
    }
    return BrokerageAccountFactory.create(status="ACTION_REQUIRED", kyc_results={"indeterminate": asked})


def application_of(account: BrokerageAccount) -> KycApplication:
    return KycApplication.objects.select_related("account").get(account=account)


def give(account: BrokerageAccount, code: str, answers: dict[str, Any]) -> KycAnswer:
    application = application_of(account)
    kyc.answer_card(
        application=application, code=code, reply=kyc.Reply(answers), by=account.user, now=timezone.now()
    )
    return KycAnswer.objects.latest("created_at")


def path(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}"


def reply(account: BrokerageAccount, **members: Any) -> dict[str, Any]:
    fresh = {"status": "SUBMITTED", "kyc_results": {"accept": {"PEP": {}}}}
    known = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    return {**known, **fresh, **members}


def body_of(broker: BrokerStub, position: int) -> Any:
    return json.loads(broker.calls[position].request.body or b"")


def test_send_answer_twice_sends_once_and_takes_the_account_over(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    broker.on("PATCH", path(account), json=reply(account))
    answer = give(account, "PEP", OFFICE)

    for row in (answer, KycAnswer.objects.get(pk=answer.pk)):
        kyc.send_answer(answer=row, now=timezone.now())

    answer.refresh_from_db()
    assert (answer.status, answer.last_request_id) == (AnswerStatus.SENT, REQUEST_ID)
    assert body_of(broker, 0) == {"disclosures": OFFICE}
    assert len(broker.calls) == 1
    account.refresh_from_db()
    assert account.status == "SUBMITTED"
    assert application_of(account).employment_position == "Mayor"


def test_answer_that_is_given_twice_is_kept_once(broker: BrokerStub, account: BrokerageAccount) -> None:
    give(account, "PEP", OFFICE)
    with pytest.raises(kyc.NotAsked):
        give(account, "PEP", OFFICE)
    assert KycAnswer.objects.count() == 1


def test_details_of_one_disclosure_leave_those_of_the_others(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    application = application_of(account)
    application.disclosure_context = [COMPANY]
    application.save()
    broker.on("PATCH", path(account), json=reply(account))
    answer = give(account, "FAMILY_MEMBER_PEP", {"context": RELATIVE})
    kyc.send_answer(answer=answer, now=timezone.now())
    assert body_of(broker, 0) == {"disclosures": {"context": [COMPANY, RELATIVE]}}
    assert application_of(account).disclosure_context == [COMPANY, RELATIVE]


def test_answers_of_one_application_are_sent_in_their_order(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    broker.on("PATCH", path(account), json=reply(account, status="ACTION_REQUIRED"))
    first = give(account, "PEP", OFFICE)
    second = give(account, "FAMILY_MEMBER_PEP", {"context": RELATIVE})
    kyc.send_answer(answer=second, now=timezone.now())
    assert len(broker.calls) == 0
    kyc.send_answer(answer=first, now=timezone.now())
    kyc.send_answer(answer=second, now=timezone.now())
    second.refresh_from_db()
    assert second.status == AnswerStatus.SENT


def test_send_answer_refused_keeps_the_brokers_words_and_the_application(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    broker.on("PATCH", path(account), status=422, json={"code": 42210000, "message": "position is invalid"})
    answer = give(account, "PEP", OFFICE)
    kyc.send_answer(answer=answer, now=timezone.now())
    assert (answer.status, answer.status_reason) == (AnswerStatus.REFUSED, "position is invalid")
    assert application_of(account).employment_position == "Programmer"


@pytest.mark.parametrize(("is_there", "status"), [(True, "SENT"), (False, "UNKNOWN")])
def test_settle_answer_after_a_lost_reply_asks_whether_it_is_there(
    broker: BrokerStub, account: BrokerageAccount, is_there: bool, status: str
) -> None:
    broker.on("PATCH", path(account), body=requests.ReadTimeout())
    answer = give(account, "PEP", OFFICE)
    kyc.send_answer(answer=answer, now=timezone.now())
    assert answer.status == AnswerStatus.UNKNOWN
    had = OFFICE if is_there else {**OFFICE, "employment_position": "Programmer"}
    broker.on("GET", path(account), json=reply(account, disclosures=had))

    kyc.settle_answers(now=timezone.now() + LATER)

    answer.refresh_from_db()
    assert (answer.status, broker.count("PATCH")) == (status, 1 if is_there else 2)
    account.refresh_from_db()
    assert account.status == ("SUBMITTED" if is_there else "ACTION_REQUIRED")


def test_answers_that_wait_are_sent_by_the_sweep(broker: BrokerStub, account: BrokerageAccount) -> None:
    broker.on("PATCH", path(account), json=reply(account))
    answer = give(account, "PEP", OFFICE)
    kyc.settle_answers(now=timezone.now() + LATER)
    answer.refresh_from_db()
    assert answer.status == AnswerStatus.SENT


def give_paper(account: BrokerageAccount, code: str, content: bytes) -> None:
    application = application_of(account)
    card = next(card for card in kyc.cards(application) if card.code == code)
    given = kyc.Reply({}, "", card.request.papers[0], "application/pdf", content)
    kyc.answer_card(application=application, code=code, reply=given, by=account.user, now=timezone.now())


def test_paper_is_kept_for_what_it_answers(broker: BrokerStub, account: BrokerageAccount) -> None:
    give_paper(account, "DATE_OF_BIRTH", b"%PDF a passport")
    document = Document.objects.get()
    assert document.answers_to == ["DATE_OF_BIRTH"]
    assert document.document_type == "date_of_birth_verification"


def test_paper_that_was_sent_before_it_was_asked_for_is_not_taken_again(account: BrokerageAccount) -> None:
    application = application_of(account)
    old = documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"%PDF old",
    )
    Document.objects.filter(pk=old.pk).update(created_at=account.status_at - LATER)
    with pytest.raises(AnswerRefused, match="this very file before"):
        give_paper(account, "IDENTITY_VERIFICATION", b"%PDF old")


def test_appeal_is_kept_once_for_staff() -> None:
    account = BrokerageAccountFactory.create(
        status="REJECTED", kyc_results={"reject": {"IDENTITY_VERIFICATION": {}}}
    )
    application, given = application_of(account), kyc.Reply({}, "I have a new passport.")
    kyc.appeal(application=application, reply=given, by=account.user, now=timezone.now())
    with pytest.raises(kyc.CannotAppeal):
        kyc.appeal(application=application, reply=given, by=account.user, now=timezone.now())
    assert [word.text for word in application.words.all()] == ["I have a new passport."]


def test_appeal_of_what_was_not_rejected_is_not_possible(account: BrokerageAccount) -> None:
    with pytest.raises(kyc.CannotAppeal):
        kyc.appeal(
            application=application_of(account),
            reply=kyc.Reply({}, "Why?"),
            by=account.user,
            now=timezone.now(),
        )


def cip_record(account: BrokerageAccount) -> CipRecord:
    return CipRecord.objects.create(
        application=application_of(account),
        user=account.user,
        approved_by_id=StaffFactory.create().pk,
        approved_at=timezone.now(),
        reason="Passport and utility bill agree.",
    )


def test_send_record_says_who_approved_whom(broker: BrokerStub, account: BrokerageAccount) -> None:
    broker.on("POST", f"{path(account)}/cip", json={"id": "1"})
    record = cip_record(account)
    cip.send_record(record=record, now=timezone.now())
    assert (record.status, record.last_request_id) == (AnswerStatus.SENT, REQUEST_ID)
    sent = body_of(broker, 0)
    assert sent["provider_name"] == ["alloy"]
    assert sent["kyc"]["id"] == str(record.pk)
    assert sent["kyc"]["applicant_name"] == "Ada Byron"
    assert sent["kyc"]["approval_status"] == "approved"
    assert "tax_id" not in sent["kyc"]


@pytest.mark.parametrize(("is_there", "status"), [(True, "SENT"), (False, "UNKNOWN")])
def test_settle_record_after_a_lost_reply_asks_whether_it_is_there(
    broker: BrokerStub, account: BrokerageAccount, is_there: bool, status: str
) -> None:
    broker.on("POST", f"{path(account)}/cip", body=requests.ReadTimeout())
    record = cip_record(account)
    cip.send_record(record=record, now=timezone.now())
    assert record.status == AnswerStatus.UNKNOWN
    if is_there:
        broker.on("GET", f"{path(account)}/cip", json={"id": "1", "kyc": {"id": str(record.pk)}})
    else:
        broker.on("GET", f"{path(account)}/cip", status=404, json={"message": "cip not found"})
    cip.settle_records(now=timezone.now() + LATER)
    record.refresh_from_db()
    assert (record.status, broker.count("POST")) == (status, 1 if is_there else 2)
