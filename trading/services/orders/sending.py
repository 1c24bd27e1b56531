"""Sending what waits on disk: one call, and its outcome."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import BrokerError, BrokerNotDone, BrokerRejected, CallNotRecorded
from brokerapp.broker.clients import get_client
from brokerapp.web.fixed_queries import lock
from brokerapp.workflow import following, state, writes
from brokerapp.workflow.state import Process
from trading import payloads, rules
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.services.orders.applying import apply_order
from trading.services.orders.asking import sync_order
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)

ALREADY_SENT = "client_order_id must be unique"
"""In the broker's refusal of a second order with the same id; its code is also used for other refusals."""
NOT_SENT = "This order could not be sent, by a fault on our side. Nothing was bought or sold."
NOT_CHANGED = "This change could not be sent, by a fault on our side. The order stays as it was."


def resend_order(*, order: Order, now: datetime) -> Order:
    """Send an order that waits, if the account may still trade; else it is NOT_PLACED. As `send_order`."""
    try:
        rules.check_account(OrderSpec.of(order), order.account)
    except rules.TradeRefused as refusal:
        return withdraw(order, by=Process.SWEEP, reason=str(refusal))
    return send_order(order=order, now=now)


def send_order(*, order: Order, now: datetime, waited_for: bool = False) -> Order:
    """Send an order that waits, once, and record the outcome: a new one, or one that changes another.

    A refusal makes it REJECTED and a lost reply UNKNOWN. Where the broker was busy or away it is NOT_PLACED.
    Where the fault is ours it waits and is tried again, but no longer than `ORDER_SEND_WITHIN_SECONDS`: then
    it is NOT_PLACED, as it was reviewed at other prices. `waited_for`: by a person, so for seconds only.
    """
    if order.status == OrderStatus.SUBMITTING and order.claimed_at is None and _is_too_late(order, now):
        return withdraw(order, by=Process.SWEEP, reason=NOT_CHANGED if order.is_change else NOT_SENT)
    return writes.send(
        order,
        call=lambda: _call(order, waited_for),
        apply=lambda reply: _apply(order, reply),
        refuse=lambda error: _refuse(order, error),
        not_done=lambda error: _not_done(order, error, now),
        now=now,
    )


def _call(order: Order, waited_for: bool) -> alpaca.Order:
    """`POST …/orders`, or `PATCH …/orders/{order_id}` of the order that it changes."""
    client = get_client(about=order, waited_for=waited_for).orders
    account_id = order.account.broker_account_id
    if order.replaces is None:
        return client.create(account_id, payloads.order_request(order))
    old_id = order.replaces.broker_order_id or ""
    return client.replace(account_id, old_id, payloads.replace_request(order, order.replaces))


def _apply(order: Order, reply: alpaca.Order) -> Order:
    order = apply_order(order=order, reply=reply)
    if order.replaces is not None:
        read_changed(order.replaces)
    return order


def read_changed(order: Order) -> None:
    """Read an order that was to be changed: it is replaced, or has ended otherwise; soon, if not now."""
    try:
        sync_order(order=order, by=Process.REPLY, waited_for=True)
    except BrokerError as error:
        logger.info("%s could not be read after its change: %s", order, error)
        following.schedule_retry(order, now=timezone.now())


def _is_too_late(order: Order, now: datetime) -> bool:
    return now - order.created_at > timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS)


def _refuse(order: Order, error: BrokerRejected) -> Order:
    # That the id was used before says that an order of ours is there.
    is_there = ALREADY_SENT in error.message.lower()
    to = OrderStatus.UNKNOWN if is_there else OrderStatus.REJECTED
    order = writes.conclude(order, to, reason=error.user_message, request_id=error.request_id)
    if order.replaces is not None:
        read_changed(order.replaces)  # a fill or an end was faster, most likely
    return order


def _not_done(order: Order, error: BrokerNotDone, now: datetime) -> Order:
    if isinstance(error, CallNotRecorded):
        return writes.give_back(order, error, now=now)
    return writes.conclude(
        order, OrderStatus.NOT_PLACED, reason=error.user_message, request_id=error.request_id
    )


def withdraw(order: Order, *, by: User | Process, reason: str) -> Order:
    """Close an order that no process has claimed, so that none can send it any more."""
    with transaction.atomic():
        locked = lock(Order, order.pk, "account")
        if locked.status != OrderStatus.SUBMITTING or locked.claimed_at is not None:
            return locked
        return state.move(locked, OrderStatus.NOT_PLACED, by=by, reason=reason)
