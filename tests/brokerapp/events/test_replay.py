"""A window of a stream pulled again: what is missing is shown, and is handled only when applied."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.broker.streams.models import EventStream
from brokerapp.events import replay, services
from brokerapp.events.forms import WindowForm
from brokerapp.events.models import BrokerEvent
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.units.market_time import in_new_york
from tests.factories import BrokerageAccountFactory, staff_in_role
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
REPLAY = reverse("admin:events_brokerevent_replay")
REASON = "The follower was away during the night."


@pytest.fixture(autouse=True)
def _little_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "QUIET", 1.0)


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    """Ours of the sandbox's firm account, which the broker disables while nobody listens."""
    found = BrokerageAccountFactory.create(id=sandbox.firm_account_id)
    status = (
        "DISABLED"
        if sandbox.get(f"/v1/accounts/{sandbox.firm_account_id}")["status"] == "ACTIVE"
        else "ACTIVE"
    )
    sandbox.set_account_status(sandbox.firm_account_id, status)
    BrokerageAccount.objects.filter(pk=found.pk).update(broker_status="SUBMITTED", status="SUBMITTED")
    return found


def window() -> dict[str, Any]:
    now = timezone.now()
    return {"since": now - timedelta(hours=1), "until": now, "now": now}


def test_pull_shows_what_is_missing_and_changes_nothing(account: BrokerageAccount) -> None:
    found = replay.pull(stream=EventStream.ACCOUNTS, **window())
    newest = found.events[-1]
    assert newest.state == replay.MISSING
    assert newest.told is not None
    assert newest.told.row == account
    assert (newest.told.ours, newest.told.differs) == ("SUBMITTED", True)
    assert found.changes == [newest.told]
    assert not BrokerEvent.objects.exists()


def test_apply_stores_and_handles_what_is_missing_once(account: BrokerageAccount) -> None:
    by = staff_in_role(Role.OPERATIONS)
    asked = {"stream": EventStream.ACCOUNTS, "by": by, "reason": REASON, **window()}
    first = replay.apply(**asked)
    assert BrokerEvent.objects.count() == len(first.events) > 0
    for event in BrokerEvent.objects.all():
        services.handle_event(event_pk=event.pk, now=timezone.now())
    account.refresh_from_db()
    assert account.broker_status != "SUBMITTED"
    second = replay.pull(stream=EventStream.ACCOUNTS, **window())
    assert second.count_to_handle == 0
    assert second.changes == []
    replay.apply(**asked)
    assert BrokerEvent.objects.count() == len(first.events)
    kept = SecurityEvent.objects.filter(kind=Kind.EVENTS_REPLAYED).order_by("pk").first()
    assert kept is not None
    assert (kept.staff_id, kept.reason, kept.detail["events"]) == (by.pk, REASON, len(first.events))


def test_apply_handles_again_what_was_given_up(account: BrokerageAccount) -> None:
    by = staff_in_role(Role.OPERATIONS)
    replay.apply(stream=EventStream.ACCOUNTS, by=by, reason=REASON, **window())
    BrokerEvent.objects.update(
        handled_at=timezone.now(), outcome="given up", error="RuntimeError: x", attempts=10
    )
    found = replay.pull(stream=EventStream.ACCOUNTS, **window())
    assert {pulled.state for pulled in found.events} == {replay.GIVEN_UP}
    replay.apply(stream=EventStream.ACCOUNTS, by=by, reason=REASON, **window())
    assert not BrokerEvent.objects.exclude(handled_at=None).exists()


@pytest.mark.parametrize(
    ("since", "until"), [(1, 1), (2, 3), (100, 0), (0, -5)], ids=["empty", "backwards", "too long", "ahead"]
)
def test_pull_of_a_window_that_is_none_is_refused(since: int, until: int) -> None:
    now = timezone.now()
    with pytest.raises(replay.WindowRefused):
        replay.pull(
            stream=EventStream.TRADES,
            since=now - timedelta(hours=since),
            until=now - timedelta(hours=until),
            now=now,
        )


def test_staff_see_the_change_and_apply_it_for_a_reason(account: BrokerageAccount, client: Client) -> None:
    client.force_login(staff_in_role(Role.OPERATIONS))
    now = timezone.now()
    asked = {
        "stream": "accounts",
        "since": f"{in_new_york(now - timedelta(hours=1)):%Y-%m-%dT%H:%M}",
        # What was just said is in it.
        "until": f"{in_new_york(now + timedelta(minutes=1)):%Y-%m-%dT%H:%M:%S}",
    }
    page = client.get(REPLAY, asked).content.decode()
    assert "<del>SUBMITTED</del>" in page
    assert "missing" in page
    assert client.post(REPLAY, asked | {"reason": "x"}).status_code == 422
    assert not BrokerEvent.objects.exists()
    client.post(REPLAY, asked | {"reason": REASON})
    assert BrokerEvent.objects.exists()


def test_replay_is_for_those_who_handle_events(client: Client) -> None:
    client.force_login(staff_in_role(Role.AUDITOR))
    assert client.get(REPLAY).status_code == 403


def test_window_takes_the_hour_that_comes_twice_whole_and_one_that_there_is_not() -> None:
    twice = WindowForm({"stream": "accounts", "since": "2026-11-01T01:10", "until": "2026-11-01T01:20"})
    assert twice.is_valid(), twice.errors
    assert twice.cleaned_data["since"].astimezone(UTC).hour == 5
    assert twice.cleaned_data["until"].astimezone(UTC).hour == 6
    never = WindowForm({"stream": "accounts", "since": "2026-03-08T02:30", "until": "2026-03-08T04:00"})
    assert never.is_valid(), never.errors
