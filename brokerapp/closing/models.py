"""A person's wish to have an account closed: what is true of one row."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.writes import SentModel


class ClosingStatus(models.TextChoices):
    """How far it has come."""

    SUBMITTING = "SUBMITTING", "Being sent"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    REFUSED = "REFUSED", "Not closed"
    CLOSED = "CLOSED", "Closed"


CLOSING_TRANSITIONS: dict[str, frozenset[str]] = {
    ClosingStatus.SUBMITTING: frozenset({ClosingStatus.CLOSED, ClosingStatus.REFUSED, ClosingStatus.UNKNOWN}),
    # Asked again, as it is, once the broker says that the account is still open: twice does no harm.
    ClosingStatus.UNKNOWN: frozenset({ClosingStatus.CLOSED, ClosingStatus.REFUSED}),
    ClosingStatus.REFUSED: frozenset(),
    ClosingStatus.CLOSED: frozenset(),
}


class AccountClosing(SentModel):
    """One wish to have an account closed. Kept as the record of who asked for it, and when."""

    TRANSITIONS = CLOSING_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="closings")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="closings")
    status = models.CharField(max_length=20, choices=ClosingStatus, default=ClosingStatus.SUBMITTING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "send_after"], name="closing_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=~Q(status=ClosingStatus.REFUSED),
                name="closing_asked_for_once",
            )
        ]

    def __str__(self) -> str:
        return f"closing of {self.account}"

    @property
    def is_under_way(self) -> bool:
        """Whether it is not known yet what it came to."""
        return self.status in (ClosingStatus.SUBMITTING, ClosingStatus.UNKNOWN)
