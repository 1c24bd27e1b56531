"""Each notice is mailed once, or, where nobody can know, not again."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection
from django.utils import timezone

from brokerapp.mailing import delivery
from brokerapp.mailing.delivery import MAX_ATTEMPTS
from brokerapp.mailing.models import MailStatus
from brokerapp.notices import kinds, messages, tasks
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.notices.services import tell_people
from tests.brokerapp.notices.revisions import REVISIONS, undo_transfer
from tests.brokerapp.notices.smtp_server import AFTER_DATA, MailServer, mail_server
from tests.brokerapp.notices.test_reader import write_all
from tests.transactions import all_ended

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


@pytest.fixture
def notice() -> Notice:
    """A notice that waits."""
    undo_transfer()
    write_all()
    return Notice.objects.get()


@pytest.fixture
def server(settings: LazySettings) -> Iterator[MailServer]:
    """A mail server that the site sends by."""
    with mail_server() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 1.0
        yield server


REVISED = [
    "Your bank sent a withdrawal back",
    "What was filled of your order has changed",
    "Your account can no longer be used",
]


def send(notice: Notice, now: datetime | None = None) -> Notice:
    return delivery.send(Notice.objects.get(pk=notice.pk), messages.message_of, now=now or timezone.now())


@pytest.mark.parametrize("name", REVISIONS)
def test_tell_people_mails_each_revision_once(name: str) -> None:
    REVISIONS[name][0]()
    for _ in range(2):
        write_all()
        tell_people(now=timezone.now())

    (sent,) = mail.outbox
    notice = Notice.objects.get()
    assert sent.to == [notice.user.email]
    assert (notice.status, notice.attempts) == (MailStatus.SENT, 1)
    assert notice.sent_at is not None


@pytest.mark.django_db(transaction=True)
def test_tell_people_mails_what_the_history_says_from_now_on() -> None:
    undo_transfer()
    tasks.tell_people()
    for name in ("withdrawal returned", "order corrected", "account disabled"):
        REVISIONS[name][0]()
    all_ended()

    tasks.tell_people()
    tasks.tell_people(of_a_later_version=1)

    told = [sent.subject for sent in mail.outbox]
    assert [subject for subject in told if subject in REVISED] == REVISED


def test_send_notice_hands_the_mail_to_the_server(notice: Notice, server: MailServer) -> None:
    assert send(notice).status == MailStatus.SENT
    assert send(notice).attempts == 1

    (sent,) = server.mails
    assert "Subject: Your bank took a deposit back" in sent
    assert notice.row_id in sent


@pytest.mark.django_db(transaction=True)
def test_send_notice_in_two_processes_at_once_is_one_mail(
    notice: Notice, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)
    write = messages.message_of

    def write_together(notice: Notice) -> Any:
        both.wait()  # both have read it as waiting, and neither has claimed it
        return write(notice)

    monkeypatch.setattr(messages, "message_of", write_together)

    def run() -> None:
        try:
            send(notice)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.mails) == 1


@pytest.mark.parametrize("is_handed_over", [False, True], ids=["before the mail", "after the mail"])
def test_a_process_that_dies_after_its_claim_leaves_a_notice_that_is_not_sent_again(
    notice: Notice, monkeypatch: pytest.MonkeyPatch, is_handed_over: bool
) -> None:
    class Killed(BaseException):
        """Ends a process at this line: nothing catches it, and nothing is written after it."""

    def dies(message: Any) -> None:
        if is_handed_over:
            message.send()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "deliver", dies)
        with pytest.raises(Killed):
            send(notice)
    notice.refresh_from_db()
    assert notice.status == MailStatus.SENDING
    tell_people(now=timezone.now())  # it may still be at it
    notice.refresh_from_db()
    assert notice.status == MailStatus.SENDING

    for minutes in (5, 500):
        tell_people(now=timezone.now() + timedelta(minutes=minutes))

    notice.refresh_from_db()
    assert (notice.status, notice.error) == (MailStatus.UNKNOWN, delivery.LOST)
    assert len(mail.outbox) == is_handed_over


def test_a_process_that_was_taken_for_dead_writes_its_outcome_all_the_same(
    notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frozen(message: Any) -> None:
        delivery.settle_abandoned(Notice, now=timezone.now() + timedelta(minutes=5))
        message.send()

    monkeypatch.setattr(delivery, "deliver", frozen)

    assert send(notice).status == MailStatus.SENT
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", AFTER_DATA])
def test_send_notice_that_the_server_refuses_is_tried_again(
    notice: Notice, server: MailServer, command: str
) -> None:
    server.answers[command] = b"450 not now\r\n"
    now = timezone.now()

    refused = send(notice, now)

    assert (refused.status, refused.next_try_at) == (MailStatus.WAITING, now + delivery.FIRST_PAUSE)
    assert refused.error
    assert refused.user.email not in refused.error
    assert send(notice, now).attempts == 1  # not before its time
    server.answers.clear()
    server.mails.clear()
    assert send(notice, now + delivery.FIRST_PAUSE).status == MailStatus.SENT
    assert len(server.mails) == 1


def test_send_notice_that_stays_refused_is_given_up(
    notice: Notice, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["RCPT"] = b"550 nobody here\r\n"
    now = timezone.now()
    pauses = []
    while (tried := send(notice, now)).status == MailStatus.WAITING:
        pauses.append(tried.next_try_at - now)
        now = tried.next_try_at

    assert (tried.status, tried.attempts) == (MailStatus.FAILED, MAX_ATTEMPTS)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (delivery.FIRST_PAUSE, delivery.LONGEST_PAUSE)
    assert "is given up" in caplog.text
    assert tried.user.email not in caplog.text


@pytest.mark.parametrize("answer", [b"", None], ids=["the connection is cut", "silence"])
def test_send_notice_whose_answer_is_lost_is_not_sent_again(
    notice: Notice, server: MailServer, answer: bytes | None
) -> None:
    server.answers[AFTER_DATA] = answer

    assert send(notice).status == MailStatus.UNKNOWN

    server.answers.clear()
    tell_people(now=timezone.now() + timedelta(days=1))
    assert len(server.mails) == 1


def test_send_notice_goodbye_that_is_lost_changes_nothing(notice: Notice, server: MailServer) -> None:
    server.answers["QUIT"] = b""

    assert send(notice).status == MailStatus.SENT


@pytest.mark.parametrize("answer", [b"", None, b"421 too busy\r\n"], ids=["cut", "silent", "busy"])
def test_tell_people_asks_a_server_that_is_away_once_and_not_for_each_notice(
    notice: Notice, server: MailServer, answer: bytes | None
) -> None:
    for _ in range(2):
        undo_transfer()
    write_all()
    server.answers |= {"EHLO": answer, "HELO": answer}

    tell_people(now=timezone.now())

    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert not Notice.objects.due(timezone.now()).exists()
    server.answers.clear()
    Notice.objects.update(next_try_at=timezone.now())
    tell_people(now=timezone.now())
    assert set(Notice.objects.values_list("status", flat=True)) == {MailStatus.SENT}
    assert len(server.mails) == 3


def test_tell_people_a_notice_that_cannot_be_written_keeps_no_other_waiting(
    notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(kinds.WORDS, NoticeKind.DEPOSIT_RETURNED)
    undo_transfer("OUTGOING")
    write_all()

    for _ in range(MAX_ATTEMPTS):
        tell_people(now=timezone.now())
        Notice.objects.update(next_try_at=timezone.now())

    notice.refresh_from_db()
    assert (notice.status, notice.attempts) == (MailStatus.FAILED, MAX_ATTEMPTS)
    assert [sent.subject for sent in mail.outbox] == ["Your bank sent a withdrawal back"]


def test_tell_people_a_fault_after_the_claim_does_not_send_it_again(
    notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unforeseen(message: Any) -> None:
        message.send()
        raise RuntimeError("after the mail was handed over")

    monkeypatch.setattr(delivery, "deliver", unforeseen)

    for minutes in (0, 5, 500):
        tell_people(now=timezone.now() + timedelta(minutes=minutes))

    notice.refresh_from_db()
    assert notice.status == MailStatus.UNKNOWN
    assert len(mail.outbox) == 1
