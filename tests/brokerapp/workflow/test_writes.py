import threading
from datetime import timedelta

import pytest
import requests
import responses
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerRejected, CallNotRecorded, ClaimLost
from brokerapp.broker.budget import budget_of
from brokerapp.broker.calls.models import ApiCall
from brokerapp.broker.calls.recorder import ApiCallRecorder, sending
from brokerapp.web.fixed_queries import read_again
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import (
    SENT_AGAIN,
    SENT_OFTEN,
    STOPPED,
    claim,
    release_unsent,
    without_outcome,
)
from tests.brokerapp.workflow.parcels import PATH, Parcel, parcel_table, post, send_parcel

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
def parcels(transactional_db):
    with parcel_table():
        yield


@pytest.fixture
def broker(settings):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(settings.BROKER_BASE_URL + PATH, status=204, headers={"X-Request-ID": "r" * 32})
        yield mock


def claimed() -> Parcel:
    """A parcel that this process has claimed and not sent yet."""
    parcel = Parcel.objects.create()
    assert claim(parcel, now=timezone.now())
    return parcel


def claim_of(parcel):
    return sending(parcel, status=parcel.WAITING, claimed_at=parcel.claimed_at)


def test_send_sends_once_and_leaves_one_row_about_it(broker):
    parcel = Parcel.objects.create()

    send_parcel(parcel)
    again = send_parcel(Parcel.objects.get())

    assert again.status == "SENT"
    assert len(broker.calls) == 1
    assert ApiCall.objects.about(parcel).get().outcome == "OK"


def test_send_sends_nothing_that_could_not_be_recorded(broker, monkeypatch):
    def broken(self, *args):
        raise OperationalError("the database is away")

    monkeypatch.setattr(ApiCallRecorder, "insert", broken)

    parcel = send_parcel(Parcel.objects.create())

    assert len(broker.calls) == 0
    assert (parcel.status, parcel.claimed_at, parcel.failed_sends) == ("SUBMITTING", None, 1)
    assert parcel.status_reason == CallNotRecorded.summary


