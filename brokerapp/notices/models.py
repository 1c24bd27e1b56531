"""Mails to people: what each is about, and whether it was sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.mailing.models import MailModel, MailStatus


class NoticeKind(models.TextChoices):
    """What a person is told; the words are in `brokerapp.notices.messages`."""

    DEPOSIT_RETURNED = "DEPOSIT_RETURNED", "deposit returned"
    WITHDRAWAL_RETURNED = "WITHDRAWAL_RETURNED", "withdrawal returned"
    TRANSFER_TAKEN_BACK = "TRANSFER_TAKEN_BACK", "transfer taken back"
    CREDIT_CORRECTED = "CREDIT_CORRECTED", "credit corrected"
    ORDER_REVISED = "ORDER_REVISED", "order revised"
    ACCOUNT_ACTION = "ACCOUNT_ACTION", "account needs something"
    ACCOUNT_IN_REVIEW = "ACCOUNT_IN_REVIEW", "account in review again"
    ACCOUNT_ENDED = "ACCOUNT_ENDED", "account not in use any more"
    WITHDRAWALS_HELD = "WITHDRAWALS_HELD", "withdrawals on hold"
    WITHDRAWALS_OPENED = "WITHDRAWALS_OPENED", "withdrawals opened by staff"
    SECURED = "SECURED", "account secured"
    NEW_DOCUMENT = "NEW_DOCUMENT", "new document"


class Notice(MailModel):
    """One mail to one person about one change of the status history; kept as long as that.

    It holds no words and no address: both are looked up when it is sent. Its own steps are in no status
    history, which is what it is made from.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=30, choices=NoticeKind)
    row_type = models.CharField("about", max_length=100)
    row_id = models.CharField(max_length=64)
    change_id = models.BigIntegerField("status change", unique=True)
    created_at = models.DateTimeField(default=timezone.now)

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
            models.Index(fields=["row_id"], name="notice_row"),
            models.Index(fields=["-created_at", "-id"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
