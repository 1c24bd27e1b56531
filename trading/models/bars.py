"""Price bars, kept so that a chart is drawn from rows and only what is missing is asked for."""

from django.db import models

from trading.chart_ranges import Timeframe
from trading.models.fields import price_field
from trading.models.instruments import Asset


class BarSeries(models.Model):
    """The bars we keep of one asset in one length, and how fresh they are."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="bar_series")
    timeframe = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in Timeframe], help_text="Alpaca's word"
    )
    synced_at = models.DateTimeField(null=True, blank=True, help_text="when we last asked and got an answer")
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="when somebody last set out to ask")
    looked_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="when a person last wanted it"
    )
    high = price_field(null=True, blank=True, help_text="of the last 52 weeks; daily bars only")
    low = price_field(null=True, blank=True, help_text="of the last 52 weeks; daily bars only")

    class Meta:
        verbose_name_plural = "bar series"
        constraints = [models.UniqueConstraint(fields=["asset", "timeframe"], name="bar_series_once")]

    def __str__(self) -> str:
        return f"{self.timeframe} bars of {self.asset_id}"


class Bar(models.Model):
    """Prices of one interval, USD per share, adjusted for splits, and the shares traded in it."""

    series = models.ForeignKey(BarSeries, on_delete=models.CASCADE, related_name="bars", db_index=False)
    at = models.DateTimeField(help_text="when the interval begins; of a day, midnight in New York")
    open = price_field()
    high = price_field()
    low = price_field()
    close = price_field()
    volume = models.DecimalField(max_digits=24, decimal_places=9)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "at"], name="bar_once")]

    def __str__(self) -> str:
        return f"bar at {self.at}"
