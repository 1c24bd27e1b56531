"""The database lets nobody change or delete an event, whoever asks it and how."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.security_log.services import record

TABLE = "security_log_securityevent"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET reason = 'none'",
        f"UPDATE {TABLE} SET reason = 'none' WHERE false",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM {TABLE} WHERE id < 0",
        f"TRUNCATE {TABLE}",
        f"TRUNCATE accounts_user, {TABLE} CASCADE",
        f"INSERT INTO {TABLE} SELECT * FROM {TABLE} ON CONFLICT (id) DO UPDATE SET kind = 'SIGNED_OUT'",
    ],
)
def test_event_changed_by_raw_sql_is_refused_by_the_database(statement: str) -> None:
    event = record(Kind.SIGNED_IN, person=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert SecurityEvent.objects.get().kind == event.kind


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: SecurityEvent.objects.update(reason="none"),
        lambda event: SecurityEvent.objects.all().delete(),
        lambda event: SecurityEvent.objects.bulk_update([event], ["reason"]),
    ],
)
def test_event_changed_through_the_models_is_refused_by_the_database(change) -> None:
    event = record(Kind.SIGNED_IN, person=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(event)
    assert SecurityEvent.objects.count() == 1


@pytest.mark.django_db
def test_no_column_of_the_log_refers_to_a_row_that_may_go() -> None:
    assert [field.name for field in SecurityEvent._meta.get_fields() if field.is_relation] == []


@pytest.mark.django_db
def test_datetimes_are_the_periods_between_first_and_last_whatever_the_year() -> None:
    assert SecurityEvent.objects.datetimes("at", "year") == []
    for at in (
        datetime(2024, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2025, 3, 9, 12, tzinfo=UTC),
        datetime(2026, 11, 2, 3, tzinfo=UTC),
    ):
        SecurityEvent.objects.create(at=at, kind=Kind.SIGNED_IN)
    events = SecurityEvent.objects.all()
    assert [at.year for at in events.datetimes("at", "year")] == [2024, 2025, 2026]
    # 3 am UTC of 2 November is still the first in New York.
    november = events.filter(at__gte=datetime(2026, 10, 31, tzinfo=UTC))
    assert [(at.month, at.day) for at in november.datetimes("at", "day")] == [(11, 1)]
    of_2025 = events.filter(at__year__in=(2024, 2025)).datetimes("at", "month")
    assert [(at.year, at.month) for at in of_2025] == [(2024, 12), (2025, 1), (2025, 2), (2025, 3)]


@pytest.mark.django_db
def test_datetimes_over_both_changes_of_the_clock_name_each_day_once() -> None:
    for at in (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 11, 30, 12, tzinfo=UTC)):
        SecurityEvent.objects.create(at=at, kind=Kind.SIGNED_IN)
    days = [at.date() for at in SecurityEvent.objects.datetimes("at", "day")]
    assert len(days) == len(set(days)) == 275


@pytest.mark.django_db(transaction=True)
def test_flush_of_the_site_is_refused(emptied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.backends.postgresql.operations import DatabaseOperations

    record(Kind.SIGNED_IN, person=1)
    with monkeypatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", emptied)  # Django's own
        with pytest.raises(Exception, match="flush"):
            call_command("flush", interactive=False, verbosity=0)
    assert SecurityEvent.objects.count() == 1
