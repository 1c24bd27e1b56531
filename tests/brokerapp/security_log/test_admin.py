"""The log in admin: found by what one knows, exported, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.security_log.services import record
from brokerapp.ui import admin_pages
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:security_log_securityevent_changelist")


@pytest.fixture
def staff(client: Client) -> Any:
    member = StaffFactory.create()
    client.force_login(member)
    return member


def body(reply: Any) -> bytes:
    """What a streamed answer holds."""
    return b"".join(reply.streaming_content)


def found(client: Client, **query: Any) -> list[SecurityEvent]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def test_events_are_found_by_what_one_knows_of_them(client: Client, staff: Any) -> None:
    person = UserFactory.create()
    event = SecurityEvent.objects.create(
        kind=Kind.PII_REVEALED,
        person_id=person.pk,
        staff_id=4711,
        ip="2001:db8::7",
        session="abcdefabcdefabcd",
        reference="0123456789abcdef",
        object_type="funding.BankLink",
        object_id="3f2f9a37-0000-4000-8000-000000000001",
    )
    for term in (
        f"person {person.pk}",
        "staff 4711",
        person.email,
        "2001:db8::7",
        "abcdefabcdefabcd",
        "0123456789abcdef",
        "3f2f9a37-0000-4000-8000-000000000001",
    ):
        assert found(client, q=term) == [event], term
    assert found(client, q="nobody@example.com") == []


def test_events_are_filtered_by_kind_actor_and_date(client: Client, staff: Any) -> None:
    old = SecurityEvent.objects.create(at=datetime(2024, 5, 6, tzinfo=UTC), kind=Kind.SIGNED_OUT, person_id=1)
    by_staff = record(Kind.HOLD_LIFTED, staff=1)
    assert found(client, kind="SIGNED_OUT") == [old]
    assert by_staff in found(client, by="staff")
    assert found(client, by="people") == [old]
    assert found(client, at__year=2024) == [old]
    page = client.get(LIST).content.decode()
    assert "?at__year=2024" in page
    assert "?at__year=2025" in page


def test_list_shows_no_email_address_and_counts_no_more_than_it_shows(
    client: Client, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = UserFactory.create()
    for _ in range(4):
        record(Kind.SIGNED_IN, person=person)
    monkeypatch.setattr(admin_pages, "MOST", 2)
    page = client.get(LIST)
    assert page.context["cl"].paginator.count == 2
    assert person.email not in page.content.decode()
    assert f"person {person.pk}" in page.content.decode()


def test_list_reads_the_same_few_queries_whatever_it_shows(
    client: Client, staff: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        record(Kind.SIGNED_IN, person=number)
    with django_assert_max_num_queries(10):
        client.get(LIST)


def test_event_can_be_read_and_neither_added_changed_nor_deleted(client: Client, staff: Any) -> None:
    event = record(Kind.SIGNED_IN, person=1, detail={"type": "totp"})
    name = "admin:security_log_securityevent_{}"
    page = client.get(reverse(name.format("change"), args=[event.pk]))
    assert "totp" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    for url in (reverse(name.format("add")), reverse(name.format("delete"), args=[event.pk])):
        assert client.get(url).status_code == 403
        assert client.post(url, {"post": "yes"}).status_code == 403
    assert client.post(reverse(name.format("change"), args=[event.pk]), {"reason": "x"}).status_code == 403
    assert "delete_selected" not in client.get(LIST).content.decode()
    assert not LogEntry.objects.exists()


def test_export_streams_the_chosen_events_and_is_itself_kept(client: Client, staff: Any) -> None:
    events = [record(Kind.SIGNED_IN, person=number) for number in range(3)]
    reply = client.post(LIST, {"action": "export_lines", "_selected_action": [events[0].pk, events[2].pk]})
    assert reply.streaming
    lines = [json.loads(line) for line in body(reply).splitlines()]
    assert [line["id"] for line in lines] == [events[0].pk, events[2].pk]
    assert "no-store" in reply["Cache-Control"]
    assert SecurityEvent.objects.get(kind=Kind.LOG_EXPORTED).staff_id == staff.pk


def test_export_of_all_that_a_filter_finds_is_not_cut_at_what_the_list_shows(
    client: Client, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_pages, "MOST", 2)
    for number in range(5):
        record(Kind.SIGN_IN_FAILED, person=number)
    data = {"action": "export_lines", "_selected_action": [1], "select_across": "1"}
    reply = client.post(f"{LIST}?kind=SIGN_IN_FAILED", data)
    assert len(body(reply).splitlines()) == 5
