"""Assets, quotes, orders, fills and positions: what is true of one row."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.state import StatusModel
from trading import search, statuses
from trading.statuses import ORDER_TRANSITIONS, OrderStatus

QUOTE_FRESH_FOR = timedelta(seconds=30)


def share_field(**options: object) -> models.DecimalField:
    """A column of shares, 9 dp."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)  # type: ignore[arg-type]


def price_field(**options: object) -> models.DecimalField:
    """A column of USD per share, 9 dp: averages have more digits than prices."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)  # type: ignore[arg-type]


class AssetQuerySet(models.QuerySet["Asset"]):
    """Reads of assets."""

    def matching(self, text: str) -> "AssetQuerySet":
        """Active assets by symbol or part of the name, the likeliest first (`trading.search`)."""
        return search.matching(self.filter(status=Asset.ACTIVE), text)

    def get_by_symbol(self, symbol: str) -> "Asset":
        """The asset now listed under a symbol, else one that was, however the symbol is written (`BRK-B`).

        Raises `Asset.DoesNotExist`.
        """
        found: Asset | None = search.by_symbol(self, symbol)
        if found is None:
            raise Asset.DoesNotExist(symbol)
        return found


class Asset(models.Model):
    """A security that Alpaca knows. Source: Broker API, `GET /v1/assets`."""

    ACTIVE: Final = "active"
    INACTIVE: Final = "inactive"

    id = models.UUIDField(primary_key=True, editable=False, help_text="Alpaca's asset id")
    symbol = models.CharField(max_length=32)
    name = models.CharField(max_length=255, blank=True)
    exchange = models.CharField(max_length=20, blank=True)
    asset_class = models.CharField(max_length=20)
    status = models.CharField(max_length=20, help_text="Alpaca's word")
    tradable = models.BooleanField()
    fractionable = models.BooleanField()
    marginable = models.BooleanField()
    shortable = models.BooleanField()
    synced_at = models.DateTimeField()
    searched = models.GeneratedField(
        expression=search.searched_text(), output_field=models.TextField(), db_persist=True
    )

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["symbol"]
        indexes = [
            models.Index(fields=["symbol"], opclasses=["varchar_pattern_ops"], name="asset_symbol_prefix"),
            GinIndex(fields=["searched"], opclasses=["gin_trgm_ops"], name="asset_searched_contains"),
        ]
        constraints = [
            # Symbols are handed on: a delisted asset keeps the one it had.
            models.UniqueConstraint(
                fields=["symbol"], condition=Q(status="active"), name="asset_symbol_active_once"
            ),
        ]

    def __str__(self) -> str:
        return self.symbol

    @property
    def title(self) -> str:
        """Its name, or its symbol if it has none."""
        return self.name or self.symbol


class Quote(models.Model):
    """The last prices synced for a symbol, USD per share. A side that nobody quotes is null."""

    symbol = models.CharField(primary_key=True, max_length=32)
    bid = price_field(null=True, blank=True)
    ask = price_field(null=True, blank=True)
    last = price_field(null=True, blank=True)
    previous_close = price_field(null=True, blank=True)
    as_of = models.DateTimeField(help_text="when the market made these prices")
    synced_at = models.DateTimeField(db_index=True, help_text="when we asked for them")
    looked_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="when a person last wanted them"
    )
    feed = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return self.symbol

    def is_stale(self, now: datetime) -> bool:
        """Whether a ticket must ask again before it trusts these prices."""
        return now - self.synced_at > QUOTE_FRESH_FOR

    @property
    def change(self) -> Decimal | None:
        """Last price less previous close, USD per share."""
        if self.last is None or self.previous_close is None:
            return None
        return self.last - self.previous_close

    @property
    def change_fraction(self) -> Decimal | None:
        """The change as a fraction of the previous close."""
        return self.change / self.previous_close if self.change is not None and self.previous_close else None


class MarketClock(models.Model):
    """The market's opening times as last told by `GET /v1/clock`: one row."""

    id = models.SmallAutoField(primary_key=True)
    is_open = models.BooleanField()
    next_open = models.DateTimeField()
    next_close = models.DateTimeField()
    synced_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="market_clock_one_row")]

    def __str__(self) -> str:
        return "open" if self.is_open else "closed"


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

    def unsettled(self, before: datetime) -> "OrderQuerySet":
        """Orders of which it was not known, already before that instant, whether the broker has them."""
        return self.filter(status__in=statuses.UNSETTLED, status_at__lt=before)

    def missing_fills(self) -> "OrderQuerySet":
        """Orders of which more is filled than we have fills for."""
        return self.filter(filled_qty__gt=F("recorded_qty"))

    def newest_first(self) -> "OrderQuerySet":
        """As order lists show them."""
        return self.select_related("asset").order_by("-created_at")


