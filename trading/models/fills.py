"""Executions of orders, as the broker tells of them."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from trading.models.fields import price_field, share_field
from trading.models.orders import Order


class FillQuerySet(models.QuerySet["Fill"]):
    """Reads of fills."""

    def standing(self) -> "FillQuerySet":
        """Those that the broker has neither taken back nor corrected."""
        return self.filter(busted_at__isnull=True, superseded_by__isnull=True)


class Fill(models.Model):
    """One execution of an order. What the broker revises stays, marked as busted or superseded.

    Trade events and the account's activities both tell of it; what they always share is the order's
    cumulative quantity after it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    cum_qty = share_field(
        null=True, blank=True, help_text="of the order, this fill included; not told of a correction"
    )
    qty = share_field()
    price = price_field()
    at = models.DateTimeField()
    execution_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    activity_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    busted_at = models.DateTimeField(null=True, blank=True)
    superseded_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrects"
    )
    undone_by = models.CharField(
        "undone by",
        max_length=64,
        unique=True,
        null=True,
        blank=True,
        help_text="the execution of negative quantity that takes it back",
    )
    is_undone_by_likeness = models.BooleanField(
        default=False,
        help_text="`undone_by` did not say what it takes back: this has its quantity and price",
    )

    objects = FillQuerySet.as_manager()

    class Meta:
        ordering = ["at", "cum_qty"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "cum_qty"],
                condition=Q(busted_at__isnull=True, superseded_by__isnull=True),
                name="fill_told_once",
            ),
            models.CheckConstraint(
                condition=Q(qty__gt=0, price__gt=0) & (Q(cum_qty__isnull=True) | Q(cum_qty__gte=F("qty"))),
                name="fill_positive",
            ),
            models.CheckConstraint(
                condition=Q(execution_id__isnull=False) | Q(activity_id__isnull=False), name="fill_has_source"
            ),
            models.CheckConstraint(
                condition=Q(busted_at__isnull=True) | Q(superseded_by__isnull=True), name="fill_revised_once"
            ),
        ]

    def __str__(self) -> str:
        return f"fill {self.pk}"

    @property
    def is_standing(self) -> bool:
        """Whether the broker has neither taken it back nor corrected it."""
        return self.busted_at is None and self.superseded_by_id is None

    @property
    def value(self) -> Decimal:
        """USD."""
        return self.qty * self.price
