"""Staff's actions: enqueued, kept as theirs, and never a failing page."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.workflow import state, writes
from brokerapp.workflow.models import StatusChange
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.factories import (
    BrokerageAccountFactory,
    KycApplicationFactory,
    StaffFactory,
    staff_in_role,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """The tasks that were enqueued."""
    tasks: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr("brokerapp.workflow.jobs.enqueue", lambda path, **ids: tasks.append((path, ids)))
    return tasks


@pytest.fixture
def staff(client: Client) -> Any:
    member = StaffFactory.create()
    client.force_login(member)
    return member


def act(client: Client, model: str, action: str, rows: list[Any]) -> str:
    url = reverse(f"admin:{model}_changelist")
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    reply = client.post(url, data, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_resync_asks_workers_and_is_logged(client: Client, staff: Any, sent: list[Any]) -> None:
    accounts = [BrokerageAccountFactory.create() for _ in range(3)]
    sent.clear()
    page = act(client, "accounts_brokerageaccount", "resync", accounts)
    assert "Asked to be read again: 3" in page
    assert len(sent) == 6
    assert BrokerageAccount.objects.filter(balances_due_at__isnull=False, due_at__isnull=False).count() == 3
    assert set(LogEntry.objects.values_list("user_id", "change_message")) == {
        (staff.pk, "Asked to be read again")
    }


def test_settle_application_hands_on_who_asked(client: Client, staff: Any, sent: list[Any]) -> None:
    application = KycApplicationFactory.create()
    applications.submit_application(application=application, by=application.user, now=application.created_at)
    writes.conclude(application, ApplicationStatus.UNKNOWN, reason="No reply.", request_id="")
    sent.clear()
    act(client, "onboarding_kycapplication", "settle", [application])
    ids = {"application_id": application.pk, "staff_id": staff.pk}
    assert sent == [("onboarding.tasks.settle_application", ids)]


@pytest.mark.parametrize("error", [state.LostRace("changed meanwhile"), state.IllegalMove("not possible")])
def test_action_on_a_row_that_changed_meanwhile_says_so(
    client: Client, staff: Any, sent: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("brokerapp.accounts.services.read_again", fail)
    page = act(client, "accounts_brokerageaccount", "resync", [BrokerageAccountFactory.create()])
    assert str(error) in page
    assert not LogEntry.objects.exists()


def test_history_of_a_row_names_who_acted(client: Client, staff: Any) -> None:
    application = BrokerageAccountFactory.create().application
    page = client.get(
        reverse("admin:onboarding_kycapplication_change", args=[application.pk])
    ).content.decode()
    assert "Ada Byron" in page
    assert "broker&#x27;s reply" in page
    assert StatusChange.objects.about(application).count() == 2
    assert KycApplication.objects.get().status == ApplicationStatus.SUBMITTED


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (Role.SUPPORT, ('class="readonly">yes<', 'class="readonly">no<')),
        (Role.ADMINISTRATOR, ('name="is_staff"', 'name="reason"', "Nothing of somebody who cannot sign in")),
    ],
)
def test_page_of_one_person_says_names_words_and_times_as_all_pages_do(
    client: Client, role: Role, said: tuple[str, ...]
) -> None:
    account = BrokerageAccountFactory.create()
    member = account.user
    KycApplication.objects.filter(account=account).update(given_name="Ann", family_name="Lovelace")
    client.force_login(staff_in_role(role))
    page = client.get(reverse("admin:accounts_user_change", args=[member.pk])).content.decode()
    assert "<h1>Ann Lovelace</h1>" in page
    assert f"person {member.pk}" not in page
    assert f'title="{member.date_joined:%Y-%m-%d %H:%M:%S} UTC"' in page
    assert "<img" not in page.partition('id="content"')[2]
    assert "Designates whether" not in page
    for words in said:
        assert words in page
