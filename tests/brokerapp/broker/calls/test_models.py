import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from brokerapp.broker.calls import admin, filters
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.broker.calls.partitions import Partition
from brokerapp.broker.calls.retention import prune_api_calls
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import StatusChange
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import BrokerageAccountFactory, KycApplicationFactory

POLL = Actor(ActorKind.POLL)

pytestmark = pytest.mark.django_db


def test_an_attempt_is_written_once():
    call = ApiCallFactory.create()
    with pytest.raises(IntegrityError):
        ApiCallFactory.create(call_id=call.call_id, attempt=call.attempt, started_at=call.started_at)


def test_a_call_that_ended_has_the_time_of_its_end():
    with pytest.raises(IntegrityError):
        ApiCallFactory.create(outcome="OK", finished_at=None)


def test_reference_is_the_request_id_and_else_our_call_id():
    assert ApiCall(request_id="r").reference == "r"
    call_id = uuid4()
    assert ApiCall(call_id=call_id).reference == str(call_id)


def test_paths_lists_each_path_once(django_assert_num_queries):
    for path in ("/v1/b", "/v1/a", "/v1/b"):
        ApiCallFactory.create(path=path)

    with django_assert_num_queries(1):
        assert ApiCall.objects.paths() == ["/v1/a", "/v1/b"]


def test_about_finds_the_calls_of_one_row():
    application = KycApplicationFactory.create()
    call = ApiCallFactory.create(about_type="onboarding.KycApplication", about_id=str(application.pk))
    ApiCallFactory.create(about_type="funding.Transfer", about_id=str(application.pk))

    assert list(ApiCall.objects.about(application)) == [call]


def test_status_change_records_the_step_and_the_person():
    application = KycApplicationFactory.create()

    StatusChange.record(application, "SUBMITTING", POLL, "sent", "r" * 32)

    change = StatusChange.objects.about(application).get()
    assert (change.from_status, change.to_status) == (application.status, "SUBMITTING")
    assert (change.row_type, change.row_id) == ("onboarding.KycApplication", str(application.pk))
    assert (change.person_id, change.reason, change.request_id) == (application.user_id, "sent", "r" * 32)


def test_status_change_shortens_a_long_reason():
    assert len(StatusChange.record(KycApplicationFactory.create(), "X", POLL, "x" * 900).reason) == 500


def test_about_lists_a_rows_history_oldest_first():
    application = KycApplicationFactory.create()
    for status in ("ONE", "TWO"):
        StatusChange.record(application, status, POLL)

    assert [change.to_status for change in StatusChange.objects.about(application)] == ["ONE", "TWO"]


NOW = timezone.now()


@pytest.fixture
def log():
    """Calls of two weeks, of which one is thinned: mostly writes, of which few failed.

    Each index is so the best for some search, and another that would do is much dearer than it: between two
    that cost the same the plan would hang on what ran before.
    """
    weeks = [Partition.at(NOW).start, Partition.at(NOW - timedelta(days=60)).start]
    calls = ApiCallFactory.build_batch(600)
    for number, call in enumerate(calls):
        call.started_at = weeks[number % 2] + timedelta(minutes=number * 10)
        call.method = "GET" if number % 10 < 2 else "POST"
        call.outcome = "UNKNOWN" if number % 50 < 2 else "OK"
    ApiCall.objects.bulk_create(calls)
    prune_api_calls(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_apicall")
        cursor.execute("SET LOCAL enable_seqscan = off")


def scans_of(calls):
    """How each week that has calls is searched, as JSON; in an empty one every index is alike."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM calls_apicall")
        weeks = {name for (name,) in cursor.fetchall()}
    # Without an order: of so few rows, going through all of them in order is as cheap as looking some up.
    (plan,) = json.loads(calls.order_by().explain(format="json"))
    found = {name: json.dumps(scan) for name, scan in scans_in(plan["Plan"]) if name in weeks}
    assert found
    return found.values()


def scans_in(plan):
    if name := plan.get("Relation Name"):
        return [(name, plan)]
    return [scan for part in plan.get("Plans", ()) for scan in scans_in(part)]


@pytest.mark.parametrize(
    "query",
    [
        {"request_id": "r"},
        {"person_id": 7},
        {"outcome": "UNKNOWN"},
        {"about_id": "x"},
        {"account_id": uuid4()},
        {"call_id": uuid4()},
    ],
    ids=lambda query: next(iter(query)),
)
def test_every_search_of_the_log_is_an_index_look_up(log, query):
    for scan in scans_of(ApiCall.objects.filter(**query)):
        assert "Seq Scan" not in scan
        assert "Index Cond" in scan


def test_calls_before_a_time_are_looked_up(log):
    begins = Partition.at(NOW - timedelta(days=60)).start
    (scan,) = scans_of(ApiCall.objects.filter(started_at__lt=begins + timedelta(hours=2)))
    assert "Index Cond" in scan


@pytest.mark.parametrize("term", ["r" * 32, str(uuid4())], ids=["Request ID", "UUID"])
def test_a_search_in_admin_looks_every_part_of_it_up(log, term):
    with connection.cursor() as cursor:
        # A small week would be walked through by time.
        cursor.execute("SET LOCAL enable_indexscan = off")
    for scan in scans_of(ApiCall.objects.filter(admin.call_match(term))):
        assert "Seq Scan" not in scan
        assert "BitmapOr" in scan


@pytest.mark.parametrize("name", ["3xx", "4xx", "429", "5xx", "none"])
def test_trouble_is_found_in_its_own_index(log, name):
    for scan in scans_of(ApiCall.objects.filter(filters.STATUS_CLASSES[name])):
        assert "Seq Scan" not in scan
        assert "outcome_started_at_idx" in scan


def test_what_was_said_of_a_row_is_looked_up(log):
    for scan in scans_of(ApiCall.objects.about(KycApplicationFactory.create())):
        assert "about_id_started_at_idx" in scan


def test_the_newest_page_is_read_from_the_index_of_times(log):
    plan = ApiCall.objects.all()[:50].explain()
    assert "->  Sort" not in plan
    assert "Seq Scan" not in plan


def test_a_call_is_completed_in_its_own_week_alone(log):
    call = ApiCall.objects.first()
    assert call is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN UPDATE calls_apicall SET milliseconds = 1 WHERE id = %s AND started_at = %s",
            [call.pk, call.started_at],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("Scan using") == 1


@pytest.mark.parametrize(
    ("request_id", "has_ended", "minutes", "found"),
    [
        ("a1", True, 0, "a1"),
        ("", False, 0, ""),  # its reply may still come
        ("", True, 0, None),  # it was lost
        ("", False, 10, None),  # its process died
    ],
)
def test_request_id_of_write(request_id: str, has_ended: bool, minutes: int, found: str | None) -> None:
    account = BrokerageAccountFactory.create()
    begun = timezone.now() - timedelta(minutes=minutes)
    about = {"about_type": label_of(account), "about_id": str(account.pk), "started_at": begun}
    assert ApiCall.objects.request_id_of_write(account) is None
    ApiCallFactory.create(method="GET", **about)
    ApiCallFactory.create(
        method="POST",
        request_id=request_id,
        finished_at=begun if has_ended else None,
        outcome=ApiCall.Outcome.OK if has_ended else ApiCall.Outcome.IN_FLIGHT,
        **about,
    )
    assert ApiCall.objects.request_id_of_write(account) == found
