"""Each event is told once and mailed at most once, whatever is killed, replayed, doubled or out of order.

Workers are processes of their own here, and die by SIGKILL: nothing is rolled back or cleaned up but by what
PostgreSQL and the mail server notice. `NOTICE_EVENTS=20000 make test
ARGS="tests/brokerapp/notices/test_exactly_once.py -n0 -q"` does more of it.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.utils import timezone

from brokerapp.mailing import delivery
from brokerapp.mailing.models import MailStatus
from brokerapp.notices import messages, reader
from brokerapp.notices.models import Digest, Notice
from brokerapp.notices.services import tell_people
from brokerapp.workflow import outbox
from brokerapp.workflow.models import OutboxCursor, StatusChange
from tests.brokerapp.notices.smtp_server import MailServer, mail_server
from tests.factories import BrokerageAccountFactory, OrderFactory, TransferFactory
from tests.transactions import all_ended

NUMBER = int(os.environ.get("NOTICE_EVENTS", "500"))
PEOPLE = 20
MAILED = 60
"""So many of them are handed to the mail server; each is a call of its own."""
AT_ONCE = 2
"""Workers at the same work."""
STEPS = {
    "funding.Transfer": (
        ("SUBMITTING", "QUEUED"),
        ("SENT_TO_CLEARING", "COMPLETE"),
        ("COMPLETE", "RETURNED"),
        ("NEW", "NEW"),  # a note, of which nobody is told
    ),
    "trading.Order": (("ACCEPTED", "FILLED"), ("ACCEPTED", "REJECTED"), ("NEW", "NEW")),
}


def happen(rows: list[Any]) -> list[int]:
    """Changes of status as services write them, some twice in a row as events and polls tell them."""
    changes = []
    for _ in range(NUMBER):
        row = random.choice(rows)
        before, after = random.choice(STEPS[row._meta.label])
        changes.append(
            StatusChange(
                row_type=row._meta.label,
                row_id=str(row.pk),
                person_id=row.user_id,
                from_status=before,
                to_status=after,
                actor="event",
            )
        )
    return [change.pk for change in StatusChange.objects.bulk_create(changes)]


def die_now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def workers(work: Callable[[], object]) -> int:
    """Have several processes do this at once; how many of them were killed."""
    connections.close_all()  # else parent and child would speak to the database over one connection
    started = []
    for _ in range(AT_ONCE):
        seed = random.random()
        if (pid := os.fork()) == 0:
            ended = 1
            try:
                random.seed(seed)
                work()
                ended = 0
            finally:
                os._exit(ended)
        started.append(pid)
    ends = [os.waitpid(pid, 0)[1] for pid in started]
    assert {os.waitstatus_to_exitcode(end) for end in ends} <= {0, -signal.SIGKILL}
    return sum(os.WIFSIGNALED(end) for end in ends)


def workers_until(done: Callable[[], bool], work: Callable[[], object]) -> int:
    """Have workers do this until all of it is done; how many of them were killed."""
    died = 0
    for _ in range(NUMBER):
        if done():
            return died
        died += workers(work)
    raise AssertionError("it is never done")


def read_and_die(monkeypatch: pytest.MonkeyPatch) -> int:
    """Read the history with workers that die before, in the midst of and after writing; how many died."""
    write = reader.write_notices

    def dies(changes: Iterable[StatusChange]) -> None:
        fate = random.random()
        if fate < 0.2:
            die_now()
        changes = list(changes)
        doubled = [*changes, *random.sample(changes, len(changes) // 3)]
        random.shuffle(doubled)
        write(doubled)
        if fate < 0.5:
            die_now()

    with monkeypatch.context() as patched:
        patched.setattr(reader, "write_notices", dies)
        return workers_until(is_read, reader.read_history)


def is_read() -> bool:
    newest = StatusChange.objects.order_by("-transaction_id", "-pk").values_list("transaction_id", "pk")[0]
    cursor = OutboxCursor.objects.get(pk=reader.READER)
    return (cursor.transaction_id, cursor.change_id) == newest


@pytest.fixture
def server(settings: LazySettings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server


@pytest.mark.django_db(transaction=True)
def test_every_event_is_told_once_and_mailed_at_most_once(
    monkeypatch: pytest.MonkeyPatch, server: MailServer
) -> None:
    random.seed(7)
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)
    monkeypatch.setattr(outbox, "BATCH", 397)
    accounts = [BrokerageAccountFactory.create() for _ in range(PEOPLE)]
    rows: list[Any] = [TransferFactory.create(account) for account in accounts]
    rows += [OrderFactory.create(account, status="new") for account in accounts[: PEOPLE // 2]]
    all_ended()
    outbox.start_reader(reader.READER)
    happened = happen(rows)
    all_ended()

    died = read_and_die(monkeypatch)
    OutboxCursor.objects.update(transaction_id=0, change_id=0)  # a replay of everything
    died += read_and_die(monkeypatch)

    told = Counter(Notice.objects.filter(change_id__in=happened).values_list("change_id", flat=True))
    silent = set(StatusChange.objects.filter(pk__in=happened, to_status="NEW").values_list("pk", flat=True))
    assert died > NUMBER // 1000
    assert set(told) == set(happened) - silent
    assert set(told.values()) == {1}
    for account in accounts:
        account.user.refresh_from_db()
        assert account.user.unread_notices == Notice.objects.filter(user=account.user).count()
    mail_and_die(monkeypatch, server)
    digest_and_die(monkeypatch, server)


def dying_delivery(deliver: Callable[[Any], None]) -> Callable[[Any], None]:
    """Hands a mail over by a worker that may be dead before the server has it, or after."""

    def dies(message: Any) -> None:
        fate = random.random()
        if fate < 0.1:
            die_now()
        deliver(message)
        if fate < 0.2:
            die_now()

    return dies


def mail_and_die(monkeypatch: pytest.MonkeyPatch, server: MailServer) -> None:
    """Workers that send die, before the server has the mail or after; two of them are at every mail."""
    waiting = Notice.objects.filter(status=MailStatus.WAITING)
    kept = Notice.objects.filter(pk__in=list(waiting.values_list("pk", flat=True)[:MAILED]))
    Notice.objects.exclude(pk__in=kept.values("pk")).update(status=MailStatus.NOT_MAILED)
    now = timezone.now()

    def send_all() -> None:
        for notice in Notice.objects.due(now):
            delivery.send(notice, messages.message_of, now=now)

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "deliver", dying_delivery(delivery.deliver))
        died = workers_until(lambda: not Notice.objects.due(now).exists(), send_all)
    tell_people(now=now + timedelta(hours=1))  # what was lost is noticed, and not sent again

    mailed = Counter(reference(sent) for sent in server.mails)
    due = Counter(notice.reference for notice in kept)
    ended = Counter(kept.values_list("status", flat=True))
    assert kept.count() == MAILED
    assert died > 0
    assert not mailed - due  # none twice, none that was not to be
    assert set(ended) == {MailStatus.SENT, MailStatus.UNKNOWN}
    assert ended[MailStatus.UNKNOWN] == died
    assert ended[MailStatus.SENT] <= len(server.mails) <= MAILED


def digest_and_die(monkeypatch: pytest.MonkeyPatch, server: MailServer) -> None:
    """The orders that were filled are in one quiet mail for each person, at most once."""
    before = len(server.mails)
    now = timezone.now()
    Digest.objects.update(next_try_at=now)  # their quarter of an hour is over
    waiting = Digest.objects.filter(status=MailStatus.WAITING)
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "deliver", dying_delivery(delivery.deliver))
        workers_until(lambda: not waiting.exists(), lambda: tell_people(now=now))
    tell_people(now=now + timedelta(hours=1))

    digests = Counter(Digest.objects.values_list("status", flat=True))
    assert sum(digests.values()) == Digest.objects.values("user").distinct().count() == PEOPLE // 2
    assert set(digests) <= {MailStatus.SENT, MailStatus.UNKNOWN}
    assert digests[MailStatus.SENT] <= len(server.mails) - before <= PEOPLE // 2
    assert not Notice.objects.filter(kind="ORDER_FILLED", digest=None).exists()


def reference(sent: str) -> str:
    """Of the text, which comes before the HTML; long lines are broken with `=`."""
    return sent.replace("=\n", "").replace("=\r\n", "").split("Our reference: ")[1].split()[0]
