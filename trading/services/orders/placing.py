"""Placing: the intent on disk first, then the call."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.web.fixed_queries import FixedQuery, lock
from brokerapp.workflow import state
from trading import rules
from trading.models import Order, PositionsSync
from trading.order_spec import OrderSpec
from trading.services import quotes, tickets
from trading.services.facts import get_facts
from trading.services.orders.sending import send_order

find_sync = FixedQuery(lambda account_id: PositionsSync.objects.filter(pk=account_id), uuid.UUID(int=1))
find_own = FixedQuery(
    lambda pk, account_id: Order.objects.filter(pk=pk, account_id=account_id),
    uuid.UUID(int=1),
    uuid.UUID(int=2),
)


def get_placed(account: BrokerageAccount, order_id: uuid.UUID) -> Order | None:
    """The order that was placed under this id; None if none was. One query."""
    return next(iter(find_own(order_id, account.pk)), None)


def place_order(
    *,
    account: BrokerageAccount,
    ticket: OrderSpec,
    order_id: uuid.UUID,
    seen_price: Decimal | None,
    by: User,
    now: datetime,
    agreed: tickets.Agreed | None = None,
    agreed_borrowing: Decimal | None = None,
) -> Order:
    """Place the order reviewed under `order_id`, at the price seen there (USD per share); once.

    `agreed` is what the person saw and ticked there, held against what they have to know now;
    `agreed_borrowing` what they agreed to borrow from the broker, USD.

    A second call with the same id returns the first one's order. The intent is on disk before the broker is
    called, so a process that dies in between leaves a row for the sweep. Raises `TradeRefused`, with
    `PriceMoved` if the price is no longer the reviewed one, `PriceTooOld`, `CautionsNotRead`, and
    `BorrowingNotAgreed` if it would borrow more.
    """
    quote = quotes.refresh_quote(asset=ticket.asset, now=now)
    is_followed = bool(find_sync(account.pk))
    with transaction.atomic(durable=True):
        # Orders of one account are judged one after the other: two must not spend the same shares.
        locked = lock(BrokerageAccount, account.pk)
        first = get_placed(locked, order_id)
        if first is not None:
            return first
        facts = get_facts(locked, ticket.asset, now, quote=quote, is_listed=False)
        if agreed is not None:
            tickets.check_agreed(ticket, agreed, facts, now)
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
        if not is_followed:
            PositionsSync.objects.get_or_create(account=locked)
    return send_order(order=order, now=now, waited_for=True)
