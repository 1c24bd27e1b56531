"""What accounts hold, and when that was last read."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from trading import search
from trading.models.fields import price_field, share_field
from trading.models.instruments import Asset


class PositionsSyncQuerySet(models.QuerySet["PositionsSync"]):
    """Reads of sync cursors."""

    def due(self, now: datetime) -> "PositionsSyncQuerySet":
        """Those whose positions should be read again, the longest due first."""
        return self.filter(due_at__lte=now).select_related("account").order_by("due_at")


class PositionsSync(models.Model):
    """When an account's positions were last read from the broker, and when they should be read again."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="positions_sync"
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="when the read began that the rows show"
    )
    changed_at = models.DateTimeField(
        default=timezone.now, help_text="when they last changed, or were known to have changed"
    )
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    failed_reads = models.PositiveSmallIntegerField(default=0)

    objects = PositionsSyncQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "positions syncs"

    def __str__(self) -> str:
        return f"positions of {self.pk}"


class PositionQuerySet(models.QuerySet["Position"]):
    """Reads of positions."""

    def get_held(self, account: BrokerageAccount, symbol: str) -> "Position | None":
        """What the account holds under a symbol, however it is written (`brk-b`); None if nothing."""
        mine = self.filter(account=account).select_related("asset")
        exact = mine.filter(symbol=symbol.upper()).first()
        if exact is not None:
            return exact
        asset = search.by_symbol(Asset.objects.filter(positions__account=account), symbol)
        return mine.filter(asset=asset).first() if asset is not None else None


class Position(models.Model):
    """What an account holds of one asset, as last read. Short positions have a negative quantity.

    Cost and average price are null where the broker does not say.
    """

    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="positions")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="positions")
    symbol = models.CharField(max_length=32, help_text="as orders spell it")
    qty = share_field()
    avg_entry_price = price_field(null=True, blank=True)
    cost_basis = models.DecimalField(
        "cost", max_digits=24, decimal_places=9, null=True, blank=True, help_text="USD"
    )
    synced_at = models.DateTimeField()

    objects = PositionQuerySet.as_manager()

    class Meta:
        ordering = ["symbol"]
        constraints = [models.UniqueConstraint(fields=["account", "asset"], name="position_once")]

    def __str__(self) -> str:
        return f"position {self.pk}"
