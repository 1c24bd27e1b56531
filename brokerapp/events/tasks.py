"""Doors to the services: ids in, one service call."""

from celery import shared_task
from django.utils import timezone

from brokerapp.events import services


@shared_task
def handle_event(event_pk: str, **_extra: object) -> None:
    """Handle one stored event."""
    services.handle_event(event_pk=int(event_pk), now=timezone.now())


@shared_task
def prune_events(**_extra: object) -> None:
    """Delete handled events past their life."""
    services.prune_events(now=timezone.now())


@shared_task
def handle_waiting_events(**_extra: object) -> None:
    """Handle every event whose first message was lost, or whose next try is due."""
    services.handle_waiting_events()
