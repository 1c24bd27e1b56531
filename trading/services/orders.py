"""Orders: intent on disk, one call, and one door for whatever the broker says of them."""

import logging
import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import (
    BrokerError,
    BrokerNotDone,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerRejected,
)
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state
from trading import payloads, rules, statuses
from trading.models import Order, Portfolio
from trading.rules import Ticket
from trading.services import market, tickets
from trading.services.portfolio import mark_due
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)

ALREADY_SENT = "client_order_id must be unique"
"""In the broker's refusal of a second order with the same id; its code is also used for other refusals."""
NOT_AT_BROKER = "The broker never received this order. Nothing was bought or sold."


def place_order(
    *,
    account: BrokerageAccount,
    ticket: Ticket,
    order_id: uuid.UUID,
    seen_price: Decimal | None,
    by: User,
    now: datetime,
) -> Order:
    """Place the order reviewed under `order_id`, at the price seen there (USD per share); once.

    A second call with the same id returns the first one's order. The intent is on disk before the broker is
    called, so a process that dies in between leaves a row for `settle_order`. Raises `TradeRefused`, and
    `PriceMoved` if the price is no longer the reviewed one.
    """
    market.refresh_quote(symbol=ticket.asset.symbol, now=now)
    with transaction.atomic(durable=True):
        # Orders of one account are judged one after the other: two must not spend the same shares.
        locked = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        first = Order.objects.filter(pk=order_id, account=locked).first()
        if first is not None:
            return first
        facts = tickets.get_facts(locked, ticket.asset, now)
        rules.check_can_trade(ticket, facts)
        rules.check_price(seen_price, ticket, facts)
        order = Order.objects.create(
            id=order_id,
            client_order_id=str(order_id),
            user=by,
            account=locked,
            asset=ticket.asset,
            symbol=ticket.asset.symbol,
            side=ticket.side,
            qty=ticket.qty,
            notional=ticket.notional,
            created_at=now,
        )
        Portfolio.objects.get_or_create(account=locked)
    return send_order(order=order)


def send_order(*, order: Order) -> Order:
    """Send a new order with `POST …/orders`, once, and record the outcome: taken, REJECTED or UNKNOWN."""
    client = get_client(about=order)
    try:
        reply = client.orders.create(order.account.broker_account_id, payloads.order_request(order))
    except BrokerRejected as error:
        if ALREADY_SENT in error.message.lower():
            return _conclude(order, OrderStatus.UNKNOWN, error)
        return _conclude(order, OrderStatus.REJECTED, error)
    except BrokerNotDone as error:
        return _conclude(order, OrderStatus.NOT_PLACED, error)
    except BrokerOutcomeUnknown as error:
        return _conclude(order, OrderStatus.UNKNOWN, error)
    return apply_order(order=order, reply=reply)


def _conclude(order: Order, to: OrderStatus, error: BrokerError) -> Order:
    try:
        return state.move(
            order, to, by=state.Process.REPLY, reason=error.user_message, request_id=error.request_id
        )
    except state.LostRace:
        # An event told of the order first, and the broker's word is better than our guess.
        order.refresh_from_db()
        return order


def settle_order(*, order: Order) -> Order:
    """Ask the broker what became of an order: adopt the one it has, or close ours as NOT_PLACED.

    It is never sent again: by now the person may have done something else, at another price. Raises
    `BrokerNotDone` or `BrokerOutcomeUnknown` if the broker cannot say.
    """
    try:
        reply = get_client(about=order).orders.get_by_client_order_id(
            order.account.broker_account_id, order.client_order_id
        )
    except BrokerNotFound as error:
        try:
            return state.move(
                order,
                OrderStatus.NOT_PLACED,
                by=state.Process.REPLY,
                reason=NOT_AT_BROKER,
                request_id=error.request_id,
            )
        except state.LostRace:
            order.refresh_from_db()
            return order
    return apply_order(order=order, reply=reply)


