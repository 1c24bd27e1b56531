"""What accounts were worth over time: points within a day, a row for each day, the broker's own history."""

from datetime import date, datetime
from decimal import Decimal

from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount


def usd_field(**options: object) -> models.DecimalField:
    """A column of USD, 2 dp, as accounts are valued."""
    return models.DecimalField(max_digits=20, decimal_places=2, **options)  # type: ignore[arg-type]


class DailyEquityQuerySet(models.QuerySet["DailyEquity"]):
    """Reads of days."""

    def before(self, account: BrokerageAccount, day: date) -> "DailyEquity | None":
        """The last day before `day`: what the account was worth when it began."""
        return self.filter(account=account, day__lt=day).order_by("-day").first()


class DailyEquity(models.Model):
    """What an account was worth at the end of a day in New York: the last that we know of that day.

    `cash` and `positions_value` are null where only the broker's history tells of the day.
    """

    account = models.ForeignKey(
        BrokerageAccount, on_delete=models.CASCADE, related_name="daily_equity", db_index=False
    )
    day = models.DateField()
    at = models.DateTimeField(help_text="when it was worth that")
    cash = usd_field(null=True, blank=True)
    positions_value = usd_field(null=True, blank=True)
    equity = usd_field(help_text="as we value it; the broker's where we did not exist yet")
    broker_equity = usd_field(
        verbose_name="the broker's equity", null=True, blank=True, help_text="of that day's end"
    )

    objects = DailyEquityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "daily equity"
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="daily_equity_once")]

    def __str__(self) -> str:
        return f"equity of {self.day}"

    @property
    def difference(self) -> Decimal | None:
        """The broker's figure less ours; None while it has not said."""
        return None if self.broker_equity is None else self.broker_equity - self.equity


class EquityPoint(models.Model):
    """What an account was worth at an instant of the last weeks, and what the broker had last said."""

    account = models.ForeignKey(
        BrokerageAccount, on_delete=models.CASCADE, related_name="equity_points", db_index=False
    )
    at = models.DateTimeField(db_index=True)
    cash = usd_field()
    positions_value = usd_field()
    equity = usd_field()
    broker_equity = usd_field(verbose_name="the broker's equity", help_text="as it last said")
    broker_at = models.DateTimeField(null=True, blank=True, help_text="when it said so")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="equity_point_once")]

    def __str__(self) -> str:
        return f"equity at {self.at}"


class EquitySyncQuerySet(models.QuerySet["EquitySync"]):
    """Reads of sync cursors."""

    def due(self, now: datetime) -> "EquitySyncQuerySet":
        """Those whose history is to be asked for, the longest due first."""
        return self.filter(due_at__lte=now).select_related("account").order_by("due_at")


class EquitySync(models.Model):
    """When the broker's own history of an account was last read; null: never, so all of it is wanted."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="equity_sync"
    )
    synced_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    failed_reads = models.PositiveSmallIntegerField(default=0)

    objects = EquitySyncQuerySet.as_manager()

    def __str__(self) -> str:
        return f"equity of {self.pk}"
