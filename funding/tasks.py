"""Doors to the services: ids in, one service call. Beat runs the sweeps."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts.models import User
from funding.models import BankLink, Transfer
from funding.services import banks, settling, transfers


@shared_task
def send_transfer(transfer_id: str, **_extra: object) -> None:
    """Post a transfer, if no other process has."""
    transfer = Transfer.objects.select_related("account", "bank_link").get(pk=transfer_id)
    transfers.send_transfer(transfer=transfer, now=timezone.now())


@shared_task
def ask_about_transfer(transfer_id: str, staff_id: str, **_extra: object) -> None:
    """Ask the broker about a transfer, as a member of staff wants to know."""
    transfer = Transfer.objects.select_related("account", "bank_link").get(pk=transfer_id)
    settling.ask_broker(transfer=transfer, by=User.objects.get(pk=staff_id), now=timezone.now())


@shared_task
def ask_about_bank_link(bank_link_id: str, staff_id: str, **_extra: object) -> None:
    """Ask the broker about a bank link, as a member of staff wants to know."""
    link = BankLink.objects.select_related("account").get(pk=bank_link_id)
    banks.ask_broker(link=link, by=User.objects.get(pk=staff_id), now=timezone.now())


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
