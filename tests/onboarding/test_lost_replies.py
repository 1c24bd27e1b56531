"""One more account of a known owner, which the broker tells from no other. The broker is a stub here."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from brokerapp.workflow.models import StatusChange
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.services.queue import WaitsFor, waits_for
from onboarding.statuses import ApplicationStatus
from tests.broker_stub import BrokerStub
from tests.factories import KycApplicationFactory
from tests.onboarding.test_applications import ACCOUNTS, account_body, submit

pytestmark = pytest.mark.django_db

HOLDER = UUID("0f1a6a0e-58c1-4f4d-9a52-1f1c5f1d2a3b")
HOUR = timedelta(hours=1)


@pytest.fixture
def lost(broker: BrokerStub) -> KycApplication:
    """An application with an owner whom the broker knows, whose request had no reply."""
    application = submit(KycApplicationFactory.create(), timezone.now())
    KycApplication.objects.filter(pk=application.pk).update(holder_id=HOLDER)
    application.refresh_from_db()
    broker.on("POST", ACCOUNTS, status=503)
    applications.open_account(application=application, now=timezone.now())
    assert application.status == ApplicationStatus.UNKNOWN
    return application


def made_of(application: KycApplication, **members: Any) -> dict[str, Any]:
    return account_body(
        contact={"email_address": application.email_address},
        account_type="trading",
        primary_account_holder_id=str(HOLDER),
        **members,
    )


def on_list(broker: BrokerStub, *accounts: dict[str, Any]) -> None:
    """What the broker lists; it has each of them at its own address too."""
    for account in accounts:
        broker.on("GET", f"{ACCOUNTS}/{account['id']}", json=account)
    broker.on("GET", ACCOUNTS, json=list(accounts))


def settle_for_a_day(application: KycApplication) -> None:
    """What the sweep does in a day, an hour at a time."""
    for hours in range(1, 25):
        applications.settle_applications(now=timezone.now() + hours * HOUR)
    application.refresh_from_db()


def test_account_of_a_known_owner_is_not_sent_again_while_the_list_cannot_be_read_whole(
    broker: BrokerStub, lost: KycApplication
) -> None:
    broker.on("GET", ACCOUNTS, json=[made_of(lost) | {"id": "unreadable"}])
    settle_for_a_day(lost)
    assert lost.status == ApplicationStatus.UNKNOWN
    assert broker.count("POST") == 1


def test_account_of_a_known_owner_that_is_never_found_is_sent_twice_and_left_to_staff(
    broker: BrokerStub, lost: KycApplication, caplog: pytest.LogCaptureFixture
) -> None:
    broker.on("GET", ACCOUNTS, json=[])
    settle_for_a_day(lost)
    assert broker.count("POST") == 2
    assert_left_to_staff(lost, applications.NOT_FOUND_AGAIN, caplog)


def test_account_of_a_known_owner_of_which_there_are_two_is_left_to_staff(
    broker: BrokerStub, lost: KycApplication, caplog: pytest.LogCaptureFixture
) -> None:
    twins = [made_of(lost), made_of(lost)]
    on_list(broker, *twins)
    settle_for_a_day(lost)
    assert broker.count("POST") == 1
    assert_left_to_staff(lost, applications.SEVERAL, caplog)

    closed = twins[1] | {"status": "ACCOUNT_CLOSED"}
    broker.replace("GET", f"{ACCOUNTS}/{closed['id']}", json=closed)
    applications.settle_application(application=lost, now=timezone.now() + HOUR)
    assert lost.account is not None
    assert str(lost.account.broker_account_id) == twins[0]["id"]


def assert_left_to_staff(application: KycApplication, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    assert (application.status, application.status_reason) == (ApplicationStatus.UNKNOWN, reason)
    waiting = waits_for(application, timezone.now() + HOUR)
    assert waiting is not None
    assert (waiting.kind, waiting.since) == (WaitsFor.OUTCOME, application.status_at)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        f"{application}: {reason}"
    ]
    assert StatusChange.objects.about(application).filter(reason=reason).count() == 1


def test_account_that_is_found_though_others_cannot_be_read_is_adopted(
    broker: BrokerStub, lost: KycApplication
) -> None:
    made = made_of(lost)
    broker.on("GET", f"{ACCOUNTS}/{made['id']}", json=made)
    broker.on("GET", ACCOUNTS, json=[account_body() | {"id": str(uuid4())[:8]}, made])
    settle_for_a_day(lost)
    assert lost.status == ApplicationStatus.SUBMITTED


def test_attempt_that_was_certainly_not_made_is_no_second_sending(
    broker: BrokerStub, lost: KycApplication
) -> None:
    broker.on("GET", ACCOUNTS, json=[])
    broker.replace("POST", ACCOUNTS, status=401)
    applications.settle_applications(now=timezone.now() + HOUR)
    broker.replace("POST", ACCOUNTS, json=made_of(lost))
    settle_for_a_day(lost)
    assert lost.status == ApplicationStatus.SUBMITTED
