from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import StatusChange
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import KycApplicationFactory

POLL = Actor(ActorKind.POLL)

pytestmark = pytest.mark.django_db


def test_an_attempt_is_written_once():
    call = ApiCallFactory.create()
    with pytest.raises(IntegrityError):
        ApiCallFactory.create(call_id=call.call_id, attempt=call.attempt)


def test_a_call_that_ended_has_the_time_of_its_end():
    with pytest.raises(IntegrityError):
        ApiCallFactory.create(outcome="OK", finished_at=None)


def test_reference_is_the_request_id_and_else_our_call_id():
    assert ApiCall(request_id="r").reference == "r"
    call_id = uuid4()
    assert ApiCall(call_id=call_id).reference == str(call_id)


def test_paths_lists_each_path_once_by_index_look_ups(django_assert_num_queries):
    for path in ("/v1/b", "/v1/a", "/v1/b"):
        ApiCallFactory.create(path=path)

    with django_assert_num_queries(3):
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


@pytest.mark.parametrize(
    "query",
    [
        {"request_id": "r"},
        {"person_id": 7},
        {"path": "/v1/clock"},
        {"http_status": 503},
        {"outcome": "UNKNOWN"},
        {"about_id": "x"},
        {"account_id": uuid4()},
        {"started_at__lt": timezone.now() - timedelta(days=900)},
    ],
    ids=lambda query: next(iter(query)),
)
def test_every_search_of_the_log_is_an_index_look_up(query):
    calls = ApiCallFactory.build_batch(200)
    for number, call in enumerate(calls):
        call.started_at = timezone.now() - timedelta(minutes=number)
    ApiCall.objects.bulk_create(calls)
    with connection.cursor() as cursor:
        # Without statistics of a table with rows the plan would hang on what ran before.
        cursor.execute("ANALYZE calls_apicall")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ApiCall.objects.filter(**query).order_by("-started_at").explain()
    assert "Seq Scan" not in plan
    assert "Index Cond" in plan
