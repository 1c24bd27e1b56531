"""What can be traded, and at which prices."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from trading import search
from trading.asset_classes import AssetClass, asset_class_of, is_offered, offered_words
from trading.models.fields import price_field, share_field

QUOTE_FRESH_FOR = timedelta(seconds=30)
LEAST_FALL, LEAST_RISE = Decimal("0.6"), Decimal("1.6")
"""Last price by previous close, from where on a split is as likely as a move of the price."""
THREE_FOR_TWO = (Decimal(2) / 3, Decimal(3) / 2)
"""The splits within those bounds; smaller ones cannot be told from moves of the price."""
NEAR = Decimal("0.01")
NOT_SPLIT = THREE_FOR_TWO[0] * (1 + NEAR), THREE_FOR_TWO[1] * (1 - NEAR)
"""Between these no price is as far as a split moves it, which is so of nearly all."""
FEEDS = {
    "iex": "from the IEX exchange",
    "sip": "from all US exchanges",
    "delayed_sip": "from all US exchanges, 15 minutes late",
    "crypto": "from Alpaca’s coin market",
    "options": "indicative",
}
"""Feeds of the Market Data API, as people are told of them."""


class AssetQuerySet(models.QuerySet["Asset"]):
    """Reads of assets."""

    def of(self, asset_class: AssetClass) -> "AssetQuerySet":
        """Those of one class."""
        return self.filter(asset_class=asset_class.word)

    def offered(self) -> "AssetQuerySet":
        """Those of the classes that can be traded here."""
        return self.filter(asset_class__in=offered_words())

    def matching(self, text: str) -> "AssetQuerySet":
        """Active assets on offer by symbol or part of the name, the likeliest first (`trading.search`)."""
        return search.matching(self.offered().filter(status=Asset.ACTIVE), text)

    def get_by_symbol(self, symbol: str) -> "Asset":
        """The asset on offer that is now listed under a symbol, else one that was, however it is written.

        Raises `Asset.DoesNotExist`.
        """
        found: Asset | None = search.by_symbol(self.offered(), symbol)
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
    attributes = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="Alpaca's words"
    )
    synced_at = models.DateTimeField()
    searched = models.GeneratedField(
        expression=search.searched_text(), output_field=models.TextField(), db_persist=True
    )

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["symbol"]
        indexes = [
            models.Index(fields=["symbol"], opclasses=["varchar_pattern_ops"], name="asset_symbol_prefix"),
            models.Index(
                F("tradable").desc(), "symbol", condition=Q(status="active"), name="asset_tradable_first"
            ),
            GinIndex(fields=["searched"], opclasses=["gin_trgm_ops"], name="asset_searched_contains"),
        ]
        constraints = [
            # Symbols are handed on: a delisted asset keeps the one it had.
            models.UniqueConstraint(
                fields=["symbol", "asset_class"],
                condition=Q(status="active"),
                name="asset_symbol_active_once",
            ),
        ]

    def __str__(self) -> str:
        return self.symbol

    @property
    def title(self) -> str:
        """Its name, or its symbol if it has none."""
        return self.name or self.symbol

    @property
    def kind(self) -> AssetClass:
        """What holds for all assets of its class."""
        return asset_class_of(self.asset_class)

    @property
    def is_offered(self) -> bool:
        """Whether its class can be traded here; if not, it can only be held."""
        return is_offered(self.asset_class)

    @property
    def trades_fractions_extended(self) -> bool:
        """Whether fractions of it trade outside regular hours."""
        return "fractional_eh_enabled" in self.attributes

    @property
    def is_over_the_counter(self) -> bool:
        return self.exchange == "OTC"

    @property
    def is_barred_partnership(self) -> bool:
        """Whether nobody may buy it, as its sales would be withheld from."""
        return "ptp_no_exception" in self.attributes


class Quote(models.Model):
    """The last prices synced for an asset, USD per share. A side that nobody quotes is null."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="quote")
    bid = price_field(null=True, blank=True)
    ask = price_field(null=True, blank=True)
    bid_size = share_field(null=True, blank=True)
    ask_size = share_field(null=True, blank=True)
    last = price_field(null=True, blank=True)
    previous_close = price_field(null=True, blank=True)
    day_open = price_field(null=True, blank=True, help_text="of the day of the latest daily bar")
    day_high = price_field(null=True, blank=True)
    day_low = price_field(null=True, blank=True)
    day_volume = share_field(null=True, blank=True)
    as_of = models.DateTimeField(help_text="when the market made these prices")
    synced_at = models.DateTimeField(db_index=True, help_text="when we asked for them")
    looked_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="when a person last wanted them"
    )
    feed = models.CharField(max_length=20, blank=True, help_text="Alpaca's word for where they come from")
    is_halted = models.BooleanField(default=False, help_text="whether the exchange has stopped trading")

    def __str__(self) -> str:
        return f"quote of {self.asset_id}"

    @property
    def feed_text(self) -> str:
        """Where the prices come from, beside them; empty if that is not known."""
        return FEEDS.get(self.feed, "")

    @property
    def is_one_exchange(self) -> bool:
        """Whether volume and prices are of one exchange among many."""
        return self.feed == "iex"

    def is_stale(self, now: datetime) -> bool:
        """Whether a ticket must ask again before it trusts these prices."""
        return now - self.synced_at > QUOTE_FRESH_FOR

    def was_looked_at(self, since: datetime) -> bool:
        """Whether a person wanted it since then."""
        return self.looked_at is not None and self.looked_at >= since

    @property
    def may_be_split(self) -> bool:
        """Whether the shares may have been split since the previous close."""
        return may_be_split(self.last, self.previous_close)

    @property
    def change(self) -> Decimal | None:
        """Last price less previous close, USD per share; None too where a split may be between them."""
        if self.last is None or self.previous_close is None or self.may_be_split:
            return None
        return self.last - self.previous_close

    @property
    def change_fraction(self) -> Decimal | None:
        """The change as a fraction of the previous close."""
        return self.change / self.previous_close if self.change is not None and self.previous_close else None


