"""Trade events: a hint to read an order again; what they tell of executions is kept."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp.accounts.models import BrokerageAccount
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
    order = _find(event)
    if order is None:
        return "not one of our orders"
    kind = str(event.get("event"))
    if kind in FILL_EVENTS:
        _record_fill(order, event)
    elif kind in REVISIONS:
        _revise(order, event, kind)
    orders.sync_order(
        order=order,
        broker_order_id=event["order"]["id"],
        by=Process.EVENT,
        reason=event.get("reason") or "",
        revision=_revision(event, kind),
    )
    return None


def _find(event: Mapping[str, Any]) -> Order | None:
    """The order an event is about; one of ours that we have not heard of is looked for at the broker."""
    told = event["order"]
    mine = Q(client_order_id=told.get("client_order_id", "")) | Q(broker_order_id=told["id"])
    known = Order.objects.select_related("account")
    if (order := known.filter(mine).first()) is not None:
        return order
    if told.get("replaces") and (old := known.filter(broker_order_id=told["replaces"]).first()):
        orders.sync_order(order=old, by=Process.EVENT)
        return known.filter(broker_order_id=told["id"]).first()
    account = BrokerageAccount.objects.filter(broker_account_id=event["account_id"]).first()
    if account is None:
        return None
    return orders.find_order(account=account, broker_order_id=UUID(told["id"]), symbol=told.get("symbol", ""))


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
