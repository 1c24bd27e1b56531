"""A mail leaves once, if at all.

A mail cannot be sent again safely, and there is no asking whether it was sent. So a process claims it on disk
before it is handed to the mail server, and it is tried again only where the server certainly did not take it.
"""

import logging
import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from anymail.exceptions import AnymailError
from anymail.signals import RejectReason
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from brokerapp.mailing import arrivals, providers
from brokerapp.mailing.models import Arrival, MailModel, MailStatus
from brokerapp.workflow import sweeps

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=MailModel)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MAX_ATTEMPTS = 12
"""With the pauses above, most of a day."""
LOST = "The process that was sending it has ended. It may have been sent, so it is not sent again."
UNWRITTEN = "It could not be written; the log of the workers says why."
NO_ANSWER = "The mail server's answer was lost. It may have been sent, so it is not sent again."

NO_MAILBOX = "The mail server says that nothing can be delivered to this address."


class NotSent(Exception):
    """The mail was certainly not sent."""


class MailServerAway(NotSent):
    """The mail server was not reached, or does not let us in: no other mail would get through either."""


class AddressRefused(NotSent):
    """Nothing can be delivered to the address, now or later."""


class MayHaveBeenSent(Exception):
    """The mail was handed over, and what became of it is not known."""


def send_due(model: type[M], message_of: Callable[[M], EmailMessage], *, now: datetime) -> None:
    """Send every mail of a kind that is due; settle those whose process has ended."""
    settle_abandoned(model, now=now)
    sweeps.sweep(
        model._meta.label_lower,
        model._default_manager.due(now),
        lambda row: send(row, message_of, now=timezone.now()),
        failed=lambda row: _put_off_unwritten(row, timezone.now()),
    )


def send(row: M, message_of: Callable[[M], EmailMessage], *, now: datetime) -> M:
    """Send a mail that is due and that no process has claimed, and record the outcome; else change nothing.

    Returns the row re-read. Raises what `message_of` raises, before anything is claimed or sent.
    """
    message = message_of(row)
    # What providers call metadata: it comes back with the word of what became of the mail.
    message.metadata = {arrivals.KEY: arrivals.reference_of(row)}  # type: ignore[attr-defined]
    if not _claim(row, now):
        return row
    try:
        deliver(message)
    except AddressRefused:
        _give_up(row, message, now)
    except NotSent as error:
        _try_again(row, str(error), now)
        if isinstance(error, MailServerAway):
            type(row)._default_manager.due(now).update(next_try_at=now + FIRST_PAUSE)
    except MayHaveBeenSent as error:
        logger.error("%s may have been sent: %s", row, error)
        _conclude(row, status=MailStatus.UNKNOWN, error=NO_ANSWER)
    else:
        _conclude(row, status=MailStatus.SENT, sent_at=timezone.now(), error="")
    return row


def settle_abandoned(model: type[MailModel], *, now: datetime) -> int:
    """Close mails whose process died while it was sending them; how many. They are not sent again."""
    closed: int = model._default_manager.abandoned(now).update(status=MailStatus.UNKNOWN, error=LOST)
    if closed:
        logger.error("%s %ss may have been sent: their process has ended", closed, model._meta.verbose_name)
    return closed


def _claim(row: MailModel, now: datetime) -> bool:
    """Take on the one attempt that is due; False if another process did. The row is re-read either way."""
    with transaction.atomic(durable=True):
        due = type(row)._default_manager.due(now)
        claimed = due.filter(pk=row.pk, attempts=row.attempts)
        taken = claimed.update(status=MailStatus.SENDING, claimed_at=now, attempts=F("attempts") + 1)
    row.refresh_from_db()
    return bool(taken)


def deliver(message: EmailMessage) -> None:
    """Hand a mail to the mail server or the provider's API; `EMAIL_TIMEOUT` bounds each of its answers.

    Raises `NotSent` or `MayHaveBeenSent`.
    """
    connection = message.connection = get_connection(settings.MAIL_TRANSPORT)
    try:
        connection.open()
        session = getattr(connection, "connection", None)
        if isinstance(session, smtplib.SMTP):
            # Else Django greets a server without TLS and password only when it hands over the mail, and one
            # that hangs up then would look as if it might have taken it.
            session.ehlo_or_helo_if_needed()
    except OSError as error:
        raise MailServerAway(providers.name_of(error)) from error
    try:
        if not message.send():
            raise NotSent("The mail backend sent nothing.")
        if not providers.is_taken(message):
            raise MayHaveBeenSent("The provider's answer is not understood.")
    except (OSError, AnymailError) as error:
        raise _meaning(error) from error
    finally:
        with suppress(OSError):
            connection.close()


def _meaning(error: OSError | AnymailError) -> NotSent | MayHaveBeenSent:
    name = providers.name_of(error)
    if providers.refuses_address(error):
        return AddressRefused(name)
    if providers.is_away(error):
        return MailServerAway(name)
    return NotSent(name) if providers.refuses_mail(error) else MayHaveBeenSent(name)


def _put_off_unwritten(row: MailModel, now: datetime) -> None:
    """Let a mail that could not be written come later; one that was claimed may have been sent."""
    if row.status == MailStatus.WAITING:
        row.attempts += 1
        _try_again(row, UNWRITTEN, now)


def _give_up(row: MailModel, message: EmailMessage, now: datetime) -> None:
    """Note that a mail can never be delivered, and tell of its address."""
    came_back = {"arrival": Arrival.RETURNED, "arrival_at": now, "arrival_reason": RejectReason.INVALID}
    _conclude(row, status=MailStatus.FAILED, error=NO_MAILBOX, **came_back)
    for address in message.recipients():
        arrivals.tell(address, Arrival.RETURNED, now)


def _try_again(row: MailModel, error: str, now: datetime) -> None:
    """Note that a mail was not sent: it is due again after a pause that grows, or given up."""
    if row.attempts >= MAX_ATTEMPTS:
        logger.error("%s is given up after %s attempts: %s", row, row.attempts, error)
        _conclude(row, status=MailStatus.FAILED, attempts=row.attempts, error=error)
        return
    pause = min(FIRST_PAUSE * 2 ** (row.attempts - 1), LONGEST_PAUSE)
    waiting = {"status": MailStatus.WAITING, "next_try_at": now + pause, "attempts": row.attempts}
    _conclude(row, **waiting, error=error)


def _conclude(row: MailModel, **outcome: Any) -> None:
    """Write how our own attempt ended, also where it was taken for lost meanwhile."""
    ours = type(row)._default_manager.filter(pk=row.pk, claimed_at=row.claimed_at)
    ours.exclude(status__in=(MailStatus.SENT, MailStatus.FAILED)).update(**outcome)
    row.refresh_from_db()
