"""Bank links and transfers: what is true of one row."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.security.encryption import EncryptedTextField
from brokerapp.workflow.state import StatusModel
from funding.statuses import (
    BANK_TRANSITIONS,
    FINAL_BANK,
    IN_FLIGHT_TRANSFER,
    MOVING_TRANSFER,
    TRANSFER_TRANSITIONS,
    UNSETTLED_BANK,
    UNSETTLED_TRANSFER,
    WAITING_BANK,
    BankLinkStatus,
    Direction,
    TransferStatus,
)

RETURN_WINDOW = timedelta(days=60)
"""How long a consumer may have an ACH debit returned as unauthorized (Nacha rules, return code R10)."""


class BankLinkQuerySet(models.QuerySet["BankLink"]):
    """Reads of bank links."""

    def active(self) -> "BankLinkQuerySet":
        """The links that count against Alpaca's one per account."""
        return self.exclude(status__in=FINAL_BANK)

    def unsettled(self, before: datetime) -> "BankLinkQuerySet":
        """Links whose last call has no known outcome, and that have been so since `before`."""
        return self.filter(status__in=UNSETTLED_BANK, status_at__lt=before)

    def waiting(self) -> "BankLinkQuerySet":
        """Links that Alpaca is still approving."""
        return self.filter(status__in=WAITING_BANK)


class BankLink(StatusModel):
    """A person's bank account, linked for ACH: Alpaca's "ACH relationship". Its numbers are encrypted."""

    TRANSITIONS = BANK_TRANSITIONS

    class AccountType(models.TextChoices):
        """Alpaca's `bank_account_type`."""

        CHECKING = "CHECKING", "Checking"
        SAVINGS = "SAVINGS", "Savings"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bank_links")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="bank_links")
    status = models.CharField(max_length=20, choices=BankLinkStatus, default=BankLinkStatus.SUBMITTING)
    broker_status = models.CharField(max_length=40, blank=True)
    relationship_id = models.UUIDField("relationship ID at Alpaca", null=True, blank=True, unique=True)
    broker_updated_at = models.DateTimeField(null=True, blank=True)

    account_owner_name = models.CharField(max_length=120)
    bank_account_type = models.CharField(max_length=10, choices=AccountType)
    bank_account_number = EncryptedTextField()
    bank_routing_number = EncryptedTextField()
    last4 = models.CharField("last four digits", max_length=4)
    nickname = models.CharField(max_length=50, blank=True)
    bank_name = models.CharField(max_length=60, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = BankLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "status_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=~Q(status__in=FINAL_BANK),
                name="bank_link_one_active_per_account",
            ),
            models.CheckConstraint(
                condition=Q(relationship_id__isnull=False)
                | Q(status__in=(BankLinkStatus.SUBMITTING, BankLinkStatus.UNKNOWN, BankLinkStatus.REJECTED)),
                name="bank_link_at_broker_has_id",
            ),
        ]

    def __str__(self) -> str:
        return f"bank …{self.last4}"

    @property
    def name(self) -> str:
        """How the person knows it: nickname, bank or account type, and the last four digits."""
        return f"{self.nickname or self.bank_name or self.get_bank_account_type_display()} ••{self.last4}"

    @property
    def is_approved(self) -> bool:
        """Whether Alpaca lets money move over this link."""
        return self.status == BankLinkStatus.APPROVED


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Reads of transfers."""

    def in_flight(self) -> "TransferQuerySet":
        """Transfers that have not ended, those with an unknown outcome among them."""
        return self.filter(status__in=IN_FLIGHT_TRANSFER)

    def unsettled(self, before: datetime | None = None) -> "TransferQuerySet":
        """Transfers that we cannot yet match to one at Alpaca, and that have been so since `before`."""
        found = self.filter(status__in=UNSETTLED_TRANSFER)
        return found if before is None else found.filter(status_at__lt=before)

    def due(self, now: datetime) -> "TransferQuerySet":
        """Transfers to poll: the younger and the less settled, the more often.

        Under an hour old, at every sweep; on the way for longer, every ten minutes (a real ACH takes days);
        complete deposits every six hours for as long as the bank may return them. Events tell sooner.
        """
        moving = Q(status__in=MOVING_TRANSFER)
        return self.filter(
            (moving & Q(created_at__gt=now - timedelta(hours=1)))
            | (moving & (Q(synced_at__lt=now - timedelta(minutes=10)) | Q(synced_at__isnull=True)))
            | Q(
                status=TransferStatus.COMPLETE,
                direction=Direction.INCOMING,
                created_at__gt=now - RETURN_WINDOW,
                synced_at__lt=now - timedelta(hours=6),
            )
        )

    def returned_since(self, instant: datetime) -> "TransferQuerySet":
        """Transfers that came back after `instant`, newest first."""
        return self.filter(status=TransferStatus.RETURNED, status_at__gte=instant).order_by("-status_at")

    def total(self) -> Decimal:
        """The sum of the amounts, USD, 2 dp."""
        return self.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


class Transfer(StatusModel):
    """Money on its way between a person's bank and their account, USD. Its key is the intent's id."""

    TRANSITIONS = TRANSFER_TRANSITIONS

    id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="transfers")
    bank_link = models.ForeignKey(BankLink, on_delete=models.PROTECT, related_name="transfers")
    direction = models.CharField(max_length=10, choices=Direction)
    amount = models.DecimalField("amount, USD", max_digits=14, decimal_places=2)
    status = models.CharField(max_length=20, choices=TransferStatus, default=TransferStatus.SUBMITTING)
    broker_status = models.CharField(max_length=40, blank=True)
    broker_transfer_id = models.UUIDField("transfer ID at Alpaca", null=True, blank=True, unique=True)
    broker_updated_at = models.DateTimeField(null=True, blank=True)
    expected_on = models.DateField("expected by", help_text="what the person was told, New York date")

    created_at = models.DateTimeField(default=timezone.now)
    send_claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="when a process took on the one call that creates it at Alpaca"
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["account", "-created_at"]),
            models.Index(fields=["status", "status_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=Q(broker_transfer_id__isnull=False)
                | Q(status__in=(*UNSETTLED_TRANSFER, TransferStatus.REJECTED)),
                name="transfer_at_broker_has_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display().lower()} {self.pk}"

    @property
    def is_in_flight(self) -> bool:
        """Whether it has not ended."""
        return self.status in IN_FLIGHT_TRANSFER

    @property
    def is_deposit(self) -> bool:
        """Whether the money comes in."""
        return self.direction == Direction.INCOMING

    @property
    def cash_effect(self) -> Decimal:
        """What it adds to the account's cash once complete, USD, 2 dp."""
        return self.amount if self.is_deposit else -self.amount
