"""Sweeps over orders: send what waits, settle what is unknown, follow what is open, fetch missing fills.

Each has a lock and a time budget, and puts off what failed, so that no order keeps the others waiting.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from brokerapp.workflow import following, sweeps, writes
from trading.models import Order
from trading.services import orders
from trading.statuses import OrderStatus

SECONDS = 10.0
"""The time budget of each."""
SEND_AGAIN_AFTER = timedelta(seconds=10)
CANCEL_AGAIN_AFTER = timedelta(minutes=1)
CANCEL_HEARD_WITHIN = timedelta(days=1)
"""How long a wish to cancel is passed on to what took the order's place."""


def settle_orders(*, now: datetime) -> None:
    """Send orders that wait, ask after those whose outcome is unknown, repeat cancels that had no effect."""
    sweeps.sweep(
        "trading.waiting orders",
        writes.waiting_to_be_sent(Order, now).select_related("account", "asset"),
        lambda order: orders.resend_order(order=order, now=now),
        failed=lambda order: _send_later(order, now),
        seconds=SECONDS,
    )
    sweeps.sweep(
        "trading.unsettled orders",
        _due(writes.without_outcome(Order, now), now).select_related("account", "asset"),
        lambda order: orders.settle_order(order=order, now=now),
        failed=lambda order: following.schedule_retry(order, now=now),
        seconds=SECONDS,
    )
    sweeps.sweep(
        "trading.unheard cancels",
        _unheard_cancels(now).select_related("account", "cancel_requested_by"),
        lambda order: orders.try_cancel(order=order),
        seconds=SECONDS,
    )
    sweeps.sweep(
        "trading.cancels passed on",
        _cancels_to_pass_on(now).select_related("account", "cancel_requested_by"),
        lambda order: orders.pass_on_cancel(order=order),
        seconds=SECONDS,
    )


def _send_later(order: Order, now: datetime) -> None:
    Order.objects.filter(pk=order.pk).update(send_after=now + SEND_AGAIN_AFTER)


def _due(rows: "QuerySet[Order]", now: datetime) -> "QuerySet[Order]":
    """Those that are not put off, the longest due first."""
    return rows.filter(Q(due_at__isnull=True) | Q(due_at__lte=now)).order_by(
        F("due_at").asc(nulls_first=True)
    )


def _unheard_cancels(now: datetime) -> "QuerySet[Order]":
    """Orders still working long after somebody wanted them canceled, of which the broker has not said so.

    Safe to repeat: the broker refuses to cancel twice.
    """
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    return (
        Order.objects.working()
        .exclude(status=OrderStatus.PENDING_CANCEL)
        .filter(Q(cancel_sent_at__isnull=True) | Q(cancel_sent_at__lt=now - CANCEL_AGAIN_AFTER))
        .filter(cancel_requested_at__lt=rested)
        .order_by(F("cancel_sent_at").asc(nulls_first=True))
    )


def _cancels_to_pass_on(now: datetime) -> "QuerySet[Order]":
    """Orders that a change has ended while somebody wanted them canceled, with nothing said of the change."""
    left = Order.objects.working().filter(cancel_asked_at__isnull=True).values("replaces")
    asked = Order.objects.filter(cancel_asked_at__gte=now - CANCEL_HEARD_WITHIN, status=OrderStatus.REPLACED)
    return asked.filter(cancel_requested_at__isnull=False, pk__in=left)


def sync_open_orders(*, now: datetime) -> None:
    """Read the orders that are due, the longest due first, and fills that do not add up."""
    sweeps.sweep(
        "trading.open orders",
        following.due(Order, now).select_related("account", "asset"),
        lambda order: orders.read_order(order=order, now=now),
        failed=lambda order: following.schedule_retry(order, now=now),
        seconds=SECONDS,
    )
    sweeps.sweep(
        "trading.fills",
        _due(Order.objects.unlike_fills(), now).select_related("account", "asset"),
        lambda order: orders.complete_fills(order=order, now=now),
        failed=lambda order: following.schedule_retry(order, now=now),
        seconds=SECONDS,
    )
