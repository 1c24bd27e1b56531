"""Doors to the services."""

from celery import shared_task
from django.utils import timezone

from brokerapp.health import services


@shared_task
def note_alive(queue: str, **_extra: object) -> None:
    """Show that the workers of the queue in which this was sent are at work."""
    services.note_alive(queue=queue, now=timezone.now())
