"""Doors to the services. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.privacy import retention


@shared_task
def forget_closed_accounts(**_: object) -> None:
    """Daily: forget who had accounts that were closed longer ago than records are kept."""
    retention.forget_closed_accounts(now=timezone.now())
