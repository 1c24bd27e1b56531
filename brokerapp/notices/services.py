"""Notices are sent: once each, if at all.

A mail cannot be sent again safely, and there is no asking whether it was sent. So a process claims it on disk
before it is handed to the mail server, and it is tried again only where the server certainly did not take it.
"""

import logging
import smtplib
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from brokerapp.notices import messages, reader
from brokerapp.notices.models import Notice, NoticeStatus
from brokerapp.workflow import sweeps

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MAX_ATTEMPTS = 12
"""With the pauses above, most of a day."""
LOST = "The process that was sending it has ended. It may have been sent, so it is not sent again."
UNWRITTEN = "It could not be written; the log of the workers says why."
NO_ANSWER = "The mail server's answer was lost. It may have been sent, so it is not sent again."

REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)
"""The mail server answered, and took nothing."""


class NotSent(Exception):
    """The mail was certainly not sent."""


class MailServerAway(NotSent):
    """The mail server was not reached, or does not let us in: no other mail would get through either."""


class MayHaveBeenSent(Exception):
    """The mail was handed over, and what became of it is not known."""


def tell_people(*, now: datetime) -> None:
    """Read the status history and send every notice that is due; settle those whose process has ended."""
    reader.read_history()
    settle_abandoned(now=now)
    sweeps.sweep(
        "notices",
        Notice.objects.due(now),
        lambda notice: send_notice(notice=notice, now=timezone.now()),
        failed=lambda notice: _put_off_unwritten(notice, timezone.now()),
    )


def send_notice(*, notice: Notice, now: datetime) -> Notice:
    """Send a notice that is due and that no process has claimed, and record the outcome; else change nothing.

    Returns the row re-read. Raises what `messages.message_of` raises, before anything is claimed or sent.
    """
    message = messages.message_of(notice)
    if not _claim(notice, now):
        return notice
    try:
        deliver(message)
    except NotSent as error:
        _try_again(notice, str(error), now)
        if isinstance(error, MailServerAway):
            Notice.objects.due(now).update(next_try_at=now + FIRST_PAUSE)
    except MayHaveBeenSent as error:
        logger.error("%s may have been sent: %s", notice, error)
        _conclude(notice, status=NoticeStatus.UNKNOWN, error=NO_ANSWER)
    else:
        _conclude(notice, status=NoticeStatus.SENT, sent_at=timezone.now(), error="")
    return notice


def settle_abandoned(*, now: datetime) -> int:
    """Close notices whose process died while it was sending them; how many. They are not sent again."""
    closed = Notice.objects.abandoned(now).update(status=NoticeStatus.UNKNOWN, error=LOST)
    if closed:
        logger.error("%s notices may have been sent: their process has ended", closed)
    return closed


def _claim(notice: Notice, now: datetime) -> bool:
    """Take on the one attempt that is due; False if another process did. The row is re-read either way."""
    with transaction.atomic(durable=True):
        claimed = Notice.objects.due(now).filter(pk=notice.pk, attempts=notice.attempts)
        taken = claimed.update(status=NoticeStatus.SENDING, claimed_at=now, attempts=F("attempts") + 1)
    notice.refresh_from_db()
    return bool(taken)


def deliver(message: EmailMessage) -> None:
    """Hand a mail to the mail server, which `EMAIL_TIMEOUT` bounds. Raises `NotSent` or `MayHaveBeenSent`."""
    connection = message.connection = get_connection()
    try:
        connection.open()
        session = getattr(connection, "connection", None)
        if isinstance(session, smtplib.SMTP):
            # Else Django greets a server without TLS and password only when it hands over the mail, and one
            # that hangs up then would look as if it might have taken it.
            session.ehlo_or_helo_if_needed()
    except OSError as error:
        raise MailServerAway(_name(error)) from error
    try:
        if not message.send():
            raise NotSent("The mail backend sent nothing.")
    except REFUSALS as error:
        raise NotSent(_name(error)) from error
    except OSError as error:
        raise MayHaveBeenSent(_name(error)) from error
    finally:
        with suppress(OSError):
            connection.close()


def _name(error: OSError) -> str:
    """An error without its text, which can hold the address."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()


def _put_off_unwritten(notice: Notice, now: datetime) -> None:
    """Let a notice that could not be written come later; one that was claimed may have been sent."""
    if notice.status == NoticeStatus.WAITING:
        notice.attempts += 1
        _try_again(notice, UNWRITTEN, now)


def _try_again(notice: Notice, error: str, now: datetime) -> None:
    """Note that a notice was not sent: it is due again after a pause that grows, or given up."""
    if notice.attempts >= MAX_ATTEMPTS:
        logger.error("%s is given up after %s attempts: %s", notice, notice.attempts, error)
        _conclude(notice, status=NoticeStatus.FAILED, attempts=notice.attempts, error=error)
        return
    pause = min(FIRST_PAUSE * 2 ** (notice.attempts - 1), LONGEST_PAUSE)
    waiting = {"status": NoticeStatus.WAITING, "next_try_at": now + pause, "attempts": notice.attempts}
    _conclude(notice, **waiting, error=error)


def _conclude(notice: Notice, **outcome: Any) -> None:
    """Write how our own attempt ended, also where it was taken for lost meanwhile."""
    ours = Notice.objects.filter(pk=notice.pk, claimed_at=notice.claimed_at)
    ours.exclude(status__in=(NoticeStatus.SENT, NoticeStatus.FAILED)).update(**outcome)
    notice.refresh_from_db()
