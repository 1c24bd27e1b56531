"""What the broker says of an order: one door for reply, poll and event."""

import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.web.fixed_queries import lock
from brokerapp.web.fixed_writes import insert, set_columns
from brokerapp.workflow import following, jobs, state
from brokerapp.workflow.state import Process
from trading import payloads, statuses
from trading.models import REVISED_NOTE, Order, OrderProgress
from trading.services import fills
from trading.services.orders import adopting
from trading.services.portfolio import mark_due
from trading.statuses import OrderStatus


@dataclass(frozen=True)
class Revision:
    """That the broker has taken back or corrected an execution; `id` is that of the one that says so."""

    kind: OrderProgress.Kind
    id: str


def apply_order(
    *,
    order: Order,
    reply: alpaca.Order,
    by: Process = Process.REPLY,
    reason: str = "",
    revision: Revision | None = None,
    asked_at: datetime | None = None,
) -> Order:
    """Take over what the broker says of an order and, in the same transaction, of its legs.

    A snapshot older than the newest applied one is ignored, and so is one of the same instant with less
    filled, unless that is what a `revision` did. What was marked as due since `asked_at`, when the broker was
    asked, stays so. Raises `ValueError` for a reply about another order.
    """
    if reply.client_order_id != order.client_order_id:
        raise ValueError(f"{order} was given a reply about another order")
    with transaction.atomic():
        before = _locked(order)
        order = copy.copy(before)
        now = timezone.now()
        tells = is_live(EventStream.TRADES, now)
        is_news = bool(revision) or not _has_less(before, reply)
        if is_news:
            order = following.apply(
                order,
                reply.status,
                at=reply.updated_at,
                by=by,
                reason=reason,
                request_id=reply.request_id,
                is_live=tells,
                asked_at=asked_at,
                **payloads.order_columns(reply),
                **payloads.changed_terms(order, reply),
            )
        _note_progress(before, order, by, reason, revision)
        if not is_news or following.is_stale(before, reply.updated_at):
            following.schedule(order, now=now, is_live=tells, asked_at=asked_at)
        _mind_fills(order, now)
        for leg, told in adopting.adopt_legs(order, reply):
            apply_order(order=leg, reply=told, by=by, asked_at=asked_at)
    return order


def _locked(order: Order) -> Order:
    """The order under its lock, with the account that was read with it."""
    locked = lock(Order, order.pk)
    if Order.account.is_cached(order):
        locked.account = order.account
    return locked


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
        progress = OrderProgress(
            order=order,
            kind=revision.kind if revision and is_revised else OrderProgress.Kind.STEP,
            revision_id=revision.id if revision and is_revised else "",
            status=order.status,
            qty=order.qty,
            filled_qty=order.filled_qty,
            filled_avg_price=order.filled_avg_price,
            reason=reason[:500],
        )
        insert(progress)
        transaction.on_commit(lambda: live.publish(order.user_id, "order", order.pk))
    if has_filled and (is_revised or _is_taken_back(before, order)):
        # The status need not change by it, and the history is what the person's notice is made from.
        state.note(order, by=by, reason=REVISED_NOTE)
    if has_filled and order.filled_qty == before.filled_qty and not is_revised:
        # An execution was revised, and no event said which: what we have recorded is not what stands.
        order.recorded_qty = Decimal(0)
        set_columns(Order, {"pk": order.pk}, {"recorded_qty": order.recorded_qty})
    elif order.filled_qty < before.filled_qty:
        # What was recorded may have been given up before: fills that still stand must not go unseen.
        order.recorded_qty = fills.recount(order)
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


def _mind_fills(order: Order, now: datetime) -> None:
    """Have the fills of an order that is not read any more read again, if they do not add up."""
    if order.status not in order.RHYTHM and order.filled_qty != order.recorded_qty:
        order.due_at = now + fills.RHYTHM.first
        order.save(update_fields=["due_at"])
