"""The inbox as its person, a stranger and a visitor find it; what a person can turn off, and what not."""

import threading
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.accounts.signin import mails
from brokerapp.mailing.models import MailStatus
from brokerapp.mailing.services import message_of as page_mail
from brokerapp.mailing.services import queue_mail
from brokerapp.notices import inbox
from brokerapp.notices.kinds import ALWAYS_MAILED, WORDS, Category, kinds_of
from brokerapp.notices.models import Notice, NoticeKind, NoticePreferences
from brokerapp.notices.reader import write_notices
from brokerapp.workflow.models import StatusChange
from tests.factories import TransferFactory, UserFactory
from tests.sandbox_process import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(status: str = "COMPLETE") -> Any:
    """A transfer of which its person was told."""
    transfer = TransferFactory.create(status=status)
    write_notices(StatusChange.objects.order_by("pk"))
    transfer.user.refresh_from_db()
    return transfer


def fake_notices(person: User, number: int) -> None:
    Notice.objects.bulk_create(
        [
            Notice(
                user=person, kind=NoticeKind.ORDER_FILLED, row_type="trading.Order", row_id="x", change_id=pk
            )
            for pk in range(10_000, 10_000 + number)
        ]
    )
    inbox.recount({person.pk})


def test_inbox_shows_what_was_told_and_how_much_is_not_read() -> None:
    transfer = told()
    client = client_of(transfer.user)

    page = client.get(reverse("inbox")).content.decode()

    assert "Your deposit has arrived" in page
    assert transfer.user.unread_notices == Notice.objects.filter(user=transfer.user).count() > 1
    assert f"{transfer.user.unread_notices} not read yet" in page


def test_opening_a_notice_shows_its_page_and_marks_it_as_read() -> None:
    transfer = told()
    client = client_of(transfer.user)
    notice = Notice.objects.get(kind=NoticeKind.DEPOSIT_DONE)
    address = reverse("notice", args=[notice.pk])
    before = transfer.user.unread_notices

    client.head(address)
    assert Notice.objects.get(pk=notice.pk).read_at is None
    page = client.get(address).content.decode()

    assert f"/a/{transfer.account_id}/transfer/{transfer.pk}/" in page
    assert str(transfer.pk) in page
    assert "Individual ••6106" in page
    assert f"{reverse('help')}?reference={transfer.pk}" in page
    assert User.objects.get(pk=transfer.user_id).unread_notices == before - 1
    client.post(reverse("mark_unread", args=[notice.pk]))
    assert User.objects.get(pk=transfer.user_id).unread_notices == before


def test_inbox_of_somebody_else_is_theirs_alone() -> None:
    told()
    notice = Notice.objects.get(kind=NoticeKind.DEPOSIT_DONE)
    stranger = client_of(UserFactory.create())

    assert "Nothing yet" in stranger.get(reverse("inbox")).content.decode()
    assert stranger.get(reverse("notice", args=[notice.pk])).status_code == 404
    assert stranger.post(reverse("mark_unread", args=[notice.pk])).status_code == 404
    stranger.post(reverse("mark_read"))
    assert Notice.objects.get(pk=notice.pk).read_at is None
    assert Client().get(reverse("inbox")).status_code == 302


def test_mark_read_reads_everything() -> None:
    transfer = told()
    client_of(transfer.user).post(reverse("mark_read"))
    assert User.objects.get(pk=transfer.user_id).unread_notices == 0
    assert not Notice.objects.filter(user=transfer.user, read_at=None).exists()


def test_inbox_is_narrowed_by_what_the_address_says() -> None:
    transfer = told()
    client = client_of(transfer.user)

    def shown(query: str) -> str:
        return client.get(f"{reverse('inbox')}{query}").content.decode()

    assert "Your deposit has arrived" in shown("?about=money")
    assert "A bank was linked" not in shown("?about=money")
    assert "A bank was linked" in shown("?about=security")
    assert "Nothing here" in shown("?about=documents")
    client.post(reverse("mark_read"))
    assert "Nothing here" in shown("?show=unread")
    assert "Your deposit has arrived" in shown("?about=nonsense&page=nonsense")


def test_inbox_of_many_notices_has_pages_and_asks_no_more() -> None:
    person = UserFactory.create()
    client = client_of(person)
    fake_notices(person, 3)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(reverse("inbox"))
    fake_notices_more(person)

    with CaptureQueriesContext(connection) as many:
        page = client.get(reverse("inbox")).content.decode()

    assert len(many) == len(few)
    assert "Next page" in page
    assert "99+" in page
    assert client.get(f"{reverse('inbox')}?page=5").status_code == 200


