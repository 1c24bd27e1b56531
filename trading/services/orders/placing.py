"""Placing: the intent on disk first, then the call."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow import state
from trading import rules
from trading.models import Order, PositionsSync
from trading.order_spec import OrderSpec
from trading.services import quotes
from trading.services.facts import get_facts
from trading.services.orders.sending import send_order


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
        facts = get_facts(locked, ticket.asset, now)
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
    return send_order(order=order, now=now, waited_for=True)
