"""Bank links and transfers: what is true of one row."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.security.encryption import EncryptedTextField
from brokerapp.units.money import quantize_cash
from brokerapp.workflow import following, writes
from brokerapp.workflow.following import FollowedModel, Rhythm
from brokerapp.workflow.writes import SentModel
from funding import ach_returns, ira
from funding.statuses import (
    BANK_PATHS,
    BANK_TRANSITIONS,
    BROKER_BANK_STATUS,
    BROKER_JOURNAL_STATUS,
    BROKER_TRANSFER_STATUS,
    FAILED_TRANSFER,
    FINAL_BANK,
    IN_FLIGHT_TRANSFER,
    MOVING_TRANSFER,
    TRANSFER_PATHS,
    TRANSFER_TRANSITIONS,
    UNSETTLED_BANK,
    UNSETTLED_TRANSFER,
    WAITING_BANK,
    BankLinkStatus,
    Direction,
    RailName,
    TransferStatus,
)

RETURN_WINDOW = timedelta(days=60)
"""How long a consumer may have an ACH debit returned as unauthorized (Nacha rules, return code R10)."""
PAYOUT_RETURN_WINDOW = timedelta(days=7)
"""How long we ask about payouts: banks return what they cannot credit within two banking days."""
LATE_ARRIVAL_WINDOW = timedelta(days=7)
"""How long we look for a transfer after it was called not made; at Alpaca one expires after as long."""

_WAITED_FOR = Rhythm(first=timedelta(seconds=5), longest=timedelta(hours=1))
_SETTLING = Rhythm(first=timedelta(seconds=10), longest=timedelta(minutes=10))
_RARE = Rhythm(first=timedelta(hours=6), longest=timedelta(hours=6))
_DAILY = Rhythm(first=timedelta(days=1), longest=timedelta(days=1))


def _each(statuses: Iterable[str], rhythm: Rhythm) -> dict[str, Rhythm]:
    return dict.fromkeys(statuses, rhythm)


class BankLinkQuerySet(models.QuerySet["BankLink"]):
    """Reads of bank links."""

    def active(self) -> "BankLinkQuerySet":
        """The links that count against Alpaca's one per account."""
        return self.exclude(status__in=FINAL_BANK)

    def unsettled(self) -> "BankLinkQuerySet":
        """Links whose last call has no known outcome, or is yet to be made."""
        return self.filter(status__in=UNSETTLED_BANK)

    def to_settle(self, now: datetime) -> "BankLinkQuerySet":
        """Links to ask about now: a call of theirs has had no known outcome for longer than it can take."""
        rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
        unlinking = Q(status=BankLinkStatus.CANCEL_REQUESTED, status_at__lt=rested)
        linking = Q(pk__in=writes.without_outcome(BankLink, now).values("pk"))
        return self.filter(unlinking | linking, _due(now)).order_by(F("due_at").asc(nulls_first=True))

    def to_read(self, now: datetime) -> models.QuerySet["BankLink"]:
        """Links to read now: those that Alpaca is still approving and, rarely, the approved ones."""
        return following.due(BankLink, now).filter(status__in=(*WAITING_BANK, BankLinkStatus.APPROVED))


def _due(now: datetime) -> Q:
    return Q(due_at__isnull=True) | Q(due_at__lte=now)


