"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts import services as accounts
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.signin import sessions


@shared_task
def sync_account(*, account_id: str, **_: object) -> None:
    """Poll one account's status."""
    accounts.sync_account(account=BrokerageAccount.objects.get(pk=account_id))


@shared_task
def sync_accounts(**_: object) -> None:
    """Sweep: accounts that are due to be read."""
    accounts.sync_accounts(now=timezone.now())


@shared_task
def sync_balances(*, account_id: str, **_: object) -> None:
    """Refresh one account's balances."""
    accounts.sync_balances(account=BrokerageAccount.objects.get(pk=account_id))


@shared_task
def sync_due_balances(**_: object) -> None:
    """Sweep: balances that changed or could not be read."""
    accounts.sync_due_balances(now=timezone.now())


@shared_task
def forget_sessions(**_: object) -> None:
    """Daily: sessions that are over."""
    sessions.forget_ended()
