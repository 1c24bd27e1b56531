"""Trade events: a hint to read an order again; what they tell of executions is kept."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp.broker.clients import get_client
from brokerapp.workflow.state import Process
from trading.models import Order, OrderProgress
from trading.services import fills, orders

logger = logging.getLogger(__name__)

FILL_EVENTS = ("fill", "partial_fill")
REVISIONS = {"trade_bust": OrderProgress.Kind.BUST, "trade_correct": OrderProgress.Kind.CORRECT}


def on_trade_event(event: Mapping[str, Any]) -> str | None:
    """Record the execution an event tells of, or what it revises; then read the order again and apply that.

    Every order with an id of ours is taken over, whatever we thought had become of it. Orders that are not
    ours (placed by other systems on the same keys) are ignored. Returns what was done, if not that. Raises
    `BrokerNotDone` or `BrokerOutcomeUnknown`, for the caller to try again.
    """
    told = event["order"]
    mine = Q(client_order_id=told.get("client_order_id", "")) | Q(broker_order_id=told["id"])
    order = Order.objects.filter(mine).select_related("account").first()
    if order is None:
        return "not one of our orders"
    kind = str(event.get("event"))
    if kind in FILL_EVENTS:
        _record_fill(order, event)
    elif kind in REVISIONS:
        _revise(order, event, kind)
    reply = get_client(about=order).orders.get(order.account.broker_account_id, told["id"])
    orders.apply_order(
        order=order,
        reply=reply,
        by=Process.EVENT,
        reason=event.get("reason") or "",
        revision=_revision(event, kind),
    )
    return None


def _revision(event: Mapping[str, Any], kind: str) -> orders.Revision | None:
    name = event.get("execution_id") or event.get("previous_execution_id")
    return orders.Revision(REVISIONS[kind], str(name)) if kind in REVISIONS and name else None


def _record_fill(order: Order, event: Mapping[str, Any]) -> None:
    told = fills.Told.by_event(event)
    if told is None or told.qty <= 0:
        logger.warning("a fill event of %s lacks its figures; its activities will tell", order)
        return
    fills.record(order, told)


def _revise(order: Order, event: Mapping[str, Any], kind: str) -> None:
    """Mark what an event busts, or put what it corrects in its place."""
    previous_id = str(event.get("previous_execution_id") or "")
    if not previous_id:
        logger.error("a %s of %s does not say what it revises", kind, order)
        return
    if kind == "trade_bust":
        at = parse_datetime(event.get("timestamp") or event.get("at") or "") or timezone.now()
        fills.bust(order, previous_id=previous_id, execution_id=str(event.get("execution_id") or ""), at=at)
        return
    told = fills.Told.by_event(event)
    if told is None or told.qty <= 0:
        logger.error("a %s of %s lacks its figures; its activities will tell", kind, order)
        return
    fills.record(order, told)
