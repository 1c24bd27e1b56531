import contextlib
import threading
from collections.abc import Iterable

import pytest
from django.db import connections, transaction

from brokerapp.workflow import outbox
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import OutboxCursor, StatusChange
from tests.sandbox_process import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def change(word: str) -> StatusChange:
    return StatusChange.objects.create(row_type="tests", row_id="1", to_status=word, actor=ActorKind.POLL)


class Reader:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        outbox.start_reader("mails")

    def handle(self, changes: Iterable[StatusChange]) -> None:
        self.told += [change.to_status for change in changes]

    def read(self) -> int:
        return outbox.read("mails", self.handle, most=2)

    def hears(self, *words: str) -> bool:
        """Whether it is told just these in the end; other databases' transactions delay it."""

        def is_told() -> bool:
            self.read()
            return len(self.told) >= len(words)

        return eventually(is_told, what="the changes") and self.told == list(words)


def test_read_tells_what_happened_since_the_start_once_and_in_order() -> None:
    change("before")
    reader = Reader()
    for word in ("one", "two", "three"):
        change(word)
    assert reader.hears("one", "two", "three")
    assert reader.read() == 0


def test_read_leaves_what_comes_after_an_open_transaction_until_that_ends() -> None:
    reader = Reader()
    begun, end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            change("slow")
            begun.set()
            end.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    change("quick")
    assert reader.read() == 0
    end.set()
    thread.join(20)
    assert reader.hears("slow", "quick")


def test_read_that_fails_keeps_its_place() -> None:
    reader = Reader()
    change("one")

    failures: list[str] = []

    def fail(changes: Iterable[StatusChange]) -> None:
        failures.append("told")
        raise LookupError

    def has_failed() -> bool:
        with contextlib.suppress(LookupError):
            outbox.read("mails", fail)
        return bool(failures)

    eventually(has_failed, what="a failure")
    assert reader.hears("one")


def test_read_finding_the_reader_at_work_elsewhere_does_nothing() -> None:
    reader = Reader()
    change("one")
    found: list[int] = []

    def elsewhere() -> None:
        found.append(reader.read())
        connections.close_all()

    with transaction.atomic():
        OutboxCursor.objects.select_for_update().get(pk="mails")
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(20)
    assert found == [0]
    assert reader.hears("one")


def test_read_of_a_reader_that_was_never_started_does_nothing() -> None:
    change("one")
    assert outbox.read("nobody", lambda changes: None) == 0
