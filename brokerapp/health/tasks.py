"""Doors to the services."""

from celery import shared_task
from django.utils import timezone

from brokerapp.health import errors, services


@shared_task
def note_alive(queue: str, **_extra: object) -> None:
    """Show that the workers of the queue in which this was sent are at work."""
    services.note_alive(queue=queue, now=timezone.now())


@shared_task
def prune_error_pages(**_extra: object) -> None:
    """Forget the error pages past their time."""
    errors.prune_error_pages(now=timezone.now())
