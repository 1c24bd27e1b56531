"""Django's way of sending mail, as a row that a worker sends: a page waits for no mail server."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from brokerapp.mailing.services import queue_mail


class QueueBackend(BaseEmailBackend):
    """The backend (`EMAIL_BACKEND`) of whatever sends a mail without a row of its own, allauth for one."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each of them; how many. They are sent once the open transaction is committed."""
        for message in email_messages:
            queue_mail(message)
        return len(email_messages)
