"""Doors to the services: one service call each."""

from celery import shared_task
from django.utils import timezone

from brokerapp.activities import services


@shared_task
def sync_activities(**_: object) -> None:
    """Sweep: the broker's list of activities, wherever it is due to be read on."""
    services.sync_activities(now=timezone.now())
