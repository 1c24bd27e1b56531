"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.records import services


@shared_task
def sync_documents(*, account_id: str, **_: object) -> None:
    """Read which documents one account has."""
    services.sync_documents(account=BrokerageAccount.objects.get(pk=account_id))


@shared_task
def sync_due_documents(**_: object) -> None:
    """Sweep: the lists of documents that are due."""
    services.sync_due_documents(now=timezone.now())
