"""Doors to the services: ids in, one service call. Beat runs the sweeps."""

from celery import shared_task
from django.utils import timezone

from funding.models import Transfer
from funding.services import banks, settling, transfers


@shared_task
def send_transfer(transfer_id: str, **_extra: object) -> None:
    """Post a transfer, if no other process has."""
    transfer = Transfer.objects.select_related("account", "bank_link").get(pk=transfer_id)
    transfers.send_transfer(transfer=transfer, now=timezone.now())


@shared_task
def settle_bank_links(**_extra: object) -> None:
    """Find out what became of calls about bank links that have no known outcome."""
    banks.settle_bank_links(now=timezone.now())


@shared_task
def settle_transfers(**_extra: object) -> None:
    """Find out what became of transfers that have no known outcome."""
    settling.settle_transfers(now=timezone.now())


@shared_task
def sync_bank_links(**_extra: object) -> None:
    """Poll bank links that Alpaca is still approving."""
    banks.sync_bank_links(now=timezone.now())


@shared_task
def sync_transfers(**_extra: object) -> None:
    """Poll transfers that are on their way, and complete deposits that may still be returned."""
    transfers.sync_transfers(now=timezone.now())
