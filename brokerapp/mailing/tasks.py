"""Doors to the services: one service call each."""

from celery import shared_task
from django.utils import timezone

from brokerapp.mailing import services


@shared_task
def send_mail(*, mail_id: str, **_extra: object) -> None:
    """Send one mail that a page asked for."""
    services.send_mail(mail_id=mail_id, now=timezone.now())


@shared_task
def send_mails(**_extra: object) -> None:
    """Sweep: mails that pages asked for and that are due."""
    services.send_mails(now=timezone.now())


@shared_task
def prune_mails(**_extra: object) -> None:
    """Forget mails past their time."""
    services.prune_mails(now=timezone.now())
