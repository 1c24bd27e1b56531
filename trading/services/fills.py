"""Fills: told by trade events, made complete from the account's activities."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp import live
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.clients import get_client
from brokerapp.units.money import parse_decimal
from trading.models import Fill, Order
from trading.services import orders

logger = logging.getLogger(__name__)

FILL_EVENTS = ("fill", "partial_fill")
ACTIVITY_LEAD = timedelta(minutes=5)


def on_trade_event(event: Mapping[str, Any]) -> str | None:
    """Record the fill an event tells of; then, as an event is a hint, read its order again and apply that.

    Orders that are not ours (placed by other systems on the same keys) are ignored. Returns what was done, if
    not that. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`, for the caller to try again.
    """
    told = event["order"]
    mine = Q(client_order_id=told.get("client_order_id", "")) | Q(broker_order_id=told["id"])
    order = Order.objects.filter(mine).select_related("account").first()
    if order is None:
        return "not one of our orders"
    if event.get("event") in FILL_EVENTS:
        _record_event(order, event)
    reply = get_client(about=order).orders.get(order.account.broker_account_id, told["id"])
    orders.apply_order(order=order, reply=reply, reason=event.get("reason") or "")
    return None


def _record_event(order: Order, event: Mapping[str, Any]) -> None:
    at = parse_datetime(event.get("timestamp") or event.get("at") or "")
    try:
        qty, price = parse_decimal(event["qty"]), parse_decimal(event["price"])
        cum_qty = parse_decimal(event["order"]["filled_qty"])
    except (KeyError, ValueError):
        at = None
    if at is None or not event.get("execution_id"):
        logger.warning("a fill event of %s lacks its figures; its activities will tell", order)
        return
    record_fill(
        order=order, cum_qty=cum_qty, qty=qty, price=price, at=at, execution_id=str(event["execution_id"])
    )


def record_fill(
    *,
    order: Order,
    cum_qty: Decimal,
    qty: Decimal,
    price: Decimal,
    at: datetime,
    execution_id: str | None = None,
    activity_id: str | None = None,
) -> None:
    """Record one execution (shares, USD per share) unless it is known: `cum_qty` tells an order's apart."""
    ids = {"execution_id": execution_id, "activity_id": activity_id}
    given = {key: value for key, value in ids.items() if value}
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        fill, is_new = Fill.objects.get_or_create(
            order=order, cum_qty=cum_qty, defaults={"qty": qty, "price": price, "at": at, **given}
        )
        if is_new:
            Order.objects.filter(pk=order.pk).update(recorded_qty=F("recorded_qty") + qty)
            transaction.on_commit(lambda: live.publish(order.user_id, "order", order.pk))
        elif any(getattr(fill, key) != value for key, value in given.items()):
            Fill.objects.filter(pk=fill.pk).update(**given)


def sync_fills(*, order: Order) -> None:
    """Complete the order's fills from the account's FILL activities, if any are missing.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    if order.recorded_qty >= order.filled_qty:
        return
    for activity in _fill_activities(order):
        if activity.order_id == order.broker_order_id and activity.cum_qty is not None:
            record_fill(
                order=order,
                cum_qty=activity.cum_qty,
                qty=activity.qty,
                price=activity.price,
                at=activity.transaction_time,
                activity_id=activity.id,
            )
            if activity.cum_qty >= order.filled_qty:
                break
    Order.objects.filter(pk=order.pk).update(synced_at=timezone.now())


def _fill_activities(order: Order) -> Iterator[alpaca.Fill]:
    """The account's fills since the order was sent, page by page, oldest first."""
    client = get_client(about=order)
    page_token = None
    while True:
        page = client.activities.list(
            order.account.broker_account_id,
            activity_types=["FILL"],
            after=(order.submitted_at or order.created_at) - ACTIVITY_LEAD,
            direction="asc",
            page_token=page_token,
        )
        if not page or page[-1].id == page_token:
            return
        yield from (activity for activity in page if isinstance(activity, alpaca.Fill))
        page_token = page[-1].id
