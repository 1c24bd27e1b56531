"""How far each event stream has been followed."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F

from brokerapp.web.fixed_queries import FixedQuery


class EventStream(models.TextChoices):
    """The streams we follow. Broker API, "SSE Events" (https://docs.alpaca.markets/docs/sse-events)."""

    ACCOUNTS = "accounts", "Account status"
    FUNDING = "funding", "Bank links and transfers"
    TRADES = "trades", "Orders and fills"
    JOURNALS = "journals", "Journals"
    ACTIVITIES = "activities", "Account activities"


SILENCE_LIMIT = timedelta(seconds=60)
"""Heartbeats come about every fifteen seconds; a stream without a byte for this long is not followed."""


class StreamCursor(models.Model):
    """How fresh our knowledge of one stream is, written by the follower about every fifteen seconds."""

    stream = models.CharField(max_length=20, choices=EventStream, primary_key=True)
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


find_cursor = FixedQuery(lambda stream: StreamCursor.objects.filter(pk=stream).order_by(), "a stand-in")


def is_live(stream: EventStream, now: datetime) -> bool:
    """Whether news of a stream reach us at `now`. One query."""
    return any(cursor.is_live(now) for cursor in find_cursor(stream.value))
