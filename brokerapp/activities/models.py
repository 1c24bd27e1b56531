"""The activities of the accounts, one row each, and how far they have been read."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount

FILL: Final = "FILL"
CANCELED: Final = "canceled"


def _decimal(**options: Any) -> models.DecimalField:
    precise: dict[str, Any] = {"max_digits": 24, "decimal_places": 9, "null": True, "blank": True}
    return models.DecimalField(**precise, **options)


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Reads of activities."""

    def newest_first(self) -> "ActivityQuerySet":
        """As lists show them: by the day they count for, and within it by when they were made."""
        return self.order_by("-date", "-at", "-pk")

    def standing(self) -> "ActivityQuerySet":
        """Those that count: all but the ones that the broker calls canceled."""
        return self.exclude(status=CANCELED)

    def to_follow(self) -> "ActivityQuerySet":
        """Those that nobody has acted on yet, oldest first."""
        return self.filter(followed_at__isnull=True).order_by("pk")


class Activity(models.Model):
    """One activity of an account: an execution (`FILL`) or anything else that moved cash or shares.

    Broker API, "Account activities" (https://docs.alpaca.markets/reference/getaccountactivities-2). Amounts
    are USD and quantities shares, both signed: by how much the account's cash or holding became more. The
    `qty` of an execution is the exception: it is positive for buys and sells alike (see `side`), and negative
    where it takes another execution back.
    """

    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="activities")
    activity_id = models.CharField(
        "activity ID at Alpaca", max_length=100, unique=True, help_text="as its list gives it"
    )
    reference = models.CharField(
        max_length=64,
        help_text="what ends its id: that of the execution or transaction, which events and corrections name",
    )
    activity_type = models.CharField("type", max_length=20, help_text="Alpaca's word")
    subtype = models.CharField(max_length=20, blank=True, help_text="Alpaca's word")
    at = models.DateTimeField(help_text="when it was executed or entered the broker's books")
    date = models.DateField(help_text="the day in New York that it counts for")
    net_amount = _decimal(
        help_text="USD, by how much the cash changed; worked out of an execution's price and quantity"
    )
    qty = _decimal(help_text="shares")
    price = _decimal(help_text="USD per share")
    per_share_amount = _decimal(help_text="USD per share, of dividends")
    side = models.CharField(max_length=12, blank=True, help_text="of an execution: buy or sell")
    symbol = models.CharField(max_length=32, blank=True)
    broker_order_id = models.UUIDField("order ID at Alpaca", null=True, blank=True)
    broker_transfer_id = models.UUIDField(
        "transfer or journal ID at Alpaca", null=True, blank=True, help_text="of what it books"
    )
    status = models.CharField(max_length=20, blank=True, help_text="Alpaca's word")
    description = models.CharField(max_length=500, blank=True)
    group_id = models.UUIDField(null=True, blank=True, help_text="shared by activities that belong together")
    previous_id = models.CharField(
        max_length=64, blank=True, help_text="reference of the activity that this one corrects or takes back"
    )
    request_id = models.CharField(
        "Request ID", max_length=64, blank=True, help_text="of the first reply with it"
    )
    received_at = models.DateTimeField(default=timezone.now, help_text="when we first read it")
    revised_at = models.DateTimeField(
        null=True, blank=True, help_text="when we read it last with other figures than before"
    )
    followed_at = models.DateTimeField(
        null=True, blank=True, help_text="when figures that it changes were last asked for"
    )

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["account", "-at", "-id"], name="activity_newest"),
            models.Index(fields=["account", "-date", "-at", "-id"], name="activity_day"),
            models.Index(fields=["account", "activity_type", "-at"], name="activity_type"),
            models.Index(
                fields=["account", "symbol", "-at"], name="activity_symbol", condition=~Q(symbol="")
            ),
            models.Index(fields=["account", "reference"], name="activity_reference"),
            models.Index(fields=["reference"], name="activity_quoted"),
            models.Index(fields=["request_id"], name="activity_request", condition=~Q(request_id="")),
            models.Index(fields=["date", "net_amount"], name="activity_amount_of_day"),
            models.Index(
                fields=["account", "previous_id"], name="activity_previous", condition=~Q(previous_id="")
            ),
            models.Index(
                fields=["broker_order_id"],
                name="activity_order",
                condition=Q(broker_order_id__isnull=False),
            ),
            models.Index(
                fields=["broker_transfer_id"],
                name="activity_transfer",
                condition=Q(broker_transfer_id__isnull=False),
            ),
            models.Index(fields=["id"], name="activity_to_follow", condition=Q(followed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"activity {self.pk}"

    @property
    def user_id(self) -> int:
        """The person whose account it is in."""
        return self.account.user_id

    @property
    def is_fill(self) -> bool:
        """Whether it is an execution."""
        return self.activity_type == FILL

    @property
    def takes_back(self) -> bool:
        """Whether it is an execution of negative quantity, which takes another one back."""
        return self.is_fill and self.qty is not None and self.qty < 0

    @property
    def revises(self) -> bool:
        """Whether it is an execution that takes another one back or is in its place."""
        return self.takes_back or (self.is_fill and bool(self.previous_id))

    @property
    def cash(self) -> Decimal:
        """`net_amount`, 0 where the broker does not say."""
        return self.net_amount or Decimal(0)


class Unbooked(models.Model):
    """An account whose activities came or changed since its books were worked out; gone once they are."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="unbooked"
    )
    changed_at = models.DateTimeField(help_text="when the last of them came or changed")
    due_at = models.DateTimeField(db_index=True, help_text="when the books are worked out")
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "unbooked"

    def __str__(self) -> str:
        return f"activities of {self.pk} not in its books"


class ActivityCursor(models.Model):
    """How far the list of activities has been read: of all accounts at once, or of one from its start.

    A run asks for what was made after `after`; `page_token` is where it has come to, if it is not over.
    """

    ALL: Final = "all"
    RECHECK: Final = "recheck"

    name = models.CharField(
        max_length=36,
        primary_key=True,
        help_text="all, recheck, or the id of an account whose history is read",
    )
    after = models.DateTimeField(null=True, blank=True)
    page_token = models.CharField(max_length=100, blank=True)
    newest_at = models.DateTimeField(
        null=True, blank=True, help_text="of the newest activity read, by the broker"
    )
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, help_text="empty: it is done")
    read_at = models.DateTimeField(null=True, blank=True, help_text="when the last complete run began")
    failed_reads = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="activity_cursor_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"activities of {self.name}"

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be read on now."""
        return self.due_at is not None and self.due_at <= now
