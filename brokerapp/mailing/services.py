"""Mails that pages ask for: kept on disk with what they are about, and sent by a worker."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage, EmailMultiAlternatives

from brokerapp.mailing import delivery
from brokerapp.mailing.html import as_html
from brokerapp.mailing.models import ENDED, QueuedMail
from brokerapp.workflow import jobs

KEPT_FOR = timedelta(days=90)
"""How long it is known that there was a mail, and how it ended."""
MEMBERS = ("body", "from_email", "to", "cc", "bcc", "reply_to", "extra_headers")


def queue_mail(message: EmailMessage) -> QueuedMail:
    """Keep a mail in the transaction that is open, and have a worker send it once that is committed.

    Raises `ValueError` for one with attachments, which no page has.
    """
    if message.attachments:
        raise ValueError("a mail with attachments cannot wait")
    content: dict[str, Any] = {name: getattr(message, name) for name in MEMBERS}
    alternatives = getattr(message, "alternatives", [])
    content["alternatives"] = [[str(part[0]), str(part[1])] for part in alternatives]
    subject = str(message.subject)
    mail = QueuedMail.objects.create(subject=subject[:200], content={**content, "subject": subject})
    jobs.enqueue("brokerapp.mailing.tasks.send_mail", mail_id=mail.pk)
    return mail


def message_of(mail: QueuedMail) -> EmailMessage:
    """The mail as it was given to `queue_mail`, with the HTML of its text where it has none."""
    content = dict(mail.content or {})
    message = EmailMultiAlternatives(headers=content.pop("extra_headers"), **content)
    if not message.alternatives:
        message.attach_alternative(as_html(str(message.subject), str(message.body)), "text/html")
    # A reply from a machine is not wanted (RFC 3834).
    message.extra_headers.setdefault("Auto-Submitted", "auto-generated")
    return message


def send_mail(*, mail_id: UUID | str, now: datetime) -> None:
    """Send one mail, if it is due; forget what it said once nothing is tried any more."""
    mail = QueuedMail.objects.due(now).filter(pk=mail_id).first()
    if mail is not None:
        delivery.send(mail, message_of, now=now)
    _forget_ended()


def send_mails(*, now: datetime) -> None:
    """Sweep: every mail that is due."""
    delivery.send_due(QueuedMail, message_of, now=now)
    _forget_ended()


def _forget_ended() -> None:
    QueuedMail.objects.filter(status__in=ENDED, content__isnull=False).update(content=None)


def prune_mails(*, now: datetime) -> int:
    """Forget mails past their time; how many."""
    gone, _ = QueuedMail.objects.filter(status__in=ENDED, created_at__lt=now - KEPT_FOR).delete()
    return gone
