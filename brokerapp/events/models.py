"""The broker's events as they came, and how far each stream has been followed."""

from datetime import datetime, timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Stream(models.TextChoices):
    """The streams we follow. Broker API, "SSE Events" (https://docs.alpaca.markets/docs/sse-events)."""

    ACCOUNTS = "accounts", "Account status"
    FUNDING = "funding", "Bank links and transfers"
    TRADES = "trades", "Orders and fills"
    JOURNALS = "journals", "Journals"


SILENCE_LIMIT = timedelta(seconds=60)
"""Heartbeats come about every fifteen seconds; a stream without a byte for this long is not followed."""


class BrokerEventQuerySet(models.QuerySet["BrokerEvent"]):
    """Reads of events."""

    def waiting(self, now: datetime) -> "BrokerEventQuerySet":
        """Events not handled yet whose next try is due, oldest first."""
        return self.filter(handled_at__isnull=True, next_try_at__lte=now).order_by("next_try_at")


class BrokerEvent(models.Model):
    """One event, stored before it is handled. `payload` holds only what we use, and no personal data."""

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=20, choices=Stream)
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
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.event_id}"


class StreamCursor(models.Model):
    """How fresh our knowledge of one stream is, written by the follower about every fifteen seconds."""

    stream = models.CharField(max_length=20, choices=Stream, primary_key=True)
    connected = models.BooleanField(default=False)
    connected_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, help_text="last byte, heartbeats included")
    last_event_at = models.DateTimeField(null=True, blank=True)
    last_event_id = models.CharField(max_length=64, blank=True)
    reconnects = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = [F("stream").asc()]

    def __str__(self) -> str:
        return self.stream

    def is_live(self, now: datetime) -> bool:
        """Whether news of this stream reach us at `now`; if not, pages say as of when they are."""
        return self.connected and self.last_seen_at is not None and now - self.last_seen_at < SILENCE_LIMIT
