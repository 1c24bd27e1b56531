"""Orders, and what the broker said of them over time."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.following import FollowedModel, Rhythm
from brokerapp.workflow.writes import SentModel
from trading import order_types, statuses
from trading.models.fields import price_field, share_field
from trading.models.instruments import Asset
from trading.statuses import ORDER_PATHS, ORDER_TRANSITIONS, OrderStatus

ACTIVE = Rhythm(first=timedelta(seconds=5), longest=timedelta(minutes=2))
RESTING = Rhythm(first=timedelta(minutes=1), longest=timedelta(minutes=15))
SOUGHT = Rhythm(first=timedelta(seconds=30), longest=timedelta(hours=6))
"""How often orders are read that work, that rest, and that were not found at the broker so far."""

CANCEL_ASKED = "Cancel requested"
CANCEL_REFUSED = "Cancel refused"
"""The reasons of notes in the status history: that somebody wants an order canceled, and that the broker does
not cancel it (with its words after a colon)."""
REVISED_NOTE = "The broker revised what was filled."
"""The reason of the note in the status history that stands for a bust or a correction; one for each."""


def _sets(sets: tuple[tuple[str, ...], ...], columns: tuple[str, ...]) -> Q:
    """That the columns of one of the sets have a value above zero, and the rest of `columns` none.

    A check that comes out as NULL holds, so columns that may be null are named as such.
    """
    found = Q()
    for wanted in sets:
        each = Q()
        for name in columns:
            given = Q(**{f"{name}__isnull": False, f"{name}__gt": 0})
            each &= given if name in wanted else Q(**{f"{name}__isnull": True})
        found |= each
    return found


def _prices_fit() -> Q:
    """That an order has the prices of its type; a pair of exits has them all in its exits."""
    found = Q(order_class=order_types.OrderClass.OCO, type=order_types.OrderType.LIMIT) & _sets(
        ((),), order_types.PRICES
    )
    for type_, sets in order_types.PRICES_OF_TYPE.items():
        found |= ~Q(order_class=order_types.OrderClass.OCO) & Q(type=type_) & _sets(sets, order_types.PRICES)
    return found


def _exits_fit() -> Q:
    found = Q()
    for class_, sets in order_types.EXITS_OF_CLASS.items():
        found |= Q(order_class=class_) & _sets(sets, order_types.EXITS)
    return found


class OrderQuerySet(models.QuerySet["Order"]):
    """Reads of orders."""

    def open(self) -> "OrderQuerySet":
        """Orders that may still change by themselves."""
        return self.filter(status__in=statuses.OPEN)

    def closed(self) -> "OrderQuerySet":
        """Orders that are done with."""
        return self.filter(status__in=statuses.CLOSED)

    def working(self) -> "OrderQuerySet":
        """Orders the broker has and has not finished."""
        return self.filter(status__in=statuses.WORKING)

    def reserving(self) -> "OrderQuerySet":
        """Orders that may still take shares or cash; not those that the broker did not have when asked."""
        return self.open().exclude(status=OrderStatus.NOT_FOUND)

    def unlike_fills(self) -> "OrderQuerySet":
        """Orders of which more or less is filled than we have fills for."""
        return self.exclude(filled_qty=F("recorded_qty"))

    def taken(self) -> "OrderQuerySet":
        """Orders that the broker took, whatever became of them."""
        return self.filter(broker_order_id__isnull=False)

    def current(self) -> "OrderQuerySet":
        """Orders as lists show them: of one that was changed its latest version, and no attempt at a change.

        A change that the broker has not taken is told of on the page of the order that it was to change.
        """
        succeeded = Order.objects.taken().filter(replaces=models.OuterRef("pk"))
        no_attempt = Q(replaces__isnull=True) | Q(broker_order_id__isnull=False)
        return self.filter(no_attempt).exclude(models.Exists(succeeded))

    def newest_first(self) -> "OrderQuerySet":
        """As order lists show them: of a changed order its latest version."""
        return self.current().select_related("asset").order_by("-created_at")


class Order(SentModel, FollowedModel):
    """One order: what a person asked for, whether the broker has it, and what became of it.

    Its id is that of the review page it was placed from and, as text, the `client_order_id` that Alpaca knows
    it by, so that no page can place two. `trading.order_spec` makes its columns and reads them.
    """

    TRANSITIONS = ORDER_TRANSITIONS
    PATHS = ORDER_PATHS
    BROKER_WORDS = statuses.BROKER_WORDS
    OURS = statuses.OURS
    UNNAMED = OrderStatus.ACCEPTED
    RHYTHM: ClassVar = {
        **dict.fromkeys(statuses.WORKING, ACTIVE),
        **dict.fromkeys(statuses.RESTING, RESTING),
        OrderStatus.NOT_FOUND: SOUGHT,
    }

    Side = order_types.Side
    Type = order_types.OrderType
    TimeInForce = order_types.TimeInForce
    Class = order_types.OrderClass

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_order_id = models.CharField(max_length=128, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=24, choices=OrderStatus, default=OrderStatus.SUBMITTING)

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="orders")
    symbol = models.CharField(max_length=32, help_text="as it was sent")
    side = models.CharField(max_length=4, choices=Side)
    type = models.CharField(max_length=13, choices=Type, default=Type.MARKET)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce, default=TimeInForce.DAY)
    qty = share_field(null=True, blank=True)
    notional = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    limit_price = price_field(null=True, blank=True)
    stop_price = price_field(null=True, blank=True)
    trail_price = price_field(null=True, blank=True, help_text="USD")
    trail_percent = price_field(null=True, blank=True)
    extended_hours = models.BooleanField(default=False)
    order_class = models.CharField(max_length=7, choices=Class, default=Class.SIMPLE)
    take_profit_price = price_field(null=True, blank=True)
    stop_loss_price = price_field(null=True, blank=True)
    stop_loss_limit_price = price_field(null=True, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="legs", help_text="of an exit"
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replacements",
        help_text="whose place it takes at the broker: a change of that order",
    )
    original = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="later_versions",
        help_text="the order that it goes back to by changes",
    )
    times_changed = models.PositiveSmallIntegerField(default=0, help_text="since the original")

    broker_order_id = models.UUIDField(unique=True, null=True, blank=True)
    filled_qty = share_field(default=Decimal(0))
    filled_avg_price = price_field(null=True, blank=True)
    recorded_qty = share_field(default=Decimal(0), help_text="the sum of this order's fills")

    created_at = models.DateTimeField(default=timezone.now)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancel_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="when the broker was last asked to cancel it"
    )
    cancel_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="when somebody last wanted it canceled, refused or not"
    )
    cancel_refusal = models.CharField(max_length=500, blank=True, help_text="of that wish, by the broker")
    submitted_at = models.DateTimeField(null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at"], name="order_of_account"),
            models.Index(fields=["-created_at", "-id"], name="order_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="order_newest_of_status"),
            models.Index(
                fields=["account", "-created_at"],
                condition=Q(status__in=statuses.OPEN),
                name="order_open_of_account",
            ),
            models.Index(fields=["account", "symbol", "-created_at"], name="order_of_symbol"),
            models.Index(fields=["account", "status", "-created_at"], name="order_of_status"),
            models.Index(
                fields=["cancel_asked_at", "account"],
                condition=Q(cancel_asked_at__isnull=False),
                name="order_asked_to_cancel",
            ),
            models.Index(
                fields=["status_at"], condition=Q(status__in=statuses.UNSETTLED), name="order_unsettled"
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=(*statuses.WORKING, OrderStatus.NOT_FOUND)),
                name="order_followed",
            ),
            models.Index(
                fields=["due_at"], condition=~Q(filled_qty=F("recorded_qty")), name="order_unlike_fills"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(qty__isnull=False, qty__gt=0, notional__isnull=True)
                | Q(notional__isnull=False, notional__gt=0, qty__isnull=True),
                name="order_qty_or_notional",
            ),
            models.CheckConstraint(condition=_prices_fit(), name="order_prices_of_type"),
            models.CheckConstraint(condition=_exits_fit(), name="order_exits_of_class"),
            models.CheckConstraint(
                condition=Q(stop_loss_limit_price__isnull=True)
                | Q(stop_loss_price__isnull=False, stop_loss_limit_price__gt=0),
                name="order_stop_limit_of_stop",
            ),
            models.CheckConstraint(
                condition=Q(cancel_requested_at__isnull=True, cancel_requested_by__isnull=True)
                | Q(cancel_requested_at__isnull=False, cancel_requested_by__isnull=False),
                name="order_cancel_has_person",
            ),
            models.CheckConstraint(
                condition=Q(filled_qty__gte=0, recorded_qty__gte=0), name="order_filled_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(status__in=statuses.OURS)
                | Q(status=OrderStatus.REJECTED)
                | Q(broker_order_id__isnull=False),
                name="order_at_broker_has_id",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(broker_order_id__isnull=False),
                name="order_replaced_once",
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True, original__isnull=True, times_changed=0)
                | Q(replaces__isnull=False, original__isnull=False, times_changed__gt=0),
                name="order_change_has_original",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it may still change by itself."""
        return self.status in statuses.OPEN

    @property
    def is_unsettled(self) -> bool:
        """Whether it is unknown if the broker has it."""
        return self.status in statuses.UNSETTLED

    @property
    def has_exits(self) -> bool:
        """Whether the broker makes exits for it, which are its legs."""
        return self.order_class != order_types.OrderClass.SIMPLE

    @property
    def is_exit(self) -> bool:
        """Whether it is there to close what another order opens or is a pair with."""
        return self.parent_id is not None

    @property
    def is_change(self) -> bool:
        """Whether it was sent to take another order's place."""
        return self.replaces_id is not None

    @property
    def story_id(self) -> uuid.UUID:
        """The id of the first of its versions."""
        return self.original_id or self.pk

    @property
    def tone(self) -> str:
        """The tone of its status tag."""
        return statuses.tone(self.status)

    @property
    def filled_value(self) -> Decimal | None:
        """USD of what is filled so far; None while nothing is."""
        return None if self.filled_avg_price is None else self.filled_qty * self.filled_avg_price


class OrderProgress(models.Model):
    """What the broker said of an order at one moment: a further row with each change, none rewritten."""

    class Kind(models.TextChoices):
        """What changed."""

        STEP = "STEP", "status or fill"
        BUST = "BUST", "execution taken back"
        CORRECT = "CORRECT", "execution corrected"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="progress")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.STEP)
    status = models.CharField(max_length=24, choices=OrderStatus)
    qty = share_field(null=True, blank=True, help_text="of the order at that moment; none if in dollars")
    filled_qty = share_field()
    filled_avg_price = price_field(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    revision_id = models.CharField(
        max_length=64, blank=True, help_text="the execution that tells of a bust or correction"
    )
    at = models.DateTimeField(default=timezone.now, help_text="when we heard of it")

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "order progress"
        indexes = [models.Index(fields=["order", "at"], name="progress_of_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "revision_id"], condition=~Q(revision_id=""), name="progress_revision_once"
            ),
        ]

    def __str__(self) -> str:
        return f"progress {self.pk}"
