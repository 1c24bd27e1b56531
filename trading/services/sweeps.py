"""Sweeps over orders: settle what is unknown, follow what is open, fetch fills that are missing."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.workflow import state
from trading.models import Order
from trading.rules import CancelRefused
from trading.services import fills, orders
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)

ORDERS_PER_SWEEP = 50


def settle_orders(*, now: datetime) -> None:
    """Ask after orders whose outcome is unknown, and repeat cancels that had no effect.

    Only what has rested for longer than any call can take, so that no call is in flight.
    """
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    unsettled = Order.objects.unsettled(rested).select_related("account").order_by("status_at")
    _each(unsettled[:ORDERS_PER_SWEEP], lambda order: orders.settle_order(order=order))
    unheard = (
        Order.objects.working()
        .exclude(status=OrderStatus.PENDING_CANCEL)
        .filter(cancel_requested_at__lt=rested)
        .select_related("account", "cancel_requested_by")
    )
    _each(unheard[:ORDERS_PER_SWEEP], lambda order: orders.send_cancel(order=order))


def sync_open_orders(*, now: datetime) -> None:
    """Read the orders that are open at the broker, the longest unread first, and fills that are missing."""
    rested = now - timedelta(seconds=settings.SWEEP_SECONDS / 2)
    working = (
        Order.objects.working().filter(synced_at__lt=rested).select_related("account").order_by("synced_at")
    )
    _each(working[:ORDERS_PER_SWEEP], lambda order: orders.sync_order(order=order))
    missing = Order.objects.missing_fills().filter(synced_at__lt=rested).select_related("account")
    _each(missing.order_by("synced_at")[:ORDERS_PER_SWEEP], lambda order: fills.sync_fills(order=order))


def _each(rows: Iterable[Order], do: Callable[[Order], object]) -> None:
    """One failing order must not stop the others."""
    for order in rows:
        try:
            do(order)
        except (BrokerError, state.LostRace, CancelRefused) as error:
            logger.info("%s is not settled yet: %s", order, error)
        except Exception:
            logger.exception("sweep of %s failed", order)
