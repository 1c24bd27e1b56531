"""An account's books, worked out from its activities: kept, so that a page adds up no history."""

from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from trading.models.fields import share_field
from trading.models.snapshots import usd_field


class GainBook(models.Model):
    """What the activities of an account add up to, USD, and which of them are in it."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="gain_book"
    )
    activities = models.PositiveIntegerField(default=0, help_text="how many are in it")
    newest_activity = models.BigIntegerField(null=True, blank=True, help_text="the row of the newest of them")
    revised_at = models.DateTimeField(
        null=True, blank=True, help_text="when the last of them changed in place"
    )
    worked_out_at = models.DateTimeField(default=timezone.now)
    cash = usd_field(default=0, help_text="their sum")
    realized = usd_field(default=0, help_text="gained by what was sold")
    dividends = usd_field(default=0)
    interest = usd_field(default=0)
    fees = usd_field(default=0, help_text="negative: what was paid")
    other = usd_field(default=0)
    paid_in = usd_field(default=0, help_text="money, and shares at what they were worth")
    paid_out = usd_field(default=0, help_text="as a positive figure")

    def __str__(self) -> str:
        return f"books of {self.pk}"


class HeldLot(models.Model):
    """Shares bought at once and not sold since, or a part of them; first in, first out."""

    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="held_lots")
    symbol = models.CharField(max_length=32)
    opened_on = models.DateField()
    qty = share_field()
    cost = usd_field()
    is_cost_known = models.BooleanField(default=True)

    class Meta:
        ordering = ["symbol", "opened_on", "id"]

    def __str__(self) -> str:
        return f"lot {self.pk}"


class ClosedLot(models.Model):
    """A lot or a part of one that was sold, in the order of sales; of shares owed, `qty` is negative."""

    account = models.ForeignKey(
        BrokerageAccount, on_delete=models.CASCADE, related_name="closed_lots", db_index=False
    )
    number = models.PositiveIntegerField(help_text="in the account's books, from 0")
    symbol = models.CharField(max_length=32)
    opened_on = models.DateField()
    closed_on = models.DateField()
    qty = share_field()
    proceeds = usd_field()
    cost = usd_field()
    gain = usd_field()
    is_long_term = models.BooleanField(help_text="held for more than a year")
    is_sale = models.BooleanField(help_text="no: it went elsewhere, at what it was worth")
    is_cost_known = models.BooleanField(default=True)

    class Meta:
        ordering = ["number"]
        indexes = [
            models.Index(fields=["account", "closed_on"], name="closed_lot_of_year"),
            models.Index(fields=["account", "symbol"], name="closed_lot_of_symbol"),
        ]
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="closed_lot_once")]

    def __str__(self) -> str:
        return f"closed lot {self.pk}"


class ExternalFlow(models.Model):
    """Money or shares that came in, or went out if negative: a marker on the chart, never a gain."""

    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="external_flows")
    day = models.DateField()
    amount = usd_field()
    kind = models.CharField(max_length=20, help_text="Alpaca's word")
    symbol = models.CharField(max_length=32, blank=True, help_text="of shares")

    class Meta:
        ordering = ["day", "id"]

    def __str__(self) -> str:
        return f"flow {self.pk}"