class BankLink(SentModel, FollowedModel):
    """A person's bank account, linked for ACH: Alpaca's "ACH relationship". Its numbers are encrypted."""

    TRANSITIONS = BANK_TRANSITIONS
    PATHS = BANK_PATHS
    BROKER_WORDS = BROKER_BANK_STATUS
    OURS = (BankLinkStatus.SUBMITTING, BankLinkStatus.UNKNOWN)
    UNNAMED = BankLinkStatus.PENDING
    RHYTHM = (
        _each(WAITING_BANK, _WAITED_FOR)
        | _each(UNSETTLED_BANK, _SETTLING)
        | _each((BankLinkStatus.APPROVED,), _DAILY)
    )

    class AccountType(models.TextChoices):
        """Alpaca's `bank_account_type`."""

        CHECKING = "CHECKING", "Checking"
        SAVINGS = "SAVINGS", "Savings"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bank_links")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="bank_links")
    status = models.CharField(max_length=20, choices=BankLinkStatus, default=BankLinkStatus.SUBMITTING)
    relationship_id = models.UUIDField("relationship ID at Alpaca", null=True, blank=True, unique=True)

    account_owner_name = models.CharField(max_length=120)
    bank_account_type = models.CharField(max_length=10, choices=AccountType)
    bank_account_number = EncryptedTextField()
    bank_routing_number = EncryptedTextField()
    last4 = models.CharField("last four digits", max_length=4)
    nickname = models.CharField(max_length=50, blank=True)
    bank_name = models.CharField(max_length=60, blank=True)

    created_at = models.DateTimeField(default=timezone.now)

    objects = BankLinkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status", "due_at"], name="bank_link_due"),
            models.Index(fields=["-created_at", "-id"], name="bank_link_newest"),
        ]
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

    def on_the_way(self) -> "TransferQuerySet":
        """Transfers that have not ended and of which we have no reason to think that they were never made."""
        return self.in_flight().filter(needs_decision_at__isnull=True)

    def undecided(self) -> "TransferQuerySet":
        """Transfers that we could not find at the broker and that staff must decide about, oldest first."""
        return self.filter(needs_decision_at__isnull=False).order_by("needs_decision_at")

    def unsettled(self) -> "TransferQuerySet":
        """Transfers that we cannot yet match to one at Alpaca."""
        return self.filter(status__in=UNSETTLED_TRANSFER)

    def unmatched(self, now: datetime) -> "TransferQuerySet":
        """Transfers that the broker may have although we know no id of theirs, the likeliest first.

        Those whose call may still be answered are left out, and so are those certainly never sent.
        """
        rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
        unsettled = Q(status__in=UNSETTLED_TRANSFER)
        not_made = Q(status=TransferStatus.NOT_MADE, status_at__gt=now - LATE_ARRIVAL_WINDOW)
        likeliest = models.Case(models.When(unsettled, then=0), default=1)
        found = self.filter(unsettled | not_made, broker_transfer_id__isnull=True, claimed_at__lt=rested)
        return found.order_by(likeliest, "-claimed_at")

    def to_settle(self, now: datetime) -> models.QuerySet["Transfer"]:
        """Transfers to ask about now, as their call has had no known outcome for longer than it can take."""
        return (
            writes.without_outcome(Transfer, now)
            .filter(_due(now))
            .order_by(F("due_at").asc(nulls_first=True))
        )

    def to_read(self, now: datetime) -> models.QuerySet["Transfer"]:
        """Transfers to read now: on their way, or ended within the time in which that may be undone."""
        complete = Q(status=TransferStatus.COMPLETE)
        incoming = Q(direction=Direction.INCOMING)
        wanted = (
            Q(status__in=MOVING_TRANSFER)
            | (complete & incoming & Q(created_at__gt=now - RETURN_WINDOW))
            | (complete & ~incoming & Q(created_at__gt=now - PAYOUT_RETURN_WINDOW))
            | Q(
                status=TransferStatus.NOT_MADE,
                claimed_at__isnull=False,
                status_at__gt=now - LATE_ARRIVAL_WINDOW,
            )
        )
        return following.due(Transfer, now).filter(wanted)

    def taken_back(self) -> "TransferQuerySet":
        """Transfers that were complete and then undone, or that a bank returned before."""
        undone = Q(completed_at__isnull=False, status__in=FAILED_TRANSFER)
        return self.filter(undone | Q(status=TransferStatus.RETURNED))

    def returned_since(self, instant: datetime) -> "TransferQuerySet":
        """Transfers taken back after `instant`, newest first."""
        return self.taken_back().filter(status_at__gte=instant).order_by("-status_at")

    def recent(self, instant: datetime) -> "TransferQuerySet":
        """Transfers that are on their way or were completed after `instant`, newest first."""
        moving = Q(status__in=IN_FLIGHT_TRANSFER, needs_decision_at__isnull=True)
        done = Q(status=TransferStatus.COMPLETE, completed_at__gte=instant)
        return self.filter(moving | done).order_by("-created_at")

    def total(self) -> Decimal:
        """The sum of the amounts, USD, 2 dp."""
        return self.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


