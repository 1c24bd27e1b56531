"""Sending an application: once, whatever happens on the way. The broker is a stub here."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.conf import settings

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow import state
from brokerapp.workflow.models import StatusChange
from onboarding import rules, steps
from onboarding.agreements import BY_KEY
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import IP_ADDRESS, KycApplicationFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ACCOUNTS = "/v1/accounts"


def account_body(**fields: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid4()),
        "account_number": "684486106",
        "status": "SUBMITTED",
        "currency": "USD",
        "last_equity": "0",
        "created_at": "2026-03-02T15:00:05.123456Z",
    }
    return {**body, **fields}


@pytest.fixture
def submitted() -> KycApplication:
    return applications.submit_application(application=KycApplicationFactory.create(), now=NOW)


def test_submit_application_freezes_and_queues_it_once(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        "onboarding.tasks.open_account.apply_async", lambda kwargs, **_: sent.append(kwargs["application_id"])
    )
    application = KycApplicationFactory.create()
    with django_capture_on_commit_callbacks(execute=True):
        applications.submit_application(application=application, now=NOW)
        applications.submit_application(application=application, now=LATER)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTING
    assert application.submitted_at == NOW
    assert sent == [str(application.pk)]


def test_submit_application_incomplete_names_the_pages() -> None:
    with pytest.raises(steps.ApplicationIncomplete, match="Social Security"):
        applications.submit_application(application=KycApplicationFactory.create(tax_id=""), now=NOW)


def test_save_answers_after_submission_is_refused(submitted: KycApplication) -> None:
    with pytest.raises(rules.ApplicationFrozen):
        applications.save_answers(application=submitted, answers={"given_name": "Eve"})
    submitted.refresh_from_db()
    assert submitted.given_name == "Ada"


def test_sign_agreements_again_keeps_the_first_time_and_drops_what_is_not_ticked() -> None:
    application = KycApplicationFactory.create(agreements_ticked=["customer_agreement", "margin_agreement"])
    first = application.agreements.get(agreement="customer_agreement").signed_at
    applications.sign_agreements(
        application=application, keys=["customer_agreement"], ip_address=IP_ADDRESS, now=LATER
    )
    assert [row.signed_at for row in application.agreements.all()] == [first]


def test_sign_agreements_after_the_broker_gave_the_application_back_signs_anew() -> None:
    application = KycApplicationFactory.create(status=ApplicationStatus.NEEDS_CHANGES)
    applications.sign_agreements(
        application=application, keys=["customer_agreement"], ip_address="2001:db8::7", now=LATER
    )
    (row,) = application.agreements.all()
    assert (row.signed_at, row.ip_address) == (LATER, "2001:db8::7")


def test_sign_agreements_a_newer_text_replaces_the_old_one() -> None:
    application = KycApplicationFactory.create()
    application.agreements.update(revision="01.2020.01")
    applications.sign_agreements(
        application=application, keys=["customer_agreement"], ip_address=IP_ADDRESS, now=LATER
    )
    (row,) = application.agreements.all()
    assert (row.revision, row.signed_at) == (BY_KEY["customer_agreement"].revision, LATER)


def test_open_account_records_account_and_request_id(broker: BrokerStub, submitted: KycApplication) -> None:
    broker.on("POST", ACCOUNTS, json=account_body())
    applications.open_account(application=submitted)
    account = BrokerageAccount.objects.get(application=submitted)
    assert account.status == AccountStatus.SUBMITTED
    assert account.account_number == "684486106"
    assert submitted.last_request_id == REQUEST_ID
    assert json.loads(broker.calls[0].request.body or "")["contact"]["email_address"] == submitted.user.email
    call = ApiCall.objects.about(submitted).get()
    assert (call.request_id, call.http_status, call.person_id) == (REQUEST_ID, 200, submitted.user_id)


def test_open_account_twice_sends_once(broker: BrokerStub, submitted: KycApplication) -> None:
    broker.on("POST", ACCOUNTS, json=account_body())
    twin = KycApplication.objects.get(pk=submitted.pk)
    applications.open_account(application=submitted)
    applications.open_account(application=twin)
    assert len(broker.calls) == 1


def test_open_account_refused_gives_it_back_with_the_reason(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on(
        "POST",
        ACCOUNTS,
        status=422,
        json={"code": 40010001, "message": "city must not be longer than 50"},
        headers={"X-Request-ID": REQUEST_ID},
    )
    applications.open_account(application=submitted)
    assert submitted.status == ApplicationStatus.NEEDS_CHANGES
    assert submitted.status_reason == "city must not be longer than 50"
    assert submitted.last_request_id == REQUEST_ID
    assert submitted.is_editable


def test_open_account_without_reply_is_unknown_and_settled_by_adoption(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on("POST", ACCOUNTS, body=requests.ReadTimeout())
    applications.open_account(application=submitted)
    assert submitted.status == ApplicationStatus.UNKNOWN

    made = account_body(contact={"email_address": submitted.user.email})
    broker.on("GET", ACCOUNTS, json=[account_body(contact={"email_address": "other@example.com"}), made])
    applications.settle_application(application=submitted)
    assert str(BrokerageAccount.objects.get().broker_account_id) == made["id"]
    assert submitted.status == ApplicationStatus.SUBMITTED
    assert sum(call.request.method == "POST" for call in broker.calls) == 1


def test_settle_application_absent_at_the_broker_sends_it_again(
    broker: BrokerStub,
    submitted: KycApplication,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker.on("POST", ACCOUNTS, status=503)
    applications.open_account(application=submitted)
    sent: list[str] = []
    monkeypatch.setattr(
        "onboarding.tasks.open_account.apply_async", lambda kwargs, **_: sent.append(kwargs["application_id"])
    )
    broker.on("GET", ACCOUNTS, json=[])
    with django_capture_on_commit_callbacks(execute=True):
        applications.settle_applications(now=submitted.status_at + timedelta(hours=1))
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTING
    assert sent == [str(submitted.pk)]


def test_settle_applications_after_a_worker_died_between_claim_and_reply(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    state.move(submitted, ApplicationStatus.SENDING, by=state.Process.REPLY)
    made = account_body(contact={"email_address": submitted.user.email.upper()})
    broker.on("GET", ACCOUNTS, json=[made])
    applications.settle_applications(now=submitted.status_at + timedelta(hours=1))
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTED
    steps = StatusChange.objects.about(submitted).values_list("to_status", flat=True)
    assert list(steps) == ["SUBMITTING", "SENDING", "UNKNOWN", "SUBMITTED"]


def test_settle_applications_leaves_calls_in_flight_alone(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    state.move(submitted, ApplicationStatus.SENDING, by=state.Process.REPLY)
    applications.settle_applications(
        now=submitted.status_at + timedelta(seconds=settings.SETTLE_AFTER_SECONDS - 1)
    )
    assert len(broker.calls) == 0


def test_open_account_conflict_adopts_our_own_account_only(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on(
        "POST", ACCOUNTS, status=409, json={"code": 40910000, "message": "email address already exists"}
    )
    none = broker.on("GET", ACCOUNTS, json=[])
    applications.open_account(application=submitted)
    assert submitted.status == ApplicationStatus.NEEDS_CHANGES

    state.move(submitted, ApplicationStatus.SUBMITTING, by=state.Process.REPLY)
    broker.mock.remove(none)
    broker.on("GET", ACCOUNTS, json=[account_body(contact={"email_address": submitted.user.email})])
    applications.open_account(application=submitted)
    assert submitted.status == ApplicationStatus.SUBMITTED
    asked = [call.request.params for call in broker.calls if call.request.method == "GET"]
    assert all(params["created_after"] < NOW.isoformat() for params in asked)
