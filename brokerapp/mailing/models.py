"""Mails on their way: what all kinds of them share, and those that pages ask for."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.security.encryption import EncryptedJSONField


class MailStatus(models.TextChoices):
    """How far a mail has come. FAILED and UNKNOWN are the last word: nothing is sent any more.

    NOT_MAILED is for what is told without a mail of its own.
    """

    WAITING = "WAITING", "Waiting"
    SENDING = "SENDING", "Being sent"
    SENT = "SENT", "Sent"
    FAILED = "FAILED", "Given up"
    UNKNOWN = "UNKNOWN", "May have been sent"
    NOT_MAILED = "NOT_MAILED", "No mail"


class Arrival(models.TextChoices):
    """What became of a mail after it was sent, as the mail provider says; DELAYED is not the last word."""

    DELAYED = "DELAYED", "Delayed"
    DELIVERED = "DELIVERED", "Delivered"
    RETURNED = "RETURNED", "Came back"
    SPAM = "SPAM", "Reported as spam"


NOT_ARRIVED = (Arrival.RETURNED, Arrival.SPAM)
ENDED = (MailStatus.SENT, MailStatus.FAILED, MailStatus.UNKNOWN)


class MailQuerySet(models.QuerySet[Any]):
    """Reads of mails of one kind."""

    def due(self, now: datetime) -> "MailQuerySet":
        """Mails to send now, the longest due first."""
        return self.filter(status=MailStatus.WAITING, next_try_at__lte=now).order_by("next_try_at", "pk")

    def abandoned(self, now: datetime) -> "MailQuerySet":
        """Mails whose process cannot be alive any more and has left no outcome."""
        ended = now - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
        return self.filter(status=MailStatus.SENDING, claimed_at__lt=ended)


class MailModel(models.Model):
    """One mail: whether it was sent, and when it is tried next. `delivery` and `arrivals` change it."""

    status = models.CharField(max_length=10, choices=MailStatus, default=MailStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="when a process began to send it")
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    arrival = models.CharField(
        max_length=9, choices=Arrival, blank=True, help_text="empty while the mail provider said nothing"
    )
    arrival_at = models.DateTimeField(null=True, blank=True, help_text="by the mail provider's clock")
    arrival_reason = models.CharField(
        max_length=20, blank=True, help_text="why it came back, in one word of django-anymail's"
    )

    objects = MailQuerySet.as_manager()

    class Meta:
        abstract = True


class QueuedMail(MailModel):
    """A mail that a page asked for: to confirm an address, to reset a password, that a sign-in changed.

    What it says and to whom is encrypted, as it may hold a link that signs in, and is forgotten once the mail
    has left or is given up.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.CharField(max_length=200)
    content = EncryptedJSONField(
        null=True, blank=True, help_text="the arguments of `django.core.mail.EmailMultiAlternatives`"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=MailStatus.SENT, sent_at__isnull=False)
                | (~Q(status=MailStatus.SENT) & Q(sent_at__isnull=True)),
                name="mail_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=MailStatus.SENDING) | Q(claimed_at__isnull=False),
                name="mail_sending_is_claimed",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status=MailStatus.WAITING), name="mail_waiting"),
            models.Index(fields=["claimed_at"], condition=Q(status=MailStatus.SENDING), name="mail_sending"),
            models.Index(fields=["-created_at", "-id"], name="mail_newest"),
            models.Index(fields=["created_at"], condition=Q(arrival__in=NOT_ARRIVED), name="mail_returned"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"
