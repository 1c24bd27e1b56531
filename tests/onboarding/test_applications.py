"""Sending an application: once, whatever happens on the way. The broker is a stub here."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow import writes
from brokerapp.workflow.models import StatusChange
from onboarding import agreements, rules, steps
from onboarding.agreements import revisions_of
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import (
    IP_ADDRESS,
    BrokerageAccountFactory,
    KycApplicationFactory,
    StaffFactory,
    take_over,
)
from tests.onboarding.revisions import revise

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ACCOUNTS = "/v1/accounts"
EMAIL_TAKEN = {"code": 40910000, "message": "email address already exists"}


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


def of_person(application: KycApplication, email: str = "", **identity: str) -> dict[str, Any]:
    """The account that the broker made of an application."""
    return account_body(
        contact={"email_address": email or application.email_address},
        identity={
            "given_name": application.given_name,
            "family_name": application.family_name,
            "date_of_birth": application.date_of_birth.isoformat() if application.date_of_birth else None,
        }
        | identity,
    )


@pytest.fixture
def submitted() -> KycApplication:
    return submit(KycApplicationFactory.create())


def submit(application: KycApplication, now: datetime = NOW) -> KycApplication:
    return applications.submit_application(application=application, by=application.user, now=now)


def test_submit_application_freezes_and_queues_it_once(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        "onboarding.tasks.open_account.apply_async", lambda kwargs, **_: sent.append(kwargs["application_id"])
    )
    application = KycApplicationFactory.create()
    with django_capture_on_commit_callbacks(execute=True):
        submit(application)
        submit(application, LATER)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTING
    assert application.submitted_at == NOW
    assert sent == [str(application.pk)]


def test_submit_application_incomplete_names_the_pages() -> None:
    with pytest.raises(steps.ApplicationIncomplete, match="Social Security"):
        submit(KycApplicationFactory.create(tax_id=""))


def test_save_answers_after_submission_is_refused(submitted: KycApplication) -> None:
    with pytest.raises(rules.ApplicationFrozen):
        applications.save_answers(application=submitted, answers={"given_name": "Eve"})
    submitted.refresh_from_db()
    assert submitted.given_name == "Ada"


def test_sign_agreements_again_keeps_the_first_time_and_drops_what_is_not_ticked() -> None:
    application = KycApplicationFactory.create(agreements_ticked=["customer_agreement", "margin_agreement"])
    first = application.agreements.get(agreement="customer_agreement").signed_at
    sign(application, revisions_of("customer_agreement"))
    assert [row.signed_at for row in application.agreements.all()] == [first]


def test_sign_agreements_after_the_broker_gave_the_application_back_signs_anew() -> None:
    application = KycApplicationFactory.create(status=ApplicationStatus.NEEDS_CHANGES)
    applications.sign_agreements(
        application=application,
        signed=revisions_of("customer_agreement"),
        ip_address="2001:db8::7",
        now=LATER,
    )
    (row,) = application.agreements.all()
    assert (row.signed_at, row.ip_address) == (LATER, "2001:db8::7")


def sign(application: KycApplication, signed: dict[str, str]) -> None:
    applications.sign_agreements(application=application, signed=signed, ip_address=IP_ADDRESS, now=LATER)


def test_sign_agreements_at_a_new_revision_replaces_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    application = KycApplicationFactory.create()
    revise(monkeypatch, "23.2026.11")
    application.refresh_from_db()
    with pytest.raises(steps.ApplicationIncomplete, match="Agreements"):
        submit(application)
    sign(application, revisions_of("customer_agreement"))
    (row,) = application.agreements.all()
    assert (row.revision, row.signed_at) == ("23.2026.11", LATER)
    assert submit(application).status == ApplicationStatus.SUBMITTING


def test_sign_agreements_of_a_revision_that_is_no_longer_shown_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = KycApplicationFactory.create()
    shown = revisions_of("customer_agreement")
    revise(monkeypatch, "23.2026.11")
    with pytest.raises(agreements.AgreementRevised):
        sign(application, shown)


def test_open_account_records_account_and_request_id(broker: BrokerStub, submitted: KycApplication) -> None:
    broker.on("POST", ACCOUNTS, json=account_body())
    applications.open_account(application=submitted, now=NOW)
    account = BrokerageAccount.objects.get(application=submitted)
    assert account.status == AccountStatus.SUBMITTED
    assert account.account_number == "684486106"
    assert submitted.last_request_id == REQUEST_ID
    assert json.loads(broker.calls[0].request.body or b"")["contact"]["email_address"] == submitted.user.email
    call = ApiCall.objects.about(submitted).get()
    assert (call.request_id, call.http_status, call.person_id) == (REQUEST_ID, 200, submitted.user_id)


def test_open_account_twice_sends_once(broker: BrokerStub, submitted: KycApplication) -> None:
    broker.on("POST", ACCOUNTS, json=account_body())
    twin = KycApplication.objects.get(pk=submitted.pk)
    applications.open_account(application=submitted, now=NOW)
    applications.open_account(application=twin, now=NOW)
    assert len(broker.calls) == 1


def test_open_account_refused_gives_it_back_with_the_reason(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on(
        "POST",
        ACCOUNTS,
        status=422,
        json={"code": 40010001, "message": "city must not be longer than 50"},
    )
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.NEEDS_CHANGES
    assert submitted.status_reason == "city must not be longer than 50"
    assert submitted.last_request_id == REQUEST_ID
    assert submitted.is_editable


def test_open_account_without_reply_is_unknown_and_settled_by_adoption(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on("POST", ACCOUNTS, body=requests.ReadTimeout())
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.UNKNOWN

    made = of_person(submitted)
    broker.on("GET", ACCOUNTS, json=[account_body(contact={"email_address": "other@example.com"}), made])
    applications.settle_application(application=submitted, now=LATER)
    assert str(BrokerageAccount.objects.get().broker_account_id) == made["id"]
    assert submitted.status == ApplicationStatus.SUBMITTED
    assert broker.count("POST") == 1


def test_settle_applications_absent_at_the_broker_sends_it_again_after_growing_pauses(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on("POST", ACCOUNTS, status=503)
    applications.open_account(application=submitted, now=NOW)
    unknown_since = submitted.status_at
    broker.on("GET", ACCOUNTS, json=[])
    now = timezone.now() + timedelta(days=1)
    for attempts in range(2, 9):
        applications.settle_applications(now=now)
        submitted.refresh_from_db()
        assert (submitted.status, submitted.status_at) == (ApplicationStatus.UNKNOWN, unknown_since)
        assert broker.count("POST") == attempts
        applications.settle_applications(now=submitted.send_after - timedelta(seconds=1))
        assert broker.count("POST") == attempts
        now = submitted.send_after + timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    assert StatusChange.objects.about(submitted).count() == 3
    broker.replace("POST", ACCOUNTS, json=account_body())
    applications.settle_applications(now=now)
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTED


def claim(application: KycApplication, now: datetime = NOW) -> None:
    assert writes.claim(application, now=now)


def test_settle_applications_after_a_worker_died_between_claim_and_reply(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    claim(submitted)
    called(submitted)
    broker.on("GET", ACCOUNTS, json=[of_person(submitted, email=submitted.user.email.upper())])
    applications.settle_applications(now=timezone.now() + timedelta(days=1))
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTED
    moves = StatusChange.objects.about(submitted).values_list("to_status", "actor")
    assert list(moves) == [("SUBMITTING", "person"), ("SUBMITTED", "sweep")]


def called(application: KycApplication) -> None:
    """The call log's row of a call whose process died before the reply."""
    ApiCall.objects.create(
        call_id=uuid4(),
        attempt=1,
        method="POST",
        path="/v1/accounts",
        about_type=application._meta.label,
        about_id=str(application.pk),
        started_at=timezone.now(),
    )


