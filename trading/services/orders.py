"""Orders: intent on disk, one call, and one door for whatever the broker says of them."""

import copy
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import (
    BrokerError,
    BrokerNotDone,
    BrokerNotFound,
    BrokerRejected,
    CallNotRecorded,
)
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.workflow import following, jobs, state, writes
from brokerapp.workflow.state import Process
from trading import payloads, rules, statuses
from trading.models import REVISED_NOTE, Order, OrderProgress, PositionsSync
from trading.order_spec import OrderSpec
from trading.services import fills, quotes, tickets
from trading.services.portfolio import mark_due
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)

ALREADY_SENT = "client_order_id must be unique"
"""In the broker's refusal of a second order with the same id; its code is also used for other refusals."""
NOT_FOUND_SO_FAR = (
    "We have asked the broker, which does not have this order so far. It may still arrive: if it does, this "
    "page says so."
)
NOT_AT_BROKER = "The broker never received this order. Nothing was bought or sold."
NOT_SENT = "This order could not be sent, by a fault on our side. Nothing was bought or sold."
CANCEL_ASKED = "Cancel requested"
SEEK_MARGIN = timedelta(hours=1)
"""How long after its time in force an order that was not found is still looked for."""


@dataclass(frozen=True)
class Revision:
    """That the broker has taken back or corrected an execution; `id` is that of the one that says so."""

    kind: OrderProgress.Kind
    id: str


def place_order(
    *,
    account: BrokerageAccount,
    ticket: OrderSpec,
    order_id: uuid.UUID,
    seen_price: Decimal | None,
    by: User,
    now: datetime,
    agreed_borrowing: Decimal | None = None,
) -> Order:
    """Place the order reviewed under `order_id`, at the price seen there (USD per share); once.

    `agreed_borrowing` is what the person agreed there to borrow from the broker, USD.

    A second call with the same id returns the first one's order. The intent is on disk before the broker is
    called, so a process that dies in between leaves a row for the sweep. Raises `TradeRefused`, with
    `PriceMoved` if the price is no longer the reviewed one and `BorrowingNotAgreed` if it would borrow more.
    """
    quotes.refresh_quote(asset=ticket.asset, now=now)
    with transaction.atomic(durable=True):
        # Orders of one account are judged one after the other: two must not spend the same shares.
        locked = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        first = Order.objects.filter(pk=order_id, account=locked).first()
        if first is not None:
            return first
        facts = tickets.get_facts(locked, ticket.asset, now)
        rules.check_can_trade(ticket, facts)
        rules.check_price(seen_price, ticket, facts)
        rules.check_borrowing(agreed_borrowing, ticket, facts)
        order = Order(
            id=order_id,
            client_order_id=str(order_id),
            user_id=locked.user_id,
            account=locked,
            created_at=now,
            status_at=now,
            send_after=now,
            **ticket.columns(),
        )
        state.start(order, by=by)
        PositionsSync.objects.get_or_create(account=locked)
    return send_order(order=order, now=now)


def resend_order(*, order: Order, now: datetime) -> Order:
    """Send an order that waits, if the account may still trade; else it is NOT_PLACED. As `send_order`."""
    try:
        rules.check_account(OrderSpec.of(order), order.account)
    except rules.TradeRefused as refusal:
        return _withdraw(order, by=Process.SWEEP, reason=str(refusal))
    return send_order(order=order, now=now)


def send_order(*, order: Order, now: datetime) -> Order:
    """Send an order that waits with `POST …/orders`, once, and record the outcome.

    A refusal makes it REJECTED and a lost reply UNKNOWN. Where the broker was busy or away it is NOT_PLACED.
    Where the fault is ours it waits and is tried again, but no longer than `ORDER_SEND_WITHIN_SECONDS`: then
    it is NOT_PLACED, as it was reviewed at other prices.
    """
    if order.status == OrderStatus.SUBMITTING and order.claimed_at is None and _is_too_late(order, now):
        return _withdraw(order, by=Process.SWEEP, reason=NOT_SENT)
    return writes.send(
        order,
        call=lambda: get_client(about=order).orders.create(
            order.account.broker_account_id, payloads.order_request(order)
        ),
        apply=lambda reply: apply_order(order=order, reply=reply),
        refuse=lambda error: _refuse(order, error),
        not_done=lambda error: _not_done(order, error, now),
        now=now,
    )


def _is_too_late(order: Order, now: datetime) -> bool:
    return now - order.created_at > timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS)


def _refuse(order: Order, error: BrokerRejected) -> Order:
    # That the id was used before says that an order of ours is there.
    is_there = ALREADY_SENT in error.message.lower()
    to = OrderStatus.UNKNOWN if is_there else OrderStatus.REJECTED
    return writes.conclude(order, to, reason=error.user_message, request_id=error.request_id)