def sync_order(*, order: Order) -> Order:
    """Read an order the broker has, and apply it. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    reply = get_client(about=order).orders.get(order.account.broker_account_id, order.broker_order_id or "")
    return apply_order(order=order, reply=reply)


def read_order(*, order: Order) -> Order:
    """Ask the broker for an order, whether or not we know that it has it. Raises as the two above."""
    return sync_order(order=order) if order.broker_order_id else settle_order(order=order)


def apply_order(*, order: Order, reply: alpaca.Order, reason: str = "") -> Order:
    """Take over what the broker says of an order: the one door for reply, poll and event.

    A snapshot older than the newest applied one is ignored. A status word that we do not know is kept in
    `broker_status` and logged, and our status stays. Raises `ValueError` for a reply about another order.
    """
    if reply.client_order_id != order.client_order_id:
        raise ValueError(f"{order} was given a reply about another order")
    with transaction.atomic():
        order = Order.objects.select_for_update(of=("self",)).select_related("account").get(pk=order.pk)
        if _is_stale(order, reply):
            Order.objects.filter(pk=order.pk).update(synced_at=timezone.now())
            return order
        before = order.status, order.filled_qty
        order = _take_over(order, reply, reason)
        if order.filled_qty != before[1]:
            mark_due(account_id=order.account_id, now=timezone.now())
            jobs.enqueue("trading.tasks.sync_fills", order_id=order.pk)
        elif before[0] in statuses.OURS or order.status in statuses.FINAL_AT_BROKER:
            # Cash is held for the order from now on, or is free again.
            jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=order.account_id)
    return order


def _is_stale(order: Order, reply: alpaca.Order) -> bool:
    if order.broker_updated_at is None or reply.updated_at is None:
        return reply.filled_qty < order.filled_qty
    return (reply.updated_at, reply.filled_qty) < (order.broker_updated_at, order.filled_qty)


def _take_over(order: Order, reply: alpaca.Order, reason: str) -> Order:
    columns = {**payloads.order_columns(reply), "synced_at": timezone.now()}
    to = statuses.from_broker(reply.status)
    if to is None:
        logger.warning("%s has the unknown status %s at the broker", order, reply.status)
        # The broker has it, whatever it calls that.
        to = OrderStatus.ACCEPTED if order.status in statuses.OURS else OrderStatus(order.status)
    if to != order.status and state.can_move(order, to):
        return state.move(
            order, to, by=state.Process.REPLY, reason=reason, request_id=reply.request_id, **columns
        )
    if to != order.status:
        logger.error("%s is %s here and %s at the broker", order, order.status, reply.status)
        columns = {key: columns[key] for key in ("broker_status", "synced_at")}
    changed = reply.filled_qty != order.filled_qty
    Order.objects.filter(pk=order.pk).update(**columns)
    order.refresh_from_db()
    if changed:
        transaction.on_commit(lambda: live.publish(order.user_id, "order", order.pk))
    return order


def cancel_order(*, order: Order, by: User, now: datetime) -> Order:
    """Ask the broker to cancel an order, which may fill all the same. Raises `CancelRefused`.

    The wish is on disk first, so that the sweep asks again where this call does not get through.
    """
    with transaction.atomic(durable=True):
        locked = Order.objects.select_for_update(of=("self",)).select_related("account").get(pk=order.pk)
        rules.check_can_cancel(locked)
        locked.cancel_requested_at, locked.cancel_requested_by = now, by
        locked.save(update_fields=["cancel_requested_at", "cancel_requested_by"])
    return send_cancel(order=locked)


def send_cancel(*, order: Order) -> Order:
    """Send `DELETE …/orders/{order_id}` and read the order again, which says who won: cancel or fill.

    Safe to repeat. Raises `CancelRefused` if the broker refuses and the order is still working.
    """
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
        order = sync_order(order=order)
    except BrokerError as error:
        logger.info("%s could not be read after its cancel: %s", order, error)
        return order
    if refused and order.status in statuses.WORKING and order.status != OrderStatus.PENDING_CANCEL:
        Order.objects.filter(pk=order.pk).update(cancel_requested_at=None, cancel_requested_by=None)
        raise rules.CancelRefused(refused.user_message)
    return order
