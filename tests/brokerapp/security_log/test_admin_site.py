"""Whatever staff do in admin leaves a row: who, what, about whom, from where."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from tests.factories import BrokerageAccountFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Any:
    member = StaffFactory.create()
    client.force_login(member)
    return member


def kept(kind: Kind) -> list[SecurityEvent]:
    return list(SecurityEvent.objects.filter(kind=kind).order_by("id"))


def test_action_is_kept_for_each_row_with_whose_it_is(client: Client, staff: Any) -> None:
    accounts = [BrokerageAccountFactory.create() for _ in range(2)]
    client.post(
        reverse("admin:accounts_brokerageaccount_changelist"),
        {"action": "resync", "_selected_action": [account.pk for account in accounts]},
    )
    events = kept(Kind.ADMIN_ACTION)
    assert {(event.object_id, event.person_id) for event in events} == {
        (str(account.pk), account.user_id) for account in accounts
    }
    assert {(event.staff_id, event.ip, event.detail["action"]) for event in events} == {
        (staff.pk, "127.0.0.1", "resync")
    }
    assert {bool(event.session) for event in events} == {True}


def test_action_on_all_rows_is_one_event(client: Client, staff: Any) -> None:
    account = BrokerageAccountFactory.create()
    client.post(
        reverse("admin:accounts_brokerageaccount_changelist"),
        {"action": "resync", "_selected_action": [account.pk], "select_across": "1"},
    )
    (event,) = kept(Kind.ADMIN_ACTION)
    assert event.detail["across"] is True


def test_page_that_is_refused_to_staff_is_kept(client: Client) -> None:
    member = StaffFactory.create(is_superuser=False)
    client.force_login(member)
    person = UserFactory.create()
    reply = client.get(reverse("admin:accounts_user_change", args=[person.pk]))
    assert reply.status_code == 403
    (event,) = kept(Kind.ADMIN_REFUSED)
    assert (event.staff_id, event.detail["page"]) == (member.pk, "accounts_user_change")


def test_look_at_personal_data_is_kept_with_whose_it_is(client: Client, staff: Any) -> None:
    person = UserFactory.create()
    client.get(reverse("admin:accounts_user_change", args=[person.pk]))
    client.get(reverse("admin:accounts_user_changelist"))
    one, many = kept(Kind.PII_VIEWED)
    assert (one.person_id, one.object_id, one.staff_id) == (person.pk, str(person.pk), staff.pk)
    assert one.detail["shown"]
    assert (many.person_id, many.detail["page"]) == (None, "changelist")


def test_page_of_a_row_that_nobody_has_fails_no_worse_for_being_kept(client: Client, staff: Any) -> None:
    for nonsense in ("0", "abc", "_00"):
        assert client.get(reverse("admin:accounts_user_change", args=[nonsense])).status_code == 302


def test_staff_change_their_password_where_people_do(client: Client, staff: Any) -> None:
    reply = client.get(reverse("admin:password_change"))
    assert reply["Location"] == reverse("account_change_password")
