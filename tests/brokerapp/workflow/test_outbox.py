"""Each reader of the status history is told of each committed change once, in the order of the commits."""

import threading
from collections.abc import Callable, Iterable

import pytest
from django.db import connection, transaction

from brokerapp.workflow import outbox
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import OutboxCursor, StatusChange
from onboarding.models import KycApplication
from tests.factories import KycApplicationFactory
from tests.transactions import all_ended

pytestmark = pytest.mark.django_db(transaction=True)
POLL = Actor(ActorKind.POLL)


@pytest.fixture
def application() -> KycApplication:
    return KycApplicationFactory.create()


def record(row: KycApplication, to: str) -> None:
    StatusChange.record(row, to, POLL)


def reader(told: list[str]) -> Callable[[Iterable[StatusChange]], None]:
    return lambda changes: told.extend(change.to_status for change in changes)


def test_read_tells_each_change_once(application: KycApplication) -> None:
    outbox.start_reader("mails")
    record(application, "A")
    record(application, "B")
    told: list[str] = []
    all_ended()

    counts = [outbox.read("mails", reader(told)) for _ in range(2)]

    assert (told, counts) == (["A", "B"], [2, 0])


def test_readers_have_cursors_of_their_own(application: KycApplication) -> None:
    outbox.start_reader("mails")
    record(application, "A")
    first: list[str] = []
    all_ended()
    outbox.read("mails", reader(first))
    outbox.start_reader("queues")
    record(application, "B")
    second: list[str] = []
    all_ended()

    outbox.read("mails", reader(first))
    outbox.read("queues", reader(second))

    assert (first, second) == (["A", "B"], ["B"])


def test_read_goes_on_where_it_stopped_after_a_failure(application: KycApplication) -> None:
    outbox.start_reader("mails")
    record(application, "A")

    def broken(changes: Iterable[StatusChange]) -> None:
        raise RuntimeError("no mail today")

    all_ended()
    with pytest.raises(RuntimeError):
        outbox.read("mails", broken)
    told: list[str] = []
    outbox.read("mails", reader(told))

    assert told == ["A"]


def test_read_in_batches_loses_none(application: KycApplication) -> None:
    outbox.start_reader("mails")
    with transaction.atomic():
        for number in range(5):
            record(application, str(number))
    told: list[str] = []
    all_ended()

    while outbox.read("mails", reader(told), most=2):
        pass

    assert told == list("01234")


def in_another_session(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_change_that_commits_after_a_younger_one_is_not_skipped(application: KycApplication) -> None:
    outbox.start_reader("mails")
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record(application, "SLOW")
            written.set()
            assert may_commit.wait(10)

    thread = in_another_session(slow)
    assert written.wait(10)
    record(application, "FAST")
    told: list[str] = []
    outbox.read("mails", reader(told))
    assert told == []  # the older transaction still runs, so what is younger waits

    may_commit.set()
    thread.join()
    all_ended()
    outbox.read("mails", reader(told))

    assert told == ["SLOW", "FAST"]


def test_a_reader_at_work_elsewhere_is_left_alone(application: KycApplication) -> None:
    outbox.start_reader("mails")
    record(application, "A")
    reading, may_end = threading.Event(), threading.Event()
    told: list[str] = []

    def slow(changes: Iterable[StatusChange]) -> None:
        told.extend(change.to_status for change in changes)
        reading.set()
        assert may_end.wait(10)

    all_ended()
    thread = in_another_session(lambda: outbox.read("mails", slow))
    assert reading.wait(10)
    assert outbox.read("mails", reader(told)) == 0
    may_end.set()
    thread.join()

    assert told == ["A"]


def test_a_reader_that_is_new_is_not_told_of_the_past(application: KycApplication) -> None:
    record(application, "PAST")
    outbox.start_reader("mails")
    outbox.start_reader("mails")  # at every start of the process
    told: list[str] = []
    all_ended()

    outbox.read("mails", reader(told))

    assert told == []
    assert OutboxCursor.objects.count() == 1
