"""Mails that pages ask for wait, encrypted, in the transaction that asked, and are forgotten once gone."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import connection, transaction
from django.utils import timezone

from brokerapp.mailing import delivery, services
from brokerapp.mailing.models import MailStatus, QueuedMail

pytestmark = pytest.mark.django_db

LINK = "https://broker.example.com/accounts/password/reset/key/1-abc/"


@pytest.fixture(autouse=True)
def sent_tasks(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Pages queue their mails; no worker runs. The tasks that would be sent."""
    settings.EMAIL_BACKEND = "brokerapp.mailing.backend.QueueBackend"
    found: list[dict[str, object]] = []
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: found.append(ids))
    return found


def ask() -> QueuedMail:
    message = EmailMultiAlternatives("Reset", f"Follow {LINK}", "us@example.com", ["ana@example.com"])
    message.attach_alternative(f"<a href='{LINK}'>Reset</a>", "text/html")
    message.send()
    return QueuedMail.objects.get()


def test_mail_is_sent_as_it_was_written_once_and_forgotten() -> None:
    waiting = ask()
    assert mail.outbox == []
    for _ in range(2):
        services.send_mail(mail_id=waiting.pk, now=timezone.now())

    (sent,) = mail.outbox
    assert (sent.subject, sent.to, sent.from_email) == ("Reset", ["ana@example.com"], "us@example.com")
    assert LINK in sent.body
    assert isinstance(sent, EmailMultiAlternatives)
    assert [part[1] for part in sent.alternatives] == ["text/html"]
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    waiting.refresh_from_db()
    assert (waiting.status, waiting.content) == (MailStatus.SENT, None)


def test_mail_is_no_readable_text_in_the_database() -> None:
    ask()
    with connection.cursor() as cursor:
        cursor.execute("SELECT mailing_queuedmail::text FROM mailing_queuedmail")
        row = str(cursor.fetchall())
    assert LINK not in row
    assert "ana@example.com" not in row


def test_mail_of_what_was_rolled_back_is_not_sent(sent_tasks: list[dict[str, object]]) -> None:
    with transaction.atomic():
        send_mail("Reset", "Words", None, ["ana@example.com"])
        transaction.set_rollback(True)
    assert not QueuedMail.objects.exists()
    assert sent_tasks == []


def test_mail_that_is_given_up_forgets_its_words(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = ask()

    def away(message: EmailMessage) -> None:
        raise delivery.NotSent("SMTPRecipientsRefused")

    monkeypatch.setattr(delivery, "deliver", away)
    for _ in range(delivery.MAX_ATTEMPTS):
        assert QueuedMail.objects.get().content is not None
        services.send_mails(now=timezone.now())
        QueuedMail.objects.update(next_try_at=timezone.now())
    waiting.refresh_from_db()
    assert (waiting.status, waiting.content) == (MailStatus.FAILED, None)


def test_mail_with_an_attachment_is_refused() -> None:
    message = EmailMessage("Reset", "Words", None, ["ana@example.com"])
    message.attach("a.txt", "words", "text/plain")
    with pytest.raises(ValueError, match="attachments"):
        message.send()


def test_prune_mails_keeps_what_waits_and_what_is_young() -> None:
    old = timezone.now() - services.KEPT_FOR - timedelta(days=1)
    waits, ended = ask(), None
    QueuedMail.objects.update(created_at=old)
    ended = QueuedMail.objects.create(
        subject="x", status=MailStatus.SENT, sent_at=old, created_at=old, content=None
    )
    young = QueuedMail.objects.create(subject="x", status=MailStatus.SENT, sent_at=old, content=None)
    assert services.prune_mails(now=timezone.now()) == 1
    assert set(QueuedMail.objects.values_list("pk", flat=True)) == {waits.pk, young.pk}
    assert ended.pk not in {waits.pk, young.pk}
