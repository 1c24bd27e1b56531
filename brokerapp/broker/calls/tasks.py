"""Tasks of the call log."""

from celery import shared_task
from django.utils import timezone

from brokerapp.broker.calls import retention


@shared_task
def prune_api_calls(**_extra: object) -> int:
    """Make the log's coming weeks and let go of what is past its lifetime; may run any number of times."""
    return retention.prune_api_calls(now=timezone.now())
