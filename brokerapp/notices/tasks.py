"""Doors to the services: one service call each."""

from celery import shared_task
from django.utils import timezone

from brokerapp.notices import services


@shared_task
def tell_people(**_extra: object) -> None:
    """Read the status history, and send the mails that it makes."""
    services.tell_people(now=timezone.now())
