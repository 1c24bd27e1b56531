import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from brokerapp.broker.calls import partitions, tasks
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.calls.partitions import REST, Partition
from brokerapp.broker.calls.retention import prune_api_calls
from tests.brokerapp.broker.calls.factories import ApiCallFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday."""


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def weeks() -> list[str]:
    return [week.name for week in partitions.partitions()]


def test_prune_api_calls_makes_this_week_and_the_next_ones():
    prune_api_calls(now=NOW)

    assert weeks() == ["calls_apicall_20260302", "calls_apicall_20260309", "calls_apicall_20260316"]


def test_a_call_of_a_week_that_is_made_is_kept_there():
    prune_api_calls(now=NOW)
    ApiCallFactory.create(started_at=NOW)

    assert (rows_of(REST), rows_of("calls_apicall_20260302")) == (0, 1)


def test_a_call_of_a_week_that_is_missing_is_recorded_and_moved_later():
    call = ApiCallFactory.create(started_at=NOW - timedelta(days=7))
    assert rows_of(REST) == 1

    prune_api_calls(now=NOW)

    assert (rows_of(REST), rows_of("calls_apicall_20260223")) == (0, 1)
    assert ApiCall.objects.get() == call


def test_a_week_begins_on_monday_midnight_utc():
    first, last = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 8, 23, 59, 59, 999999, tzinfo=UTC)
    assert Partition.at(first) == Partition.at(last) == Partition(first)
    assert Partition.at(first - timedelta(microseconds=1)).end == first


def test_reads_that_went_well_go_after_their_time_and_the_rest_stays(settings):
    settings.API_READ_RETENTION_DAYS = 30
    old, recent = NOW - timedelta(days=38), NOW - timedelta(days=29)
    ApiCallFactory.create_batch(3, started_at=old)
    kept = [
        ApiCallFactory.create(started_at=recent),
        ApiCallFactory.create(started_at=old, method="POST"),
        ApiCallFactory.create(started_at=old, method="DELETE"),
        ApiCallFactory.create(started_at=old, outcome="NOT_DONE", http_status=404),
        ApiCallFactory.create(started_at=old, outcome="IN_FLIGHT", finished_at=None),
    ]

    prune_api_calls(now=NOW)

    assert set(ApiCall.objects.all()) == set(kept)
    assert "calls_apicall_20260119_kept" in weeks()
    assert "calls_apicall_20260202" in weeks()


def test_writes_and_failures_go_after_theirs(settings):
    settings.API_CALL_RETENTION_DAYS = 100
    ApiCallFactory.create(started_at=NOW - timedelta(days=107), method="POST")
    kept = ApiCallFactory.create(started_at=NOW - timedelta(days=99), method="POST")

    prune_api_calls(now=NOW)

    assert list(ApiCall.objects.all()) == [kept]


def test_a_thinned_week_keeps_its_rules_and_its_ids():
    call = ApiCallFactory.create(started_at=NOW - timedelta(days=60), method="POST")
    prune_api_calls(now=NOW)

    assert ApiCall.objects.get(call_id=call.call_id).pk == call.pk
    assert ApiCallFactory.create(started_at=NOW - timedelta(days=60)).pk > call.pk


def test_prune_api_calls_task_may_run_twice(settings):
    ApiCallFactory.create(started_at=timezone.now() - timedelta(days=settings.API_CALL_RETENTION_DAYS + 8))

    assert [tasks.prune_api_calls(), tasks.prune_api_calls(later="argument")] == [5, 0]
    assert not ApiCall.objects.exists()


@pytest.mark.skipif("FAKETIME" in os.environ, reason="the server's timers do not run under libfaketime")
@pytest.mark.django_db(transaction=True)
def test_prune_api_calls_gives_up_where_the_log_is_held_and_does_it_the_next_time(monkeypatch, caplog):
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.1)
    held, release = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE calls_apicall IN ACCESS SHARE MODE")
            held.set()
            release.wait(10)
        connections.close_all()

    old = ApiCallFactory.create(started_at=NOW - timedelta(days=60))
    for week in partitions.missing(NOW):
        partitions.make(week)
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        assert prune_api_calls(now=NOW) == 0
        assert ApiCall.objects.get() == old
    finally:
        release.set()
        holder.join()

    assert "could not thin" in caplog.text
    assert prune_api_calls(now=NOW) == 1
    assert not ApiCall.objects.exists()
    for week in partitions.partitions():
        partitions.drop(week)
