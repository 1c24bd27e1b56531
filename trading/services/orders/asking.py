"""Asking the broker what became of an order, whether or not it has it."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.errors import BrokerNotFound
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from brokerapp.workflow import following, jobs, state, writes
from brokerapp.workflow.state import Process
from trading import hours, statuses
from trading.models import Order
from trading.order_types import TimeInForce
from trading.services import fills, market
from trading.services.orders import adopting
from trading.services.orders.applying import Revision, apply_order
from trading.statuses import OrderStatus

NOT_FOUND_SO_FAR = (
    "We have asked the broker, which does not have this order so far. It may still arrive: if it does, this "
    "page says so."
)
NOT_AT_BROKER = "The broker never received this order. Nothing was bought or sold."
CHANGE_NOT_FOUND_SO_FAR = (
    "We have asked the broker, which does not have this change so far. The order goes on as it was."
)
CHANGE_NOT_AT_BROKER = "The change did not reach the broker before the order ended. Nothing was changed."
SEEK_MARGIN = timedelta(hours=1)
"""How long after its time in force an order that was not found is still looked for."""
CLOSES = time(16)
"""New York, when a session ends that is no half day."""
LONGEST_BREAK = timedelta(days=10)
"""Between two sessions, at most."""


def sync_order(
    *,
    order: Order,
    by: Process = Process.POLL,
    reason: str = "",
    revision: Revision | None = None,
    waited_for: bool = False,
    broker_order_id: UUID | str | None = None,
) -> Order:
    """Read an order the broker has, and apply it: itself, its legs, and a change of it that we do not know.

    `broker_order_id` is what an event calls it, where its row may not know that. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown`.
    """
    asked_at = timezone.now()
    client = get_client(about=order, waited_for=waited_for)
    named = broker_order_id or order.broker_order_id or ""
    reply = client.orders.get(order.account.broker_account_id, named)
    # Read before the order is known as replaced: it is not followed from then on.
    change = _fetch_change(client, order, reply)
    with transaction.atomic():
        order = apply_order(
            order=order, reply=reply, by=by, reason=reason, revision=revision, asked_at=asked_at
        )
        if change is not None and (found := adopting.adopt_change(order, change)) is not None:
            apply_order(order=found, reply=change, by=by)
    return order


def _fetch_change(client: BrokerClient, order: Order, reply: alpaca.Order) -> alpaca.Order | None:
    """The order that took this one's place, if no row of ours is known to be it."""
    if reply.replaced_by is None or Order.objects.filter(broker_order_id=reply.replaced_by).exists():
        return None
    return client.orders.get(order.account.broker_account_id, reply.replaced_by)


def settle_order(*, order: Order, now: datetime, by: Process = Process.SWEEP) -> Order:
    """Find out about an order whose call has had no outcome: adopt the broker's, or note that it has none.

    It is never sent again. That the broker does not have it is no proof while the call may still arrive: it
    stays NOT_FOUND until its time in force is over, or the order that it was to change has ended, and is
    NOT_PLACED only then. A claim whose process died before the call is given back. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown` if the broker cannot say.
    """
    if order.status == OrderStatus.SUBMITTING and not writes.may_have_arrived(order):
        writes.release_unsent(order, now=now)
        return order
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    if order.status == OrderStatus.SUBMITTING and order.claimed_at and order.claimed_at > rested:
        return order  # its call is still on its way
    # Before the change itself is asked for: a change that is not there by then cannot arrive any more.
    ended = _has_ended(order.replaces, by) if order.replaces else None
    try:
        reply = get_client(about=order).orders.get_by_client_order_id(
            order.account.broker_account_id, order.client_order_id
        )
    except BrokerNotFound as error:
        is_over = ended if ended is not None else _is_over(order, now)
        return _note_absence(order, error.request_id, now, by, is_over=is_over)
    return apply_order(order=order, reply=reply, by=by)


def _has_ended(order: Order, by: Process) -> bool:
    """Whether the broker is done with the order, read now unless we know."""
    if order.status in statuses.WORKING:
        order = sync_order(order=order, by=by)
    return order.status in statuses.CLOSED


def _is_over(order: Order, now: datetime) -> bool:
    sent_at, kind = order.claimed_at or order.created_at, order.asset.kind
    if kind.keeps_market_hours and order.time_in_force != TimeInForce.GTC:
        sent_at = _in_force_at(sent_at)
    return now > kind.over_at(order.time_in_force, sent_at) + SEEK_MARGIN


def _in_force_at(sent_at: datetime) -> datetime:
    """An instant of the session that an order sent then may be for: after the close it is for the next one.

    By the days of trading as the broker told them; where those are unknown, by the exchange's holidays.
    """
    first = day_in_new_york(sent_at)
    known = market.get_days(first, first + LONGEST_BREAK)
    for number in range(LONGEST_BREAK.days + 1):
        day = first + timedelta(days=number)
        if known:
            closes = known[day][1] if day in known else None
        else:
            closes = datetime.combine(day, CLOSES, NEW_YORK) if hours.is_session(day) else None
        if closes is not None and sent_at < closes:
            return closes
    return sent_at


def _note_absence(order: Order, request_id: str, now: datetime, by: Process, *, is_over: bool) -> Order:
    """`is_over`: it cannot arrive any more."""
    to = OrderStatus.NOT_PLACED if is_over else OrderStatus.NOT_FOUND
    if order.is_change:
        reason = CHANGE_NOT_AT_BROKER if is_over else CHANGE_NOT_FOUND_SO_FAR
    else:
        reason = NOT_AT_BROKER if is_over else NOT_FOUND_SO_FAR
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


def find_order(*, account: BrokerageAccount, broker_order_id: UUID, symbol: str) -> Order | None:
    """Our row of an order that the broker tells of and we do not know: an exit, or a change made elsewhere.

    An exit does not name its order, so the account's orders for the symbol are read with their legs, where
    one has exits that we may lack. Orders that are neither are not ours: None. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown`, also where it is not found and members of the list could not be read.
    """
    with_exits = Order.objects.filter(account=account, symbol=symbol).exclude(order_class=Order.Class.SIMPLE)
    if not with_exits.exists():
        return None
    listed = get_client(about=account).orders.list(account.broker_account_id, status="all", symbols=[symbol])
    for reply in listed:
        if broker_order_id in {leg.id for leg in reply.legs}:
            for parent in with_exits.filter(client_order_id=reply.client_order_id):
                apply_order(order=parent, reply=reply, by=Process.EVENT)
    found = Order.objects.filter(broker_order_id=broker_order_id).select_related("account").first()
    if found is None:
        listed.whole()
    return found


def read_order(*, order: Order, now: datetime, by: Process = Process.POLL) -> Order:
    """Ask the broker for an order, whether or not we know that it has it. Raises as the two above."""
    if order.broker_order_id:
        return sync_order(order=order, by=by)
    return settle_order(order=order, now=now, by=by)


def read_order_and_fills(*, order: Order, now: datetime) -> None:
    """As `read_order`, and complete its fills."""
    fills.sync_fills(order=read_order(order=order, now=now))


def complete_fills(*, order: Order, now: datetime) -> None:
    """Complete the fills of an order; of a finished one, which nothing else reads, it is read before.

    Raises as `read_order`.
    """
    if order.is_open:
        fills.sync_fills(order=order)
    else:
        read_order_and_fills(order=order, now=now)


def request_reads(*, orders: Iterable[Order]) -> int:
    """Have workers read orders and their fills again, one each; how many."""
    ids = [order.pk for order in orders]
    for order_id in ids:
        jobs.enqueue("trading.tasks.sync_order", order_id=order_id)
    return len(ids)
