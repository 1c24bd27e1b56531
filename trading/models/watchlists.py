"""Lists of assets that people watch, kept at the broker as well."""

import re
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from trading.models.instruments import Asset


def name_at_broker(name: str) -> str:
    """A list's name as the broker's specification takes it: its letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", name)


class WatchlistQuerySet(models.QuerySet["Watchlist"]):
    """Reads of watchlists."""

    def of(self, account: BrokerageAccount) -> "WatchlistQuerySet":
        """An account's lists, oldest first."""
        return self.filter(account=account, removed_at__isnull=True).order_by("created_at")

    def unsent(self) -> "WatchlistQuerySet":
        """Those that the broker does not have as they are."""
        as_is = Q(synced_at__gte=F("changed_at"), removed_at__isnull=True)
        return self.exclude(as_is)


class Watchlist(models.Model):
    """A list as its owner left it; the broker is sent the whole of it after each change."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="watchlists")
    name = models.CharField(max_length=60)
    broker_name = models.CharField(max_length=60, help_text="letters and digits of the name")
    broker_watchlist_id = models.UUIDField(null=True, blank=True, editable=False)
    broker_updated_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="the broker's own, as last sent or read: another one tells of a change there",
    )
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now, help_text="when its owner last changed it")
    synced_at = models.DateTimeField(null=True, blank=True, help_text="the change that the broker has")
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="by its owner; goes once the broker knows"
    )
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="when a process set out to send it")
    due_at = models.DateTimeField(
        null=True, blank=True, default=timezone.now, help_text="not sent before; empty: the broker has it"
    )
    failures = models.PositiveSmallIntegerField(default=0)

    objects = WatchlistQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="watchlist_unsent", condition=Q(due_at__isnull=False))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "broker_name"],
                condition=Q(removed_at__isnull=True),
                name="watchlist_name_once",
            )
        ]

    def __str__(self) -> str:
        return f"watchlist {self.pk}"


class WatchlistItem(models.Model):
    """An asset on a list."""

    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="items", db_index=False)
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["watchlist", "asset"], name="watchlist_item_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} on {self.watchlist_id}"
