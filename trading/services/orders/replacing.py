"""Changing an order at the broker: a new order takes its place."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow import state
from trading import changes, order_words, rules
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.services.facts import get_facts
from trading.services.orders import adopting
from trading.services.orders.sending import send_order


def replace_order(
    *,
    order: Order,
    ticket: OrderSpec,
    order_id: uuid.UUID,
    by: User,
    now: datetime,
    agreed_borrowing: Decimal | None = None,
) -> Order:
    """Put the order reviewed under `order_id` in the place of `order`; once. Returns the new order.

    `ticket` is the whole order as it is to be; its `qty` counts what of the old one is filled.
    `agreed_borrowing` is what the person agreed to borrow for the change, USD. A second call with the same id
    returns the first one's order. Its row is on disk before the broker is called. Raises `ChangeRefused`, or
    `TradeRefused` if the account may not trade or has not enough for the difference.
    """
    with transaction.atomic(durable=True):
        # As with new orders, those of one account are judged one after the other.
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=order.account_id)
        first = Order.objects.filter(pk=order_id, account=account).first()
        if first is not None:
            return first
        locked = (
            Order.objects.select_for_update(of=("self",), no_key=True)
            .select_related("asset")
            .get(pk=order.pk, account=account)
        )
        changes.check_can_change(locked, get_unsettled_change(locked))
        facts = get_facts(account, locked.asset, now)
        changes.check_change(locked, ticket, facts, agreed_borrowing)
        new = Order(
            id=order_id,
            client_order_id=str(order_id),
            user_id=account.user_id,
            account=account,
            parent_id=locked.parent_id,
            created_at=now,
            status_at=now,
            send_after=now,
            **ticket.columns() | adopting.versions(locked),
        )
        # Kept as it was asked for: the broker makes its quantity that of what is left.
        said = ", ".join(map(str, order_words.differences(OrderSpec.of(locked), ticket)))
        state.start(new, by=by, reason=said)
    return send_order(order=new, now=now, waited_for=True)


@dataclass(frozen=True)
class ChangeReview:
    """What a person must see before an order is changed; one that may not be has its `refusal`."""

    order: Order
    ticket: OrderSpec
    differences: list[order_words.Difference]
    extra_cost: Decimal | None
    """USD that it needs on top; below zero: sets free. None of a sale."""
    borrows: Decimal
    refusal: changes.ChangeRefused | rules.TradeRefused | None

    @property
    def difference(self) -> Decimal | None:
        """What it needs on top or sets free, USD."""
        return abs(self.extra_cost) if self.extra_cost is not None else None


def prepare_change(*, order: Order, ticket: OrderSpec, now: datetime) -> ChangeReview:
    """The review of a change, by the figures as stored."""
    facts = get_facts(order.account, order.asset, now)
    borrows = changes.borrowing(order, ticket, facts)
    refusal: changes.ChangeRefused | rules.TradeRefused | None = None
    try:
        changes.check_can_change(order, get_unsettled_change(order))
        changes.check_change(order, ticket, facts, borrows)
    except (changes.ChangeRefused, rules.TradeRefused) as error:
        refusal = error
    return ChangeReview(
        order=order,
        ticket=ticket,
        differences=list(order_words.differences(OrderSpec.of(order), ticket)),
        extra_cost=changes.extra_cost(order, ticket, facts) if ticket.is_buy else None,
        borrows=Decimal(0) if refusal else borrows,
        refusal=refusal,
    )


def get_unsettled_change(order: Order) -> Order | None:
    """A change of the order of which we do not know what became of it; one the broker lacks does not count.

    One query.
    """
    return Order.objects.filter(replaces=order, status__in=changes.UNDER_WAY).first()
