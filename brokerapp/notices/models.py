"""What people are told: what each notice is about, whether it was mailed and read, and what they prefer."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.mailing.models import NOT_ARRIVED, MailModel, MailQuerySet, MailStatus
from brokerapp.notices.kinds import WORDS, NoticeKind, Words

__all__ = ["Digest", "Fills", "Notice", "NoticeKind", "NoticePreferences"]

UUID_LENGTH = 36


class Fills(models.TextChoices):
    """How a person is mailed of orders that were filled."""

    EACH = "each", "One mail for each order"
    MINUTES = "minutes", "One mail for all orders of a quarter of an hour"
    DAY = "day", "One mail a day, after the market closes"
    NONE = "none", "No mail: in the inbox only"


class NoticePreferences(models.Model):
    """What a person wants by mail; everything is in their inbox, and some of it is mailed in any case."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notice_preferences",
    )
    money = models.BooleanField(default=True)
    orders = models.BooleanField(default=True)
    help = models.BooleanField(default=True)
    fills = models.CharField(max_length=8, choices=Fills, default=Fills.MINUTES)

    def __str__(self) -> str:
        return f"preferences of {self.pk}"


class DigestQuerySet(MailQuerySet):
    """Reads of digests."""

    def due(self, now: datetime) -> "DigestQuerySet":
        """Digests to send now: no notice comes to them any more."""
        return super().due(now).filter(closed_at__isnull=False)  # type: ignore[return-value]


class Digest(MailModel):
    """One mail about several notices of one person. Until `closed_at` further ones are put into it.

    It is closed, once its time is over, by a statement that waits for whoever is putting one in, and only
    then written and sent: so that none is left out of its mail, and none is in two.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="digests")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = DigestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=MailStatus.SENT, sent_at__isnull=False)
                | (~Q(status=MailStatus.SENT) & Q(sent_at__isnull=True)),
                name="digest_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=MailStatus.SENDING) | Q(claimed_at__isnull=False),
                name="digest_sending_is_claimed",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(closed_at__isnull=True), name="digest_open_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(status=MailStatus.WAITING), name="digest_waiting"
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(status=MailStatus.SENDING), name="digest_sending"
            ),
        ]

    def __str__(self) -> str:
        return f"digest {self.pk}"


class Notice(MailModel):
    """What one person is told of one change of the status history; kept as long as that.

    It is in their inbox and, where `status` says so, a mail. It holds no words and no address: both are
    looked up when it is read or sent. Its own steps are in no status history, which is what it is made from.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=30, choices=NoticeKind)
    row_type = models.CharField("about", max_length=100)
    row_id = models.CharField(max_length=64)
    change_id = models.BigIntegerField("status change", unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True, help_text="when the person read it in their inbox")
    digest = models.ForeignKey(
        Digest,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="notices",
        help_text="the mail that tells of it together with others",
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=MailStatus.SENT, sent_at__isnull=False)
                | (~Q(status=MailStatus.SENT) & Q(sent_at__isnull=True)),
                name="notice_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=MailStatus.SENDING) | Q(claimed_at__isnull=False),
                name="notice_sending_is_claimed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(status=MailStatus.WAITING), name="notice_waiting"
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(status=MailStatus.SENDING), name="notice_sending"
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=(MailStatus.FAILED, MailStatus.UNKNOWN)),
                name="notice_not_sent",
            ),
            models.Index(fields=["row_id"], name="notice_row"),
            models.Index(fields=["-created_at", "-id"], name="notice_newest"),
            models.Index(fields=["created_at"], condition=Q(arrival__in=NOT_ARRIVED), name="notice_returned"),
            models.Index(fields=["user", "-created_at", "-id"], name="notice_inbox"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"

    @property
    def reference(self) -> str:
        """What its person quotes: the row's id as its page shows it, else the change of the history, `N123`.

        `brokerapp.support.subjects` finds both.
        """
        return self.row_id if len(self.row_id) == UUID_LENGTH else f"N{self.change_id}"

    @property
    def words(self) -> Words:
        """Its subject, category and page."""
        return WORDS[NoticeKind(self.kind)]