def may_be_split(last: Decimal | None, previous_close: Decimal | None) -> bool:
    """Whether shares may have been split between two prices, which data APIs do not adjust.

    On such a day a 4:1 split would read as a loss of three quarters.
    """
    if not last or not previous_close:
        return False
    ratio = last / previous_close
    if NOT_SPLIT[0] < ratio < NOT_SPLIT[1]:
        return False
    is_far = not LEAST_FALL < ratio < LEAST_RISE
    return is_far or any(abs(ratio / split - 1) <= NEAR for split in THREE_FOR_TWO)


class QuotePause(models.Model):
    """An asset for which the data API has no prices, or refuses to say: asked again less and less often."""

    asset = models.OneToOneField(
        Asset, on_delete=models.CASCADE, primary_key=True, related_name="quote_pause"
    )
    failures = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"no quote of {self.asset_id}"


class ScreenedAsset(models.Model):
    """A row of a list that the data API ranks: the most traded, the largest gains and losses of the day."""

    class Screen(models.TextChoices):
        """The lists."""

        MOST_ACTIVE = "MOST_ACTIVE", "Most active"
        GAINERS = "GAINERS", "Gainers"
        LOSERS = "LOSERS", "Losers"

    screen = models.CharField(max_length=12, choices=Screen)
    rank = models.PositiveSmallIntegerField()
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateTimeField(help_text="when the data API made the list")

    class Meta:
        ordering = ["screen", "rank"]
        constraints = [models.UniqueConstraint(fields=["screen", "rank"], name="screen_rank_once")]

    def __str__(self) -> str:
        return f"{self.screen} {self.rank}"


class MarketDay(models.Model):
    """A day on which the market opens, as told by `GET /v1/calendar`: half days close early."""

    day = models.DateField(primary_key=True, help_text="in New York")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day)


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