def fake_notices_more(person: User) -> None:
    Notice.objects.filter(user=person).delete()
    fake_notices(person, 120)


def test_unread_figure_costs_a_page_no_query() -> None:
    """It is a column of the person, whom every page reads."""
    person = UserFactory.create()
    fake_notices(person, 2)
    client = client_of(person)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("display")).content.decode()
    assert "2 not read yet" in page
    assert not [query for query in asked if "notices_notice" in query["sql"]]


def test_notice_whose_subject_is_gone_says_so() -> None:
    person = UserFactory.create()
    notice = Notice.objects.create(
        user=person,
        kind=NoticeKind.DEPOSIT_DONE,
        row_type="funding.Transfer",
        row_id="19a2c1a5-a1c9-4a4b-8c1c-1f5a3c6b9d22",
        change_id=1,
    )
    page = client_of(person).get(reverse("notice", args=[notice.pk]))
    assert "not kept here any more" in page.content.decode()


def test_preferences_turn_off_what_may_be_and_nothing_else() -> None:
    transfer = TransferFactory.create(status="COMPLETE")
    client = client_of(transfer.user)
    page = client.get(reverse("notice_preferences")).content.decode()
    for category in ALWAYS_MAILED:
        assert f'name="{category}"' not in page
    off = {"fills": "none", "security": "", "account": "", "documents": ""}

    assert client.post(reverse("notice_preferences"), off).status_code == 302
    write_notices(StatusChange.objects.order_by("pk"))

    notices = {notice.kind: notice for notice in Notice.objects.filter(user=transfer.user)}
    assert notices[NoticeKind.DEPOSIT_DONE].status == MailStatus.NOT_MAILED
    assert notices[NoticeKind.BANK_LINKED].status == MailStatus.WAITING
    assert client.post(reverse("notice_preferences"), {"fills": "weekly"}).status_code == 422


def test_what_the_law_or_safety_asks_for_is_mailed_whatever_is_preferred() -> None:
    from brokerapp.notices.reader import is_mailed

    nothing = NoticePreferences(money=False, orders=False, help=False, fills="none")
    mailed = {kind for kind in NoticeKind if is_mailed(kind, nothing)}
    always = {kind for category in ALWAYS_MAILED for kind in kinds_of(category)}
    assert mailed == {kind for kind in always if not WORDS[kind].mailed_apart}
    assert {NoticeKind.DEPOSIT_RETURNED, NoticeKind.WITHDRAWAL_STARTED, NoticeKind.NEW_DOCUMENT} <= mailed
    assert {Category.SECURITY, Category.ACCOUNT, Category.DOCUMENTS} == ALWAYS_MAILED


def test_change_of_the_sign_in_is_in_the_inbox_and_mailed_once() -> None:
    person = UserFactory.create()
    mails.tell(person, "account/email/password_changed")
    write_notices(StatusChange.objects.order_by("pk"))
    write_notices(StatusChange.objects.order_by("pk"))

    notice = Notice.objects.get(user=person)
    assert (notice.kind, notice.status) == (NoticeKind.PASSWORD_CHANGED, MailStatus.NOT_MAILED)
    (mailed,) = mail.outbox
    sent = page_mail(queue_mail(mailed))
    assert "text/html" in [part.mimetype for part in sent.alternatives]  # type: ignore[attr-defined]
    page = client_of(person).get(reverse("notice", args=[notice.pk]))
    assert reverse("account_security") in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_all_read_while_a_notice_is_being_written_counts_that_one() -> None:
    person = UserFactory.create()
    fake_notices(person, 1)

    def read_all() -> None:
        inbox.mark_read(user_id=person.pk, now=timezone.now())
        connection.close()

    reader = threading.Thread(target=read_all)
    with transaction.atomic():
        Notice.objects.create(
            user=person, kind=NoticeKind.ORDER_FILLED, row_type="trading.Order", row_id="x", change_id=1
        )
        inbox.recount({person.pk})
        reader.start()
        eventually(is_somebody_waiting, what="it waiting for the person's row")
    reader.join()
    person.refresh_from_db()
    unread = Notice.objects.filter(user=person, read_at__isnull=True).count()
    assert (unread, person.unread_notices) == (1, 1)


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