def test_settle_applications_after_a_worker_died_before_its_call_sends_it(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    claim(submitted)
    broker.on("POST", ACCOUNTS, json=account_body())
    later = timezone.now() + timedelta(days=1)
    applications.settle_applications(now=later)
    submitted.refresh_from_db()
    assert (submitted.status, submitted.claimed_at) == (ApplicationStatus.SUBMITTING, None)
    applications.settle_applications(now=later)
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTED


def test_settle_applications_leaves_calls_in_flight_alone(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    now = timezone.now()
    claim(submitted, now)
    applications.settle_applications(now=now + timedelta(seconds=settings.SETTLE_AFTER_SECONDS - 1))
    assert len(broker.calls) == 0


def test_settle_applications_that_cannot_be_looked_up_lets_the_next_come_first(broker: BrokerStub) -> None:
    rows = [submit(KycApplicationFactory.create()) for _ in range(2)]
    for row in rows:
        writes.conclude(row, ApplicationStatus.UNKNOWN, reason="No reply.", request_id="")
    later = timezone.now() + timedelta(days=1)
    broker.on("GET", ACCOUNTS, status=401, json={"code": 40110000, "message": "no"})
    applications.settle_applications(now=later)
    assert len(broker.calls) == 2
    assert all(row.send_after > later for row in KycApplication.objects.all())
    applications.settle_applications(now=later)
    assert len(broker.calls) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_open_account_while_our_key_is_not_accepted_keeps_the_intent(
    broker: BrokerStub, submitted: KycApplication, status: int
) -> None:
    broker.on("POST", ACCOUNTS, status=status, json={"message": "unauthorized."})
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.SUBMITTING
    assert "on our side" in submitted.status_reason
    assert submitted.send_after > NOW
    broker.replace("POST", ACCOUNTS, json=account_body())
    applications.settle_applications(now=submitted.send_after)
    submitted.refresh_from_db()
    assert submitted.status == ApplicationStatus.SUBMITTED


def test_open_account_conflict_adopts_the_account_of_the_same_person_whatever_its_time(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on(
        "POST", ACCOUNTS, status=409, json={"code": 40910000, "message": "email address already exists"}
    )
    made = of_person(submitted, family_name="BYRON ") | {"created_at": "2026-03-02T14:20:00Z"}
    broker.on("GET", ACCOUNTS, json=[made])
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.SUBMITTED
    assert str(BrokerageAccount.objects.get().broker_account_id) == made["id"]
    assert all("created_after" not in (call.request.url or "") for call in broker.calls)


@pytest.mark.parametrize(
    "identity",
    [{"given_name": "Augusta"}, {"family_name": "Lovelace"}, {"date_of_birth": "1985-03-30"}],
)
def test_open_account_conflict_with_the_account_of_another_person_needs_changes(
    broker: BrokerStub, submitted: KycApplication, identity: dict[str, str]
) -> None:
    broker.on(
        "POST", ACCOUNTS, status=409, json={"code": 40910000, "message": "email address already exists"}
    )
    broker.on("GET", ACCOUNTS, json=[of_person(submitted, **identity)])
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.NEEDS_CHANGES
    assert not BrokerageAccount.objects.exists()

    # What the person changes is sent again.
    submit(submitted, LATER)
    broker.replace("POST", ACCOUNTS, json=account_body())
    applications.open_account(application=submitted, now=LATER)
    assert submitted.status == ApplicationStatus.SUBMITTED


def test_open_account_conflict_adopts_the_account_of_somebody_with_one_name(broker: BrokerStub) -> None:
    names = {"given_name": "", "family_name": "Sukarno"}
    application = KycApplicationFactory.create(**names)
    applications.save_answers(application=application, answers={"has_one_name": True})
    submitted = submit(application)
    broker.on("POST", ACCOUNTS, status=409, json=EMAIL_TAKEN)
    broker.on("GET", ACCOUNTS, json=[of_person(submitted, given_name="FNU")])
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.SUBMITTED


def test_open_account_conflict_with_the_persons_other_account_here_needs_changes(broker: BrokerStub) -> None:
    first = BrokerageAccountFactory.create()
    second = KycApplicationFactory.create(user=first.user)
    take_over(second)
    broker.on(
        "POST", ACCOUNTS, status=409, json={"code": 40910000, "message": "email address already exists"}
    )
    broker.on("GET", ACCOUNTS, json=[of_person(second) | {"id": str(first.broker_account_id)}])
    applications.open_account(application=second, now=NOW)
    assert second.status == ApplicationStatus.NEEDS_CHANGES
    assert BrokerageAccount.objects.count() == 1


def test_open_account_conflict_that_cannot_be_looked_up_is_unknown(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    broker.on(
        "POST", ACCOUNTS, status=409, json={"code": 40910000, "message": "email address already exists"}
    )
    broker.on("GET", ACCOUNTS, status=500)
    applications.open_account(application=submitted, now=NOW)
    assert submitted.status == ApplicationStatus.UNKNOWN


def test_settle_application_asked_by_staff_says_so_in_the_history(
    broker: BrokerStub, submitted: KycApplication
) -> None:
    writes.conclude(submitted, ApplicationStatus.UNKNOWN, reason="No reply.", request_id="")
    broker.on("GET", ACCOUNTS, json=[of_person(submitted)])
    staff = StaffFactory.create()
    applications.settle_application(application=submitted, by=staff, now=LATER)
    newest = StatusChange.objects.about(submitted).last()
    assert newest is not None
    assert (newest.to_status, newest.actor, newest.actor_id) == ("SUBMITTED", "staff", staff.pk)