def _not_done(order: Order, error: BrokerNotDone, now: datetime) -> Order:
    if isinstance(error, CallNotRecorded):
        return writes.give_back(order, error, now=now)
    return writes.conclude(
        order, OrderStatus.NOT_PLACED, reason=error.user_message, request_id=error.request_id
    )


def _withdraw(order: Order, *, by: User | Process, reason: str) -> Order:
    """Close an order that no process has claimed, so that none can send it any more."""
    with transaction.atomic():
        locked = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=order.pk)
        )
        if locked.status != OrderStatus.SUBMITTING or locked.claimed_at is not None:
            return locked
        return state.move(locked, OrderStatus.NOT_PLACED, by=by, reason=reason)


def settle_order(*, order: Order, now: datetime, by: Process = Process.SWEEP) -> Order:
    """Find out about an order whose call has had no outcome: adopt the broker's, or note that it has none.

    It is never sent again. That the broker does not have it is no proof while the call may still arrive: it
    stays NOT_FOUND until its time in force is over, and NOT_PLACED only then. A claim whose process died
    before the call is given back. Raises `BrokerNotDone` or `BrokerOutcomeUnknown` if the broker cannot say.
    """
    if order.status == OrderStatus.SUBMITTING and not writes.may_have_arrived(order):
        writes.release_unsent(order, now=now)
        return order
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    if order.status == OrderStatus.SUBMITTING and order.claimed_at and order.claimed_at > rested:
        return order  # its call is still on its way
    try:
        reply = get_client(about=order).orders.get_by_client_order_id(
            order.account.broker_account_id, order.client_order_id
        )
    except BrokerNotFound as error:
        return _note_absence(order, error.request_id, now, by)
    return apply_order(order=order, reply=reply, by=by)


def _note_absence(order: Order, request_id: str, now: datetime, by: Process) -> Order:
    over_at = order.asset.kind.over_at(order.time_in_force, order.claimed_at or order.created_at)
    is_over = now > over_at + SEEK_MARGIN
    to, reason = (
        (OrderStatus.NOT_PLACED, NOT_AT_BROKER) if is_over else (OrderStatus.NOT_FOUND, NOT_FOUND_SO_FAR)
    )
    with transaction.atomic():
        locked = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=order.pk)
        )
        if locked.status not in statuses.UNSETTLED:
            return locked
        if state.can_move(locked, to):
            locked = state.move(locked, to, by=by, reason=reason, request_id=request_id)
        following.schedule(locked, now=now, is_live=is_live(EventStream.TRADES, now))
    return locked