def end_database_session():
    """Have the server end this thread's session, as a restart does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session])
    other.close()


def test_send_survives_a_database_session_that_dies_between_the_claim_and_the_record(broker):
    def die_and_post():
        end_database_session()
        return post(parcel)

    parcel = Parcel.objects.create()
    send_parcel(parcel, call=die_and_post)

    parcel.refresh_from_db()
    assert len(broker.calls) == 0
    assert not ApiCall.objects.exists()
    assert (parcel.status, parcel.claimed_at) == ("SUBMITTING", None)


@pytest.mark.parametrize(
    ("http_status", "status", "outcome"),
    [(204, "SENT", "OK"), (422, "REFUSED", "NOT_DONE"), (504, "UNKNOWN", "UNKNOWN")],
)
def test_send_keeps_the_reply_though_the_database_session_died_during_the_call(
    broker, settings, http_status, status, outcome
):
    def die_and_answer(request):
        end_database_session()
        return http_status, {"X-Request-ID": "d" * 32}, ""

    broker.reset()
    broker.add_callback("POST", settings.BROKER_BASE_URL + PATH, callback=die_and_answer)

    parcel = send_parcel(Parcel.objects.create())

    call = ApiCall.objects.about(parcel).get()
    assert (call.outcome, call.http_status, call.request_id) == (outcome, http_status, "d" * 32)
    parcel.refresh_from_db()
    assert parcel.status == status


def test_a_call_after_its_claim_was_given_back_is_not_sent(broker):
    parcel = claimed()
    assert release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)

    with claim_of(parcel), pytest.raises(ClaimLost):
        post(parcel)

    assert len(broker.calls) == 0
    assert not ApiCall.objects.exists()


def test_a_call_after_its_claim_was_taken_by_another_process_is_not_sent(broker):
    parcel = claimed()
    release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)
    assert claim(Parcel.objects.get(), now=timezone.now())

    with claim_of(parcel), pytest.raises(ClaimLost):
        post(parcel)

    assert len(broker.calls) == 0


def test_send_leaves_a_row_alone_whose_claim_was_lost(broker):
    def frozen():
        release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)
        assert claim(Parcel.objects.get(), now=timezone.now())
        return post(parcel)

    parcel = Parcel.objects.create()
    send_parcel(parcel, call=frozen, not_done=lambda error: pytest.fail("the other process decides"))

    assert len(broker.calls) == 0
    assert Parcel.objects.get().claimed_at is not None
    assert Parcel.objects.get().failed_sends == 0


def test_a_claim_whose_call_was_recorded_is_not_given_back(broker):
    parcel = claimed()
    with claim_of(parcel):
        post(parcel)

    assert not release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)
    assert Parcel.objects.get().claimed_at == parcel.claimed_at


def test_recording_waits_for_a_claim_that_is_being_given_back(broker):
    parcel = claimed()
    caught = []

    def wake_up():
        try:
            with claim_of(parcel):
                post(parcel)
        except ClaimLost as error:
            caught.append(error)
        finally:
            connections.close_all()

    frozen = threading.Thread(target=wake_up)
    with transaction.atomic():
        assert release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)
        frozen.start()
        frozen.join(0.3)
        assert frozen.is_alive()  # it waits for the row's lock
    frozen.join(10)

    assert len(caught) == 1
    assert len(broker.calls) == 0


def test_giving_back_waits_for_a_call_that_is_being_recorded(broker):
    parcel = claimed()
    released = []

    def sweep():
        try:
            released.append(release_unsent(Parcel.objects.get(), now=timezone.now() + LATER))
        finally:
            connections.close_all()

    sweeping = threading.Thread(target=sweep)
    with transaction.atomic():
        Parcel.objects.select_for_update().get()
        sweeping.start()
        sweeping.join(0.3)
        assert sweeping.is_alive()
        ApiCall.objects.create(
            method="POST",
            path=PATH,
            call_id="7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f",
            about_type="parcels.Parcel",
            about_id=str(parcel.pk),
        )
    sweeping.join(10)

    assert released == [False]


def test_a_read_and_a_write_about_something_else_need_no_claim(broker, settings):
    parcel = claimed()
    release_unsent(Parcel.objects.get(), now=timezone.now() + LATER)

    post(parcel)  # a cancel, say: not within `sending`

    assert len(broker.calls) == 1


@pytest.mark.parametrize(
    "body", [{"message": "unauthorized."}, {"code": 40110000, "message": "request is not authorized"}]
)
def test_send_gives_the_claim_back_where_our_own_key_is_refused(broker, settings, body):
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=401, json=body)

    parcel = send_parcel(Parcel.objects.create())

    assert (parcel.status, parcel.claimed_at) == ("SUBMITTING", None)
    assert parcel.send_after > timezone.now()


def send_again(parcel: Parcel, now) -> Parcel:
    return send_parcel(parcel, again_by=Process.SWEEP, now=now)


def test_send_again_pauses_longer_each_time_and_keeps_since_when_nobody_knows(broker, settings, caplog):
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=503)
    parcel = send_parcel(Parcel.objects.create())
    unknown_since, now, pauses = parcel.status_at, timezone.now(), []

    for _ in range(100):
        now = max(now + timedelta(seconds=settings.SETTLE_AFTER_SECONDS + 1), parcel.send_after)
        assert list(without_outcome(Parcel, now)) == [parcel]
        send_again(parcel, now)
        pauses.append((parcel.send_after - now).total_seconds())

    assert len(broker.calls) == 101
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 300)
    assert (parcel.status, parcel.status_at) == ("UNKNOWN", unknown_since)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        f"{parcel} has no outcome after 10 attempts"
    ]
    reasons = StatusChange.objects.about(parcel).values_list("reason", flat=True)
    assert list(reasons)[1:] == [SENT_AGAIN, SENT_OFTEN]


@pytest.mark.parametrize(
    ("reply", "ends"),
    [
        ({"status": 204}, "SENT"),
        ({"status": 422, "json": {"code": 42210000, "message": "no"}}, "REFUSED"),
        ({"status": 401, "json": {"message": "unauthorized."}}, "UNKNOWN"),
        ({"status": 429}, "UNKNOWN"),
        ({"body": requests.ConnectTimeout()}, "UNKNOWN"),
    ],
)
def test_send_again_takes_the_outcome_or_leaves_it_unknown(broker, settings, reply, ends):
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=503)
    parcel = send_parcel(Parcel.objects.create())
    budget_of(settings.BROKER_BASE_URL).forget()
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, **reply)

    send_again(parcel, timezone.now() + LATER)

    assert parcel.status == ends
    assert parcel.claimed_at is not None
    budget_of(settings.BROKER_BASE_URL).forget()


def test_send_again_leaves_alone_what_may_be_under_way_or_was_taken_or_never_sent(broker, settings):
    now = timezone.now()
    assert send_again(Parcel.objects.create(), now + LATER).claimed_at is None
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=503)
    parcel = send_parcel(Parcel.objects.create())
    twin = Parcel.objects.get(pk=parcel.pk)

    send_again(parcel, now)
    assert len(broker.calls) == 1
    send_again(parcel, now + LATER)
    send_again(twin, now + LATER)
    assert len(broker.calls) == 2


def test_send_again_where_the_sender_died_says_so(broker):
    parcel = claimed()

    send_again(parcel, timezone.now() + LATER)

    assert parcel.status == "SENT"
    assert StatusChange.objects.about(parcel)[0].reason == STOPPED


def test_send_refuses_what_the_broker_refuses(broker, settings):
    body = {"code": 40310000, "message": "insufficient balance"}
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=403, json=body)

    parcel = send_parcel(Parcel.objects.create())

    assert parcel.status == "REFUSED"
    assert parcel.status_reason == BrokerRejected("insufficient balance").user_message


def test_send_again_makes_no_call_for_what_was_heard_of_meanwhile(broker, settings, monkeypatch):
    broker.replace("POST", settings.BROKER_BASE_URL + PATH, status=503)
    parcel = send_parcel(Parcel.objects.create())

    def hear_first(row):
        Parcel.objects.filter(pk=row.pk).update(status="SENT")
        read_again(row)

    monkeypatch.setattr("brokerapp.workflow.writes.read_again", hear_first)
    parcel = send_again(parcel, timezone.now() + LATER)

    assert parcel.status == "SENT"
    assert len(broker.calls) == 1
