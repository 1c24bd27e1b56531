"""Cancels: a wish on disk, a call that may be repeated, and who won: the cancel, a fill or a change."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca.errors import BrokerError, BrokerRejected
from brokerapp.broker.clients import get_client
from brokerapp.workflow import following, jobs, state
from brokerapp.workflow.state import Process
from trading import rules, statuses
from trading.models import CANCEL_ASKED, CANCEL_REFUSED, Order
from trading.services.orders.asking import sync_order
from trading.services.orders.sending import withdraw
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)


def request_cancel(*, order: Order, by: User, now: datetime) -> Order:
    """Write down that somebody wants an order canceled; an order that was never sent is withdrawn at once.

    Raises `CancelRefused`.
    """
    with transaction.atomic(durable=True):
        locked = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=order.pk)
        )
        rules.check_can_cancel(locked)
        if rules.is_waiting(locked):
            Order.objects.filter(pk=locked.pk).update(cancel_asked_at=now)
            return withdraw(locked, by=by, reason="It was withdrawn before it was sent.")
        locked.cancel_requested_at, locked.cancel_requested_by = now, by
        locked.cancel_asked_at, locked.cancel_refusal = now, ""
        locked.save(
            update_fields=["cancel_requested_at", "cancel_requested_by", "cancel_asked_at", "cancel_refusal"]
        )
        state.note(locked, by=by, reason=CANCEL_ASKED)
    return locked


def cancel_order(*, order: Order, by: User, now: datetime) -> Order:
    """Ask the broker to cancel an order, which may fill all the same. Raises `CancelRefused`.

    The wish is on disk first, so that the sweep asks again where this call does not get through.
    """
    order = request_cancel(order=order, by=by, now=now)
    return send_cancel(order=order, waited_for=True) if order.cancel_requested_at else order


def request_cancels(
    *, orders: Iterable[Order], by: User, now: datetime
) -> list[tuple[Order, rules.CancelRefused]]:
    """Have workers ask the broker to cancel orders, one each; says which may not be canceled, and why.

    Each cancel is a wish of its own and one call, whose outcome is the order's to tell. The broker's call
    that cancels everything is not used: it takes orders along that the person did not see, and where its
    reply is lost, so are all outcomes.
    """
    refused = []
    for order in orders:
        try:
            asked = request_cancel(order=order, by=by, now=now)
        except rules.CancelRefused as refusal:
            refused.append((order, refusal))
        else:
            if asked.cancel_requested_at:
                jobs.enqueue("trading.tasks.send_cancel", order_id=order.pk)
    return refused


def send_cancel(*, order: Order, waited_for: bool = False) -> Order:
    """Send `DELETE …/orders/{order_id}` and read the order again, which says who won: cancel or fill.

    Safe to repeat. Where a change was faster, what took the order's place is canceled instead. Raises
    `CancelRefused` if the broker refuses and the order is still working.
    """
    Order.objects.filter(pk=order.pk).update(cancel_sent_at=timezone.now())
    client = get_client(about=order, by=order.cancel_requested_by, waited_for=waited_for)
    refused: BrokerRejected | None = None
    try:
        client.orders.cancel(order.account.broker_account_id, order.broker_order_id or "")
    except BrokerRejected as error:
        refused = error
    except BrokerError as error:
        logger.info("cancel of %s did not get through: %s", order, error)
        return order
    try:
        order = sync_order(order=order, by=Process.REPLY, waited_for=waited_for)
    except BrokerError as error:
        logger.info("%s could not be read after its cancel: %s", order, error)
        following.schedule_retry(order, now=timezone.now())
        return order
    _read_family(order)
    if order.status == OrderStatus.REPLACED:
        pass_on_cancel(order=order)
    if refused and order.status in statuses.WORKING and order.status != OrderStatus.PENDING_CANCEL:
        _note_refusal(order, refused)
        raise rules.CancelRefused(refused.user_message)
    return order


def _read_family(order: Order) -> None:
    """Have the other exit of a pair, and their order, read soon: orders of a group end together."""
    if order.parent_id is not None:
        kin = Order.objects.working().filter(parent_id=order.parent_id).exclude(pk=order.pk)
        kin.update(due_at=timezone.now())
        Order.objects.working().filter(pk=order.parent_id).update(due_at=timezone.now())


def pass_on_cancel(*, order: Order) -> None:
    """Want the order canceled that has taken this one's place, unless that is known to be wanted."""
    latest = Order.objects.taken().filter(replaces=order).select_related("account").first()
    if latest is None or order.cancel_requested_by is None:
        return
    try:
        request_cancel(order=latest, by=order.cancel_requested_by, now=timezone.now())
    except rules.CancelRefused as refusal:
        logger.info("%s took the place of one to be canceled: %s", latest, refusal)
    else:
        jobs.enqueue("trading.tasks.send_cancel", order_id=latest.pk)


def _note_refusal(order: Order, refused: BrokerRejected) -> None:
    """End the wish: it can be asked for again."""
    with transaction.atomic():
        locked = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=order.pk)
        )
        locked.cancel_requested_at = locked.cancel_requested_by = None
        locked.cancel_refusal = refused.user_message[:500]
        locked.save(update_fields=["cancel_requested_at", "cancel_requested_by", "cancel_refusal"])
        state.note(locked, by=Process.REPLY, reason=f"{CANCEL_REFUSED}: {refused.user_message}"[:500])


def try_cancel(*, order: Order) -> None:
    """As `send_cancel` if it is still wanted; that the broker refuses is the end of the wish."""
    if order.cancel_requested_at is None or order.status not in statuses.WORKING:
        return
    try:
        send_cancel(order=order)
    except rules.CancelRefused as refusal:
        logger.info("%s cannot be canceled: %s", order, refusal)