class Order(StatusModel):
    """One order: what a person asked for, whether the broker has it, and what became of it.

    Its id is that of the review page it was placed from and, as text, the `client_order_id` that Alpaca knows
    it by, so that no page can place two.
    """

    TRANSITIONS = ORDER_TRANSITIONS

    class Side(models.TextChoices):
        BUY = "BUY", "Buy"
        SELL = "SELL", "Sell"

    class Type(models.TextChoices):
        MARKET = "MARKET", "Market"
        LIMIT = "LIMIT", "Limit"

    class TimeInForce(models.TextChoices):
        DAY = "DAY", "Today"
        GTC = "GTC", "Until canceled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_order_id = models.CharField(max_length=128, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=24, choices=OrderStatus, default=OrderStatus.SUBMITTING)

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="orders")
    symbol = models.CharField(max_length=32, help_text="as it was sent")
    side = models.CharField(max_length=4, choices=Side)
    type = models.CharField(max_length=6, choices=Type, default=Type.MARKET)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce, default=TimeInForce.DAY)
    qty = share_field(null=True, blank=True)
    notional = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    limit_price = price_field(null=True, blank=True)

    broker_order_id = models.UUIDField(unique=True, null=True, blank=True)
    broker_status = models.CharField(max_length=40, blank=True, help_text="Alpaca's word")
    broker_updated_at = models.DateTimeField(null=True, blank=True)
    filled_qty = share_field(default=Decimal(0))
    filled_avg_price = price_field(null=True, blank=True)
    recorded_qty = share_field(default=Decimal(0), help_text="the sum of this order's fills")

    created_at = models.DateTimeField(default=timezone.now)
    synced_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at"], name="order_of_account"),
            models.Index(
                fields=["status_at"], condition=Q(status__in=statuses.UNSETTLED), name="order_unsettled"
            ),
            models.Index(
                fields=["synced_at"], condition=Q(status__in=statuses.WORKING), name="order_working"
            ),
            models.Index(
                fields=["synced_at"],
                condition=Q(filled_qty__gt=F("recorded_qty")),
                name="order_missing_fills",
            ),
        ]
        # A check that comes out as NULL holds, so columns that may be null are named as such.
        constraints = [
            models.CheckConstraint(
                condition=Q(qty__isnull=False, qty__gt=0, notional__isnull=True)
                | Q(notional__isnull=False, notional__gt=0, qty__isnull=True),
                name="order_qty_or_notional",
            ),
            models.CheckConstraint(
                condition=Q(type="LIMIT", limit_price__isnull=False, limit_price__gt=0)
                | Q(type="MARKET", limit_price__isnull=True),
                name="order_limit_has_price",
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
    def tone(self) -> str:
        """The tone of its status tag."""
        return statuses.tone(self.status)

    @property
    def filled_value(self) -> Decimal | None:
        """USD of what is filled so far; None while nothing is."""
        return None if self.filled_avg_price is None else self.filled_qty * self.filled_avg_price


class Fill(models.Model):
    """One execution of an order.

    Trade events and the account's activities both tell of it and share no id; what they share is the order's
    cumulative quantity after it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    cum_qty = share_field(help_text="of the order, this fill included")
    qty = share_field()
    price = price_field()
    at = models.DateTimeField()
    execution_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    activity_id = models.CharField(max_length=64, unique=True, null=True, blank=True)

    class Meta:
        ordering = ["at", "cum_qty"]
        constraints = [
            models.UniqueConstraint(fields=["order", "cum_qty"], name="fill_told_once"),
            models.CheckConstraint(
                condition=Q(qty__gt=0, price__gt=0, cum_qty__gte=F("qty")), name="fill_positive"
            ),
            models.CheckConstraint(
                condition=Q(execution_id__isnull=False) | Q(activity_id__isnull=False), name="fill_has_source"
            ),
        ]

    def __str__(self) -> str:
        return f"fill {self.pk}"

    @property
    def value(self) -> Decimal:
        """USD."""
        return self.qty * self.price


class PortfolioQuerySet(models.QuerySet["Portfolio"]):
    """Reads of portfolios."""

    def due(self, now: datetime) -> "PortfolioQuerySet":
        """Those whose positions should be read again, the longest due first."""
        return self.filter(due_at__lte=now).select_related("account").order_by("due_at")


class Portfolio(models.Model):
    """When an account's positions were last read from the broker, and when they should be read again."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="portfolio"
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="when the read began that the rows show"
    )
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PortfolioQuerySet.as_manager()

    def __str__(self) -> str:
        return f"portfolio {self.pk}"


class Position(models.Model):
    """What an account holds of one symbol, as last read. Short positions have a negative quantity."""

    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="positions")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="positions")
    symbol = models.CharField(max_length=32)
    qty = share_field()
    avg_entry_price = price_field()
    cost_basis = models.DecimalField("cost", max_digits=24, decimal_places=9, help_text="USD")
    synced_at = models.DateTimeField()

    class Meta:
        ordering = ["symbol"]
        constraints = [models.UniqueConstraint(fields=["account", "symbol"], name="position_once")]

    def __str__(self) -> str:
        return f"position {self.pk}"
