"""Fills: told by trade events, made complete from the account's activities; revised, never deleted."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp import live
from brokerapp.activities.services import PAGE_SIZE
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.clients import get_client
from brokerapp.units.money import CENT, parse_decimal
from brokerapp.workflow.following import Rhythm
from trading.models import Fill, Order

logger = logging.getLogger(__name__)

ACTIVITY_LEAD = timedelta(minutes=5)
RHYTHM = Rhythm(first=timedelta(seconds=10), longest=timedelta(hours=6))
"""How often the fills of an order are asked for while they do not add up to what it says is filled."""


@dataclass(frozen=True)
class Told:
    """An execution as an event or an activity tells of it: shares, USD per share.

    A negative `qty` takes back another execution. `previous_id` is the execution that this one revises.
    """

    qty: Decimal
    price: Decimal
    at: datetime
    cum_qty: Decimal | None = None
    execution_id: str | None = None
    activity_id: str | None = None
    previous_id: str = ""

    @classmethod
    def by_event(cls, event: Mapping[str, Any]) -> Self | None:
        """From a trade event; None if it lacks the figures."""
        at = parse_datetime(event.get("timestamp") or event.get("at") or "")
        if at is None:
            return None
        try:
            return cls(
                qty=parse_decimal(event["qty"]),
                price=parse_decimal(event["price"]),
                at=at,
                cum_qty=parse_decimal(event["order"]["filled_qty"]),
                execution_id=str(event["execution_id"]),
                previous_id=str(event.get("previous_execution_id") or ""),
            )
        except (KeyError, ValueError):
            return None

    @classmethod
    def by_activity(cls, activity: alpaca.Fill) -> Self:
        """From a FILL activity."""
        return cls(
            qty=activity.qty,
            price=activity.price,
            at=activity.transaction_time,
            cum_qty=activity.cum_qty,
            activity_id=activity.id,
            previous_id=activity.previous_id,
        )

    @property
    def ids(self) -> dict[str, str]:
        """The ids it has, by column."""
        given = {"execution_id": self.execution_id, "activity_id": self.activity_id}
        return {name: value for name, value in given.items() if value}

    @property
    def own_ids(self) -> tuple[str, ...]:
        """What it may be called elsewhere: the id of an activity ends with that of its execution."""
        suffix = (self.activity_id or "").rpartition("::")[2]
        return tuple(each for each in (self.execution_id, self.activity_id, suffix) if each)


def record(order: Order, told: Told) -> None:
    """Take over one execution, unless it is known: a new one, one that revises another, or one taken back."""
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        if told.qty < 0:
            _take_back(order, told)
        elif told.previous_id:
            _correct(order, told)
        else:
            _find(order, told) or _create(order, told)
        recount(order)
    transaction.on_commit(lambda: live.publish(order.user_id, "order", order.pk))


def bust(order: Order, *, previous_id: str, execution_id: str, at: datetime) -> None:
    """Mark the execution `previous_id`, if we have heard of it, as taken back by `execution_id`."""
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        fill = _called(order, previous_id)
        if fill is None:
            logger.warning("%s: an execution that we do not know is taken back: %s", order, previous_id)
        else:
            _bust_named(fill, at, execution_id or None)
        recount(order)


def _called(order: Order, name: str) -> Fill | None:
    """The fill with the id of an execution or an activity; an activity's id ends with its execution's."""
    named = Q(execution_id=name) | Q(activity_id=name) | Q(activity_id__endswith=f"::{name}")
    return order.fills.filter(named).first()


def _find(order: Order, told: Told) -> Fill | None:
    """The fill that is told of, which learns its ids; None if it is a new one.

    Those of the two sources that share no id share the order's cumulative quantity, their own, and the price.
    A correction is told with the same quantities as what it corrects, so that it goes by its ids alone; and
    what was taken back may have been made again with the same quantities and price.
    """
    for name in told.own_ids:
        if (found := _called(order, name)) is not None:
            return _attach(found, told)
    if told.cum_qty is None or told.previous_id:
        return None
    without = {f"{name}__isnull": True for name in told.ids}
    alike = order.fills.filter(cum_qty=told.cum_qty, qty=told.qty, busted_at=None, **without)
    twins = [fill for fill in alike if abs(fill.price - told.price) < CENT]
    twins.sort(key=lambda fill: not fill.is_standing)
    return _attach(twins[0], told) if twins else None


def _attach(fill: Fill, told: Told) -> Fill:
    missing = {name: value for name, value in told.ids.items() if getattr(fill, name) is None}
    if missing:
        Fill.objects.filter(pk=fill.pk).update(**missing)
    return fill


def _create(order: Order, told: Told) -> Fill:
    # A correction is told with the order's whole quantity, which is another fill's already.
    is_taken = order.fills.standing().filter(cum_qty=told.cum_qty).exists()
    return Fill.objects.create(
        order=order,
        cum_qty=None if is_taken or told.previous_id else told.cum_qty,
        qty=told.qty,
        price=told.price,
        at=told.at,
        **told.ids,
    )


def _correct(order: Order, told: Told) -> None:
    """Put the execution told of in the place of the one it revises."""
    former = _called(order, told.previous_id)
    fill = _find(order, told) or _create(order, told)
    if former is None:
        logger.warning("%s: an execution that we do not know is corrected: %s", order, told.previous_id)
    elif former.superseded_by_id is None and former.pk != fill.pk:
        guesses = _take_guesses_back(former)
        Fill.objects.filter(pk=former.pk).update(superseded_by=fill, busted_at=None)
        _guess_again(former, guesses)


def _take_back(order: Order, told: Told) -> None:
    """Mark the execution that one of negative quantity takes back: the one it names, else its like."""
    if Fill.objects.filter(undone_by__in=told.own_ids).exists():
        return
    if not told.previous_id:
        _bust_like(order, -told.qty, told.price, told.at, told.own_ids[-1])
    elif (fill := _called(order, told.previous_id)) is not None:
        _bust_named(fill, told.at, told.own_ids[-1])
    else:
        logger.warning("%s: an execution that we do not know is taken back", order)


def _bust_like(order: Order, qty: Decimal, price: Decimal, at: datetime, undone_by: str) -> None:
    """Mark an execution of this quantity and price as taken back; of several the last, which is a guess."""
    likes = [*order.fills.filter(qty=qty, price=price, undone_by__isnull=True).reverse()]
    # One that an event has called revised already comes first, and one that was made after it last.
    likes.sort(key=lambda each: (each.is_standing, each.at > at))
    if likes:
        _mark_busted(likes[0], at, undone_by, is_undone_by_likeness=True)
    else:
        logger.warning("%s: an execution that we do not know is taken back", order)


def _bust_named(fill: Fill, at: datetime, undone_by: str | None) -> None:
    guesses = _take_guesses_back(fill)
    fill.refresh_from_db()
    _mark_busted(fill, at, undone_by)
    _guess_again(fill, [guess for guess in guesses if guess[0] != undone_by])


def _mark_busted(fill: Fill, at: datetime, undone_by: str | None, **columns: Any) -> None:
    if fill.undone_by is None:
        columns["undone_by"] = undone_by
    if fill.is_standing:
        columns["busted_at"] = at
    Fill.objects.filter(pk=fill.pk).update(**columns)


def _take_guesses_back(fill: Fill) -> list[tuple[str, datetime]]:
    """Have those of the fill's likes stand again that were only guessed to be taken back.

    One of them is about to be named as revised, so that the guess may have been wrong. Returns what takes
    back and when, to be passed to `_guess_again` once that is written.
    """
    found = []
    for like in fill.order.fills.filter(qty=fill.qty, price=fill.price, is_undone_by_likeness=True):
        found.append((like.undone_by or "", like.busted_at or like.at))
        stands_in = fill.order.fills.standing().filter(cum_qty=like.cum_qty).exists()
        Fill.objects.filter(pk=like.pk).update(
            undone_by=None,
            busted_at=None,
            is_undone_by_likeness=False,
            # What was made again meanwhile has it.
            cum_qty=None if stands_in and like.superseded_by_id is None else like.cum_qty,
        )
    return found


def _guess_again(fill: Fill, guesses: list[tuple[str, datetime]]) -> None:
    for undone_by, at in guesses:
        _bust_like(fill.order, fill.qty, fill.price, at, undone_by)


def recount(order: Order) -> Decimal:
    """Write down how many shares the order's standing fills are; returns them."""
    total = order.fills.standing().aggregate(total=Sum("qty"))["total"] or Decimal(0)
    Order.objects.filter(pk=order.pk).update(recorded_qty=total)
    return total


def sync_fills(*, order: Order) -> None:
    """Take over the order's FILL activities, unless its fills add up already.

    All of them: what takes one back stands further on than it, and the quantity may be right before that.
    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    if order.recorded_qty == order.filled_qty:
        return
    unlike = Order.objects.unlike_fills().filter(pk=order.pk)
    for activity in _fill_activities(order):
        if activity.order_id == order.broker_order_id:
            record(order, Told.by_activity(activity))
    now = timezone.now()
    if unlike.update(due_at=now + RHYTHM.pause(now - order.status_at, is_live=False)):
        logger.info("the fills of %s do not add up to what it says is filled", order)


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
        if not page and page.unreadable >= PAGE_SIZE:
            page.whole()  # others may come after them
        if not page or page[-1].id == page_token:
            return
        yield from (activity for activity in page if isinstance(activity, alpaca.Fill))
        page_token = page[-1].id
