"""The broker's events as they came, and how far each stream has been followed."""

from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream

UNREADABLE = "unreadable"
"""The outcome of an event that could not be stored as it came."""


class BrokerEventQuerySet(models.QuerySet["BrokerEvent"]):
    """Reads of events."""

    def readable(self) -> "BrokerEventQuerySet":
        """Events with an id of the broker's; that of an unreadable one is our digest of it."""
        return self.exclude(outcome=UNREADABLE)

    def waiting(self, now: datetime) -> "BrokerEventQuerySet":
        """Events not handled yet whose next try is due, oldest first."""
        return self.filter(handled_at__isnull=True, next_try_at__lte=now).order_by("next_try_at")


class BrokerEvent(models.Model):
    """One event, stored before it is handled. `payload` holds only what we use, and no personal data."""

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=20, choices=EventStream)
    event_id = models.CharField("event ID (ULID)", max_length=64)
    account_id = models.UUIDField("account ID at Alpaca", null=True, blank=True, db_index=True)
    payload = models.JSONField(encoder=DjangoJSONEncoder)
    occurred_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=200, blank=True, help_text="what became of it, if not simply applied"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=500, blank=True)

    objects = BrokerEventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "event_id"], name="event_stored_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(handled_at__isnull=True), name="event_waiting"),
            models.Index(fields=["-received_at"], name="event_received"),
            models.Index(fields=["received_at"], condition=~Q(error=""), name="event_in_trouble"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.event_id}"
