import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connections, transaction

from brokerapp.broker import clients
from brokerapp.broker.alpaca import models
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown, BrokerRejected, CallNotRecorded
from brokerapp.broker.alpaca.records import CallRecord, Outcome
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.calls.recorder import ApiCallRecorder
from tests.broker_stub import REQUEST_ID
from tests.factories import KycApplicationFactory, UserFactory

A = "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f"
ACH_REQUEST = models.CreateAchRelationshipRequest(
    account_owner_name="Adaeze Okonkwo",
    bank_account_type="CHECKING",
    bank_account_number="32131231abc",
    bank_routing_number="121000358",
)


@pytest.mark.django_db
def test_a_call_leaves_a_row_with_what_and_whom_it_was_for(broker):
    application = KycApplicationFactory.create()
    broker.on("GET", f"/v1/accounts/{A}", json={"id": A, "status": "ACTIVE"})

    clients.get_client(about=application).accounts.get(A)

    call = ApiCall.objects.get()
    assert (call.method, call.path, str(call.account_id)) == ("GET", "/v1/accounts/{account_id}", A)
    assert (call.http_status, call.outcome, call.request_id) == (200, ApiCall.Outcome.OK, REQUEST_ID)
    assert (call.about_type, call.about_id) == ("onboarding.KycApplication", str(application.pk))
    assert call.person_id == application.user_id
    assert call.milliseconds is not None
    assert call.finished_at is not None
    assert call.finished_at >= call.started_at
    assert list(ApiCall.objects.about(application)) == [call]


@pytest.mark.django_db
def test_every_attempt_of_a_read_leaves_a_row(broker, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    broker.on("GET", "/v1/clock", status=503, json={"code": 50010000, "message": "down"})

    with pytest.raises(BrokerOutcomeUnknown):
        clients.get_client().clock.get()

    calls = ApiCall.objects.order_by("attempt")
    assert [(call.attempt, call.http_status, call.outcome) for call in calls] == [
        (1, 503, "UNKNOWN"),
        (2, 503, "UNKNOWN"),
        (3, 503, "UNKNOWN"),
    ]
    assert {call.error_code for call in calls} == {50010000}


@pytest.mark.django_db
def test_rows_hold_no_body_and_no_personal_data(broker):
    message = "bank_account_number 32131231abc of Adaeze Okonkwo: routing 121000358 unknown"
    broker.on(
        "POST",
        f"/v1/accounts/{A}/ach_relationships",
        status=400,
        json={"code": 40010001, "message": message},
    )
    broker.on("GET", "/v1/accounts", json=[])
    client = clients.get_client(by=UserFactory.create(email="ann@example.com"))

    with pytest.raises(BrokerRejected):
        client.ach_relationships.create(A, ACH_REQUEST)
    client.accounts.list(query="ann@example.com 123-45-6789")

    kept = json.dumps(list(ApiCall.objects.values()), default=str)
    for secret in ("32131231", "121000358", "Okonkwo", "CHECKING", "ann@example.com", "123-45-6789"):
        assert secret not in kept


@pytest.mark.django_db(transaction=True)
def test_a_row_outlives_the_failure_of_the_work_around_it(broker):
    broker.on("GET", f"/v1/accounts/{A}", json={"id": A, "status": "ACTIVE"})

    def work():
        reply = clients.get_client().accounts.get(A)
        with transaction.atomic():
            UserFactory.create(email="lost@example.com")
            raise RuntimeError(reply.status)

    with pytest.raises(RuntimeError):
        work()

    assert ApiCall.objects.get().request_id == REQUEST_ID


@pytest.mark.django_db(transaction=True)
def test_a_row_is_committed_before_the_attempt_is_made(broker):
    seen = []

    def look(request):
        # Another connection sees only what is committed, as after a crash at this moment.
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT outcome, path, finished_at FROM calls_apicall")
                seen.extend(cursor.fetchall())
        finally:
            other.close()
        return 200, {}, json.dumps({"id": A, "status": "ACTIVE"})

    broker.call_back("GET", f"/v1/accounts/{A}", look)

    clients.get_client().accounts.get(A)

    assert seen == [("IN_FLIGHT", "/v1/accounts/{account_id}", None)]


def fail_to_insert(self, *args):
    raise RuntimeError("no database")


@pytest.mark.django_db
def test_a_read_is_made_even_if_it_cannot_be_recorded(broker, monkeypatch):
    monkeypatch.setattr(ApiCallRecorder, "insert", fail_to_insert)
    broker.on("GET", f"/v1/accounts/{A}", json={"id": A, "status": "ACTIVE"})

    assert clients.get_client().accounts.get(A).status == "ACTIVE"

    assert not ApiCall.objects.exists()


@pytest.mark.django_db
def test_a_write_is_not_sent_if_it_cannot_be_recorded(broker, monkeypatch):
    monkeypatch.setattr(ApiCallRecorder, "insert", fail_to_insert)

    with pytest.raises(CallNotRecorded):
        clients.get_client().ach_relationships.create(A, ACH_REQUEST)

    assert len(broker.calls) == 0


@pytest.mark.django_db
def test_finish_writes_the_whole_row_if_start_failed():
    now = datetime(2026, 3, 2, tzinfo=UTC)
    record = CallRecord(
        uuid4(),
        "POST",
        "/v1/x",
        {"account_id": "not-a-uuid"},
        1,
        started_at=now,
        finished_at=now,
        http_status=200,
        outcome=Outcome.OK,
        milliseconds=3,
    )

    ApiCallRecorder(about_type="funding.Transfer", about_id="1", person_id=7).finish(None, record)

    call = ApiCall.objects.get()
    assert (call.outcome, call.http_status, call.account_id, call.person_id) == ("OK", 200, None, 7)


def test_outcomes_are_the_same_words_in_the_client_and_in_the_log():
    assert {item.value for item in Outcome} == set(ApiCall.Outcome.values)
