"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.closing import services
from brokerapp.closing.models import AccountClosing
from brokerapp.workflow.state import Process


@shared_task
def close_account(*, closing_id: str, **_: object) -> None:
    """Ask the broker to close one account."""
    closing = AccountClosing.objects.select_related("account").get(pk=closing_id)
    services.close_account(closing=closing, now=timezone.now())


@shared_task
def settle_closing(*, closing_id: str, staff_id: str = "", **_: object) -> None:
    """Find out what became of one request; `staff_id` is who asked."""
    closing = AccountClosing.objects.select_related("account").get(pk=closing_id)
    by = User.objects.get(pk=staff_id) if staff_id else Process.SWEEP
    services.settle_closing(closing=closing, by=by, now=timezone.now())


@shared_task
def settle_closings(**_: object) -> None:
    """Sweep: requests that wait or whose outcome is unknown."""
    services.settle_closings(now=timezone.now())