def sync_order(*, order: Order, by: Process = Process.POLL) -> Order:
    """Read an order the broker has, and apply it. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    reply = get_client(about=order).orders.get(order.account.broker_account_id, order.broker_order_id or "")
    return apply_order(order=order, reply=reply, by=by)


def read_order(*, order: Order, now: datetime, by: Process = Process.POLL) -> Order:
    """Ask the broker for an order, whether or not we know that it has it. Raises as the two above."""
    if order.broker_order_id:
        return sync_order(order=order, by=by)
    return settle_order(order=order, now=now, by=by)


def read_order_and_fills(*, order: Order, now: datetime) -> None:
    """As `read_order`, and complete its fills."""
    fills.sync_fills(order=read_order(order=order, now=now))


def request_reads(*, orders: Iterable[Order]) -> int:
    """Have workers read orders and their fills again, one each; how many."""
    ids = [order.pk for order in orders]
    for order_id in ids:
        jobs.enqueue("trading.tasks.sync_order", order_id=order_id)
    return len(ids)


def apply_order(
    *,
    order: Order,
    reply: alpaca.Order,
    by: Process = Process.REPLY,
    reason: str = "",
    revision: Revision | None = None,
) -> Order:
    """Take over what the broker says of an order: the one door for reply, poll and event.

    A snapshot older than the newest applied one is ignored, and so is one of the same instant with less
    filled, unless that is what a `revision` did. Raises `ValueError` for a reply about another order.
    """
    if reply.client_order_id != order.client_order_id:
        raise ValueError(f"{order} was given a reply about another order")
    with transaction.atomic():
        before = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=order.pk)
        )
        order = copy.copy(before)
        if revision or not _has_less(before, reply):
            order = following.apply(
                order,
                reply.status,
                at=reply.updated_at,
                by=by,
                reason=reason,
                request_id=reply.request_id,
                **payloads.order_columns(reply),
            )
        _note_progress(before, order, by, reason, revision)
        _schedule(order, timezone.now())
    return order


def _has_less(order: Order, reply: alpaca.Order) -> bool:
    """Whether less is filled in a snapshot that is not known to be newer than what we have."""
    is_newer = reply.updated_at and order.broker_updated_at and reply.updated_at > order.broker_updated_at
    return reply.filled_qty < order.filled_qty and not is_newer


def _note_progress(before: Order, order: Order, by: Process, reason: str, revision: Revision | None) -> None:
    """Keep what changed, with the quantities of the moment, and have what hangs on it read again."""
    filled = (order.filled_qty, order.filled_avg_price)
    has_filled = filled != (before.filled_qty, before.filled_avg_price)
    is_revised = revision is not None and not order.progress.filter(revision_id=revision.id).exists()
    if order.status != before.status or has_filled or is_revised:
        OrderProgress.objects.create(
            order=order,
            kind=revision.kind if revision and is_revised else OrderProgress.Kind.STEP,
            revision_id=revision.id if revision and is_revised else "",
            status=order.status,
            filled_qty=order.filled_qty,
            filled_avg_price=order.filled_avg_price,
            reason=reason[:500],
        )
        transaction.on_commit(lambda: live.publish(order.user_id, "order", order.pk))
    if has_filled and (is_revised or _is_taken_back(before, order)):
        # The status need not change by it, and the history is what the person's notice is made from.
        state.note(order, by=by, reason=REVISED_NOTE)
    if has_filled or is_revised:
        mark_due(account_id=order.account_id, now=timezone.now())
        jobs.enqueue("trading.tasks.sync_fills", order_id=order.pk)
    elif order.status != before.status and (
        before.status in statuses.OURS or order.status in statuses.FINAL_AT_BROKER
    ):
        # Cash is held for the order from now on, or is free again.
        jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=order.account_id)


def _is_taken_back(before: Order, order: Order) -> bool:
    """Whether what changed is something the person was told as done, whoever told us that it was revised."""
    was_filled = before.status == OrderStatus.FILLED and before.filled_avg_price is not None
    return was_filled or order.filled_qty < before.filled_qty


def _schedule(order: Order, now: datetime) -> None:
    """Say when it is read next, or when its fills are, if they do not add up."""
    following.schedule(order, now=now, is_live=is_live(EventStream.TRADES, now))
    if order.status not in order.RHYTHM and order.filled_qty != order.recorded_qty:
        order.due_at = now + fills.RHYTHM.first
        order.save(update_fields=["due_at"])


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
            return _withdraw(locked, by=by, reason="It was withdrawn before it was sent.")
        locked.cancel_requested_at, locked.cancel_requested_by = now, by
        locked.save(update_fields=["cancel_requested_at", "cancel_requested_by"])
        state.note(locked, by=by, reason=CANCEL_ASKED)
    return locked


def cancel_order(*, order: Order, by: User, now: datetime) -> Order:
    """Ask the broker to cancel an order, which may fill all the same. Raises `CancelRefused`.

    The wish is on disk first, so that the sweep asks again where this call does not get through.
    """
    order = request_cancel(order=order, by=by, now=now)
    return send_cancel(order=order) if order.cancel_requested_at else order


def request_cancels(*, orders: Iterable[Order], by: User, now: datetime) -> list[str]:
    """Have workers ask the broker to cancel orders, one each; says which may not be canceled, and why."""
    refused = []
    for order in orders:
        try:
            asked = request_cancel(order=order, by=by, now=now)
        except rules.CancelRefused as refusal:
            refused.append(f"{order.pk}: {refusal}")
        else:
            if asked.cancel_requested_at:
                jobs.enqueue("trading.tasks.send_cancel", order_id=order.pk)
    return refused


def send_cancel(*, order: Order) -> Order:
    """Send `DELETE …/orders/{order_id}` and read the order again, which says who won: cancel or fill.

    Safe to repeat. Raises `CancelRefused` if the broker refuses and the order is still working.
    """
    Order.objects.filter(pk=order.pk).update(cancel_sent_at=timezone.now())
    client = get_client(about=order, by=order.cancel_requested_by)
    refused: BrokerRejected | None = None
    try:
        client.orders.cancel(order.account.broker_account_id, order.broker_order_id or "")
    except BrokerRejected as error:
        refused = error
    except BrokerError as error:
        logger.info("cancel of %s did not get through: %s", order, error)
        return order
    try:
        order = sync_order(order=order, by=Process.REPLY)
    except BrokerError as error:
        logger.info("%s could not be read after its cancel: %s", order, error)
        following.schedule_retry(order, now=timezone.now())
        return order
    if refused and order.status in statuses.WORKING and order.status != OrderStatus.PENDING_CANCEL:
        Order.objects.filter(pk=order.pk).update(cancel_requested_at=None, cancel_requested_by=None)
        raise rules.CancelRefused(refused.user_message)
    return order


def try_cancel(*, order: Order) -> None:
    """As `send_cancel` if it is still wanted; that the broker refuses is the end of the wish."""
    if order.cancel_requested_at is None or order.status not in statuses.WORKING:
        return
    try:
        send_cancel(order=order)
    except rules.CancelRefused as refusal:
        logger.info("%s cannot be canceled: %s", order, refusal)
