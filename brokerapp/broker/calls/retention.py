"""The life of the call log."""

from datetime import datetime, timedelta

from django.conf import settings

from brokerapp.broker.calls.models import ApiCall

BATCH = 5000


def prune_api_calls(*, now: datetime) -> int:
    """Delete calls older than `settings.API_CALL_RETENTION_DAYS`, in short statements. Returns how many."""
    old = ApiCall.objects.filter(started_at__lt=now - timedelta(days=settings.API_CALL_RETENTION_DAYS))
    deleted = 0
    while batch := list(old.order_by("started_at").values_list("pk", flat=True)[:BATCH]):
        deleted += ApiCall.objects.filter(pk__in=batch).delete()[0]
    return deleted
