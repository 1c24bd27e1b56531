"""Each event is told once and mailed at most once, whatever is killed, replayed, doubled or out of order.

`NOTICE_EVENTS=20000 make test ARGS="tests/brokerapp/notices/test_exactly_once.py -n0 -q"` does more of it.
"""

import os
import random
from collections import Counter
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from brokerapp.mailing import delivery
from brokerapp.mailing.models import MailStatus
from brokerapp.notices import messages, reader
from brokerapp.notices.models import Notice
from brokerapp.notices.services import tell_people
from brokerapp.workflow import outbox
from brokerapp.workflow.models import OutboxCursor, StatusChange
from tests.brokerapp.notices.test_reader import all_ended
from tests.factories import BrokerageAccountFactory, TransferFactory

NUMBER = int(os.environ.get("NOTICE_EVENTS", "2000"))
PEOPLE = 20
MAILED = 60
"""So many of them are handed to the mail server; each is a call of its own."""


class Killed(BaseException):
    """Ends a worker at this line: nothing catches it."""


def happen(rows: list[Any]) -> list[int]:
    """Changes of status as services write them, some twice in a row as events and polls tell them."""
    steps = [
        ("SUBMITTING", "QUEUED"),
        ("SENT_TO_CLEARING", "COMPLETE"),
        ("COMPLETE", "RETURNED"),
        ("NEW", "NEW"),  # a note, of which nobody is told
    ]
    changes = [
        StatusChange(
            row_type="funding.Transfer",
            row_id=str(random.choice(rows).pk),
            person_id=1,
            from_status=before,
            to_status=after,
            actor="event",
        )
        for before, after in (random.choice(steps) for _ in range(NUMBER))
    ]
    return [change.pk for change in StatusChange.objects.bulk_create(changes)]


def read_until_done(monkeypatch: pytest.MonkeyPatch) -> int:
    """Read the history as workers do that die before, in the midst of and after writing; how many died."""
    died = 0
    write = reader.write_notices

    def dies(changes: list[StatusChange]) -> None:
        fate = random.random()
        if fate < 0.2:
            raise Killed
        doubled = [*changes, *random.sample(changes, len(changes) // 3)]
        random.shuffle(doubled)
        write(doubled)
        if fate < 0.5:
            raise Killed

    monkeypatch.setattr(reader, "write_notices", dies)
    while True:
        try:
            if not reader.read_history():
                return died
        except Killed:
            died += 1


@pytest.mark.django_db(transaction=True)
def test_every_event_is_told_once_and_mailed_at_most_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(7)
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)
    monkeypatch.setattr(outbox, "BATCH", 97)
    transfers = [TransferFactory.create(BrokerageAccountFactory.create()) for _ in range(PEOPLE)]
    all_ended()
    outbox.start_reader(reader.READER)
    happened = happen(transfers)
    all_ended()

    died = read_until_done(monkeypatch)
    OutboxCursor.objects.update(transaction_id=0, change_id=0)  # a replay of everything
    died += read_until_done(monkeypatch)

    told = Counter(Notice.objects.filter(change_id__in=happened).values_list("change_id", flat=True))
    silent = set(StatusChange.objects.filter(pk__in=happened, to_status="NEW").values_list("pk", flat=True))
    assert died > NUMBER // 200
    assert set(told) == set(happened) - silent
    assert set(told.values()) == {1}
    for transfer in transfers:
        transfer.user.refresh_from_db()
        assert transfer.user.unread_notices == Notice.objects.filter(user=transfer.user).count()
    mail_with_killed_workers(monkeypatch)


def mail_with_killed_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the workers that send die, before the server has the mail or after."""
    waiting = Notice.objects.filter(status=MailStatus.WAITING)
    kept = Notice.objects.filter(pk__in=list(waiting.values_list("pk", flat=True)[:MAILED]))
    Notice.objects.exclude(pk__in=kept.values("pk")).update(status=MailStatus.NOT_MAILED)
    deliver = delivery.deliver

    def dies(message: Any) -> None:
        fate = random.random()
        if fate < 0.2:
            raise Killed
        deliver(message)
        if fate < 0.4:
            raise Killed

    monkeypatch.setattr(delivery, "deliver", dies)
    now = timezone.now()
    for notice in Notice.objects.due(now):
        for _ in range(2):  # two workers are told of it
            try:
                delivery.send(notice, messages.message_of, now=now)
            except Killed:
                continue
    tell_people(now=now)

    mailed = Counter((sent.to[0], str(sent.subject), reference(sent)) for sent in mail.outbox)
    due = Counter(
        (notice.user.email, notice.words.subject, notice.row_id) for notice in kept.select_related("user")
    )
    assert kept.count() == MAILED
    assert not mailed - due  # none twice
    assert set(kept.values_list("status", flat=True)) == {MailStatus.SENT, MailStatus.SENDING}
    assert kept.filter(status=MailStatus.SENT).count() < len(mail.outbox) < MAILED


def reference(sent: Any) -> str:
    return str(sent.body).split("Our reference: ")[1].split()[0]
