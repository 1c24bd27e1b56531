from typing import Any

import pytest

from brokerapp.workflow import state
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus
from tests.factories import KycApplicationFactory, StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def application() -> KycApplication:
    return KycApplicationFactory.create()


def submit(application: KycApplication) -> KycApplication:
    return state.move(
        application,
        ApplicationStatus.SUBMITTING,
        by=state.Process.REPLY,
        submitted_at=application.created_at,
        request_id="ab12",
    )


def test_move_writes_status_columns_and_history(application: KycApplication) -> None:
    moved = submit(application)
    assert moved.status == ApplicationStatus.SUBMITTING
    assert moved.submitted_at == application.created_at
    assert moved.last_request_id == "ab12"
    change = StatusChange.objects.about(application).get()
    assert (change.from_status, change.to_status, change.request_id) == ("DRAFT", "SUBMITTING", "ab12")
    assert change.person_id == application.user_id


def test_move_keeps_the_last_request_id_until_a_newer_one(application: KycApplication) -> None:
    moved = state.move(submit(application), ApplicationStatus.UNKNOWN, by=state.Process.REPLY)
    assert moved.last_request_id == "ab12"


def test_move_off_the_table_is_refused(application: KycApplication) -> None:
    with pytest.raises(state.IllegalMove):
        state.move(application, ApplicationStatus.SUBMITTED, by=state.Process.REPLY)
    assert not StatusChange.objects.exists()


def test_move_of_a_stale_row_loses(application: KycApplication) -> None:
    twin = KycApplication.objects.get(pk=application.pk)
    submit(application)
    with pytest.raises(state.LostRace):
        submit(twin)
    assert StatusChange.objects.about(application).count() == 1


def test_move_is_pushed_after_commit_only(
    application: KycApplication, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    pushed: list[tuple[Any, ...]] = []
    monkeypatch.setattr("brokerapp.live.publish", lambda *args: pushed.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        submit(application)
        assert pushed == []
    assert [(args[0], args[1], args[2]) for args in pushed] == [
        (application.user_id, "kycapplication", application.pk)
    ]


@pytest.mark.parametrize("process", list(state.Process))
def test_move_by_a_process_is_kept_as_such(application: KycApplication, process: state.Process) -> None:
    state.move(application, ApplicationStatus.SUBMITTING, by=process, submitted_at=application.created_at)

    change = StatusChange.objects.about(application).get()
    assert (change.actor, change.actor_id) == (process.value, None)


def test_move_by_the_owner_is_the_persons(application: KycApplication) -> None:
    owner = application.user
    state.move(application, ApplicationStatus.SUBMITTING, by=owner, submitted_at=application.created_at)

    change = StatusChange.objects.about(application).get()
    assert (change.actor, change.actor_id) == (ActorKind.PERSON, owner.pk)


def test_move_by_anybody_else_is_the_staffs(application: KycApplication) -> None:
    staff = StaffFactory.create()
    state.move(application, ApplicationStatus.SUBMITTING, by=staff, submitted_at=application.created_at)

    change = StatusChange.objects.about(application).get()
    assert (change.actor, change.actor_id, change.person_id) == (
        ActorKind.STAFF,
        staff.pk,
        application.user_id,
    )
