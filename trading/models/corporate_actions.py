"""Corporate actions that were announced for assets, and when we last asked for them."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import quantity
from trading.models.fields import price_field, share_field
from trading.models.instruments import Asset


class CorporateActionQuerySet(models.QuerySet["CorporateAction"]):
    """Reads of corporate actions."""

    def upcoming(self, today: date | None = None) -> "CorporateActionQuerySet":
        """Those whose last day is still to come, the next first; of today in New York if no day is given."""
        today = today or day_in_new_york(timezone.now())
        return self.filter(Q(ex_date__gte=today) | Q(payable_date__gte=today)).order_by("ex_date", "pk")


class CorporateAction(models.Model):
    """A dividend, split or the like. Market Data API, "Corporate actions".

    `rate` is USD per share, of a dividend in shares shares per share; `new_rate` shares come for `old_rate`.
    """

    class Kind(models.TextChoices):
        """Alpaca's lists, as far as they are shown."""

        CASH_DIVIDEND = "cash_dividends", "Dividend"
        STOCK_DIVIDEND = "stock_dividends", "Dividend in shares"
        FORWARD_SPLIT = "forward_splits", "Split"
        REVERSE_SPLIT = "reverse_splits", "Reverse split"
        UNIT_SPLIT = "unit_splits", "Split of units"
        SPIN_OFF = "spin_offs", "Spin-off"
        CASH_MERGER = "cash_mergers", "Merger for cash"
        STOCK_MERGER = "stock_mergers", "Merger for shares"
        STOCK_AND_CASH_MERGER = "stock_and_cash_mergers", "Merger for shares and cash"
        NAME_CHANGE = "name_changes", "New name or symbol"
        RIGHTS = "rights_distributions", "Rights"
        REORGANIZATION = "reorganizations", "Reorganization"
        WORTHLESS = "worthless_removals", "Removed as worthless"

    id = models.UUIDField(primary_key=True, editable=False, help_text="Alpaca's id")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="corporate_actions")
    kind = models.CharField(max_length=30, choices=Kind)
    ex_date = models.DateField(help_text="first day without a claim to it, or when it takes effect")
    record_date = models.DateField(null=True, blank=True)
    payable_date = models.DateField(null=True, blank=True)
    rate = price_field(null=True, blank=True, help_text="USD per share, or shares per share")
    old_rate = share_field(null=True, blank=True)
    new_rate = share_field(null=True, blank=True, help_text="shares that come for `old_rate`")
    new_symbol = models.CharField(max_length=32, blank=True)
    synced_at = models.DateTimeField()

    objects = CorporateActionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asset", "ex_date"], name="corporate_action_next")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def ratio(self) -> str:
        """`2 for 1`; "" where it has no rates."""
        if self.new_rate is None or self.old_rate is None:
            return ""
        return f"{quantity(self.new_rate)} for {quantity(self.old_rate)}"

    @property
    def is_cash_dividend(self) -> bool:
        """Whether it pays USD per share."""
        return self.kind == self.Kind.CASH_DIVIDEND

    @property
    def is_split(self) -> bool:
        """Whether shares become more or fewer, and the price with them."""
        return self.kind in (self.Kind.FORWARD_SPLIT, self.Kind.REVERSE_SPLIT, self.Kind.UNIT_SPLIT)

    @property
    def is_past_ex(self) -> bool:
        """Whether who buys now has no claim to it any more."""
        return self.ex_date <= day_in_new_york(timezone.now())


class CorporateActionsSync(models.Model):
    """When an asset's corporate actions were asked for, and when they are again."""

    asset = models.OneToOneField(
        Asset, on_delete=models.CASCADE, primary_key=True, related_name="corporate_actions_sync"
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="when we last asked and were not kept waiting"
    )
    due_at = models.DateTimeField(default=timezone.now, db_index=True, help_text="when we ask next")

    def __str__(self) -> str:
        return f"corporate actions of {self.pk}"