class Transfer(SentModel, FollowedModel):
    """Money on its way into or out of an account, USD, on one of the `funding.rails`.

    Its key is the intent's id. `bank_link` is the bank at the other end; a journal's other end is the firm.
    """

    TRANSITIONS = TRANSFER_TRANSITIONS
    PATHS = TRANSFER_PATHS
    BROKER_WORDS = BROKER_TRANSFER_STATUS | BROKER_JOURNAL_STATUS
    OURS = (*UNSETTLED_TRANSFER, TransferStatus.NOT_MADE)
    UNNAMED = TransferStatus.PENDING
    RHYTHM = (
        _each(MOVING_TRANSFER, _WAITED_FOR)
        | _each(UNSETTLED_TRANSFER, _SETTLING)
        | _each((TransferStatus.COMPLETE, TransferStatus.NOT_MADE), _RARE)
    )

    id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="transfers")
    rail = models.CharField(max_length=10, choices=RailName, default=RailName.ACH)
    bank_link = models.ForeignKey(
        BankLink, on_delete=models.PROTECT, related_name="transfers", null=True, blank=True
    )
    direction = models.CharField(max_length=10, choices=Direction)
    amount = models.DecimalField("amount, USD", max_digits=14, decimal_places=2)
    status = models.CharField(max_length=20, choices=TransferStatus, default=TransferStatus.SUBMITTING)
    broker_transfer_id = models.UUIDField("ID at Alpaca", null=True, blank=True, unique=True)
    tax_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="that a deposit into an IRA counts for"
    )
    distribution_reason = models.CharField(
        max_length=50, blank=True, help_text="why money was taken out of an IRA, in the broker's word"
    )
    fed_withholding_pct = models.DecimalField(
        "withheld for federal tax, percent", max_digits=5, decimal_places=2, null=True, blank=True
    )
    state_withholding_pct = models.DecimalField(
        "withheld for state tax, percent", max_digits=5, decimal_places=2, null=True, blank=True
    )
    expected_on = models.DateField("expected by", help_text="what the person was told, New York date")

    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="when we first heard that the broker has it"
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    looks_in_vain = models.PositiveSmallIntegerField(
        default=0, help_text="how often the broker's list was read without a clear match"
    )
    needs_decision_at = models.DateTimeField(
        null=True, blank=True, help_text="since when staff must find out whether it was made"
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["account", "-created_at"]),
            models.Index(
                fields=["user", "tax_year"],
                name="transfer_contribution",
                condition=Q(tax_year__isnull=False),
            ),
            models.Index(fields=["-created_at", "-id"], name="transfer_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="transfer_of_status"),
            models.Index(fields=["amount", "-created_at"], name="transfer_of_amount"),
            models.Index(fields=["status", "due_at"], name="transfer_due"),
            models.Index(
                fields=["needs_decision_at"],
                name="transfer_undecided",
                condition=Q(needs_decision_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=Q(broker_transfer_id__isnull=False)
                | Q(status__in=(*UNSETTLED_TRANSFER, TransferStatus.REJECTED, TransferStatus.NOT_MADE)),
                name="transfer_at_broker_has_id",
            ),
            models.CheckConstraint(
                condition=Q(rail=RailName.ACH, bank_link__isnull=False)
                | Q(rail=RailName.JOURNAL, bank_link__isnull=True, direction=Direction.INCOMING),
                name="transfer_rail_has_its_ends",
            ),
            models.CheckConstraint(
                condition=Q(tax_year__isnull=True) | Q(direction=Direction.INCOMING),
                name="transfer_year_of_deposit",
            ),
            models.CheckConstraint(
                condition=Q(needs_decision_at__isnull=True) | Q(status=TransferStatus.UNKNOWN),
                name="transfer_undecided_is_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display().lower()} {self.pk}"

    @property
    def is_in_flight(self) -> bool:
        """Whether it has not ended."""
        return self.status in IN_FLIGHT_TRANSFER

    @property
    def is_undecided(self) -> bool:
        """Whether staff must find out if it was made; it then counts as pending money nowhere."""
        return self.needs_decision_at is not None

    @property
    def is_taken_back(self) -> bool:
        """Whether it was complete, or with the banks, and then went back."""
        undone = self.completed_at is not None and self.status in FAILED_TRANSFER
        return undone or self.status == TransferStatus.RETURNED

    @property
    def is_deposit(self) -> bool:
        """Whether the money comes in."""
        return self.direction == Direction.INCOMING

    @property
    def why_taken_out(self) -> str:
        """Why money was taken out of an IRA, in our words; "" of any other transfer."""
        return ira.LABELS.get(self.distribution_reason, "")

    @property
    def withheld(self) -> list[tuple[str, Decimal, Decimal]]:
        """What is kept back of a withdrawal from an IRA: for which tax, percent, and USD, 2 dp."""
        parts = (("Federal tax", self.fed_withholding_pct), ("State tax", self.state_withholding_pct))
        return [
            (tax, percent, quantize_cash(self.amount * percent / 100))
            for tax, percent in parts
            if percent is not None
        ]

    @property
    def reason(self) -> str:
        """Why it stands where it does, with the banks' return codes in words; a part of a sentence if so."""
        return ach_returns.in_words(self.status_reason)

    @property
    def needs_other_bank(self) -> bool:
        """Whether it came back because its bank account cannot be used."""
        return ach_returns.needs_other_bank(self.status_reason)

    @property
    def cash_effect(self) -> Decimal:
        """What it adds to the account's cash once complete, USD, 2 dp."""
        return self.amount if self.is_deposit else -self.amount


def known_values_of(person_id: int) -> Iterator[str]:
    """What this app knows of a person, to take out of what others write."""
    for link in BankLink.objects.filter(user_id=person_id):
        yield from (link.bank_account_number, link.bank_routing_number, link.account_owner_name)
