"""Writing an event: whose, from where, about what; and the lines that a collector reads."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import RequestFactory

from brokerapp.security_log import services
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.security_log.services import record
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The lines on stdout, read."""
    written: list[dict[str, Any]] = []

    class Collector(logging.Handler):
        def emit(self, line: logging.LogRecord) -> None:
            written.append(json.loads(line.getMessage()))

    handler = Collector()
    logging.getLogger("security_log").addHandler(handler)
    yield written
    logging.getLogger("security_log").removeHandler(handler)


def request_of(user: Any, **headers: Any) -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", **headers)
    request.user = user
    request.session = SessionStore()
    request.session.create()
    request.reference = "00ff00ff00ff00ff"  # type: ignore[attr-defined]
    return request


def test_record_with_a_request_keeps_who_from_where_and_in_which_session() -> None:
    person, member = UserFactory.create(), StaffFactory.create()
    mine = request_of(person)
    event = record(Kind.REAUTHENTICATED, request=mine)
    assert (event.person_id, event.staff_id) == (person.pk, None)
    assert (event.ip, event.reference) == ("203.0.113.7", "00ff00ff00ff00ff")
    again, other = record(Kind.SIGNED_OUT, request=mine), record(Kind.SIGNED_OUT, request=request_of(person))
    assert event.session == again.session != other.session
    by_staff = record(Kind.HOLD_LIFTED, request=request_of(member), obj=person, reason="She called.")
    assert (by_staff.person_id, by_staff.staff_id) == (None, member.pk)
    assert (by_staff.object_type, by_staff.object_id) == ("accounts.User", str(person.pk))
    assert SecurityEvent.objects.about(person).get() == by_staff


def test_record_keeps_a_hash_of_the_session_that_opens_nothing(settings: Any) -> None:
    request = request_of(UserFactory.create())
    event = record(Kind.SIGNED_IN, request=request)
    assert len(event.session) == 16
    assert request.session.session_key not in json.dumps(services.as_json(event))
    settings.SECRET_KEY = "another"
    assert services.session_hash(request) != event.session


def test_record_without_a_request_or_with_one_of_no_address_still_writes() -> None:
    assert record(Kind.SIGNED_OUT, person=17).ip is None
    request = request_of(UserFactory.create())
    request.META["REMOTE_ADDR"] = ""
    assert record(Kind.SIGNED_OUT, request=request).ip is None


def test_record_scrubs_what_looks_like_personal_data() -> None:
    event = record(
        Kind.ADMIN_ACTION,
        person=1,
        reason="SSN 124-55-4321, ann@example.com",
        detail={"note": "account 32131231123", "list": ["a@example.com"], "count": 3, "none": None},
    )
    event.refresh_from_db()
    text = json.dumps([event.reason, event.detail])
    for personal in ("124-55-4321", "example.com", "32131231123"):
        assert personal not in text
    assert event.detail["count"] == 3
    assert event.detail["none"] is None


def test_record_is_told_on_stdout_once_it_is_committed(
    told: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        event = record(Kind.HOLD_PLACED, person=17, reason="The password was changed.", detail={"hours": 24})
        assert told == []
    assert told == [
        {
            "id": event.pk,
            "at": event.at.isoformat(),
            "kind": "HOLD_PLACED",
            "person": 17,
            "reason": "The password was changed.",
            "detail": {"hours": 24},
        }
    ]


def test_record_that_is_rolled_back_is_told_nowhere(
    told: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        record(Kind.HOLD_PLACED, person=17)
        transaction.set_rollback(True)
    assert told == []
    assert not SecurityEvent.objects.exists()


def test_logger_of_the_log_writes_bare_lines_to_stdout_and_nowhere_else(settings: Any) -> None:
    logger = settings.LOGGING["loggers"]["security_log"]
    handler = settings.LOGGING["handlers"][logger["handlers"][0]]
    assert (handler["stream"], logger["propagate"]) == ("ext://sys.stdout", False)
    assert settings.LOGGING["formatters"][handler["formatter"]]["format"] == "%(message)s"


def exported(**options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("export_security_log", stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_export_writes_every_event_once_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "EXPORTED_AT_ONCE", 2)
    events = [record(Kind.SIGNED_IN, person=number) for number in range(5)]
    assert [line["id"] for line in exported()] == [event.pk for event in events]
    assert [line["id"] for line in exported(after_id=events[2].pk)] == [event.pk for event in events[3:]]


def test_export_by_kind_and_time() -> None:
    record(Kind.SIGNED_IN, person=1)
    failed = record(Kind.SIGN_IN_FAILED)
    assert [line["id"] for line in exported(kind=["SIGN_IN_FAILED"])] == [failed.pk]
    assert exported(until=failed.at.replace(year=2000)) == []
    out = io.StringIO()
    call_command(
        "export_security_log", "--since", "2001-01-31", "--until", "2999-01-01T00:00:00Z", stdout=out
    )
    assert len(out.getvalue().splitlines()) == 2
    for nonsense in ("yesterday", "2026-02-31"):
        with pytest.raises(CommandError, match="no date"):
            call_command("export_security_log", "--since", nonsense)


def test_lines_are_read_some_at_a_time(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(services, "EXPORTED_AT_ONCE", 2)
    for number in range(4):
        record(Kind.SIGNED_IN, person=number)
    with django_assert_num_queries(1):
        next(services.lines(SecurityEvent.objects.all()))
    with django_assert_num_queries(3):
        assert len(list(services.lines(SecurityEvent.objects.all()))) == 4
