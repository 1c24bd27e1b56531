"""What a ticket is judged and reviewed by."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError
from trading import hours, rules
from trading.models import Asset, Order, Position, Quote
from trading.order_spec import OrderSpec
from trading.rules import Estimate, Facts
from trading.services import market, quotes
from trading.services.portfolio import sync_portfolio
from trading.services.reservations import get_reserved_qty

logger = logging.getLogger(__name__)

FIGURES_GOOD_FOR = timedelta(seconds=30)


@dataclass(frozen=True)
class Review:
    """Everything a person must see before an order is placed."""

    ticket: OrderSpec
    facts: Facts
    estimate: Estimate | None
    refusal: rules.TradeRefused | None
    quote_is_stale: bool
    wait_note: str

    @property
    def borrows(self) -> Decimal:
        """What the broker would lend for it, USD."""
        return rules.borrowing(self.ticket, self.facts)

    @property
    def own_part(self) -> Decimal | None:
        """What it takes of the account's own cash, USD; None without a price."""
        return self.estimate.value - self.borrows if self.estimate else None

    @property
    def owed_after(self) -> Decimal | None:
        """What is owed to the broker afterwards, USD; None if nothing is, or without a price."""
        return -self.cash_after if self.cash_after is not None and self.cash_after < 0 else None

    @property
    def cash_after(self) -> Decimal | None:
        """USD; None without a price."""
        if self.estimate is None:
            return None
        value = self.estimate.value
        return self.facts.account.cash - value if self.ticket.is_buy else self.facts.account.cash + value

    @property
    def position_after(self) -> Decimal | None:
        """Shares; None without a price to turn dollars into shares."""
        qty = self.estimate.qty if self.estimate else self.ticket.qty
        if qty is None:
            return None
        return self.facts.held_qty + (qty if self.ticket.is_buy else -qty)


def ticket_data(ticket: OrderSpec) -> dict[str, str]:
    """A ticket as an intent's data."""
    return ticket.data()


def get_ticket(data: dict[str, Any]) -> OrderSpec:
    """The ticket in an intent's data. Raises `Asset.DoesNotExist`."""
    return OrderSpec.from_data(data, Asset.objects.get(pk=data["asset"]))


def get_facts(account: BrokerageAccount, asset: Asset, now: datetime) -> Facts:
    """The facts of an account and an asset, as stored. Four queries; five if the account may borrow."""
    quote = Quote.objects.filter(pk=asset.pk).first()
    held = Position.objects.filter(account=account, asset=asset).values_list("qty", flat=True).first()
    return Facts(
        account=account,
        held_qty=held or Decimal(0),
        reserved_qty=get_reserved_qty(account, asset, quote.last if quote else None),
        quote=quote,
        clock=market.get_clock(now),
        claimed_cash=_claimed(account),
    )


def get_spending(account: BrokerageAccount) -> rules.Spending:
    """Own cash and what could be borrowed, as stored. One query, if the account may borrow."""
    return rules.spending(account, _claimed(account))


def _claimed(account: BrokerageAccount) -> Decimal:
    """USD of own cash that buy orders take and the balances may not show yet, rather too much.

    Open orders, at their limit or the last price, and what was filled since the balances were read.
    """
    if not account.may_borrow:
        return Decimal(0)
    read_at = account.balances_at or account.created_at
    buys = Order.objects.filter(account=account, side=Order.Side.BUY)
    since = Q(status_at__gte=read_at, filled_qty__gt=0)
    wanted = buys.filter(Q(pk__in=buys.reserving().values("pk")) | since).select_related("asset__quote")
    return sum((_claim(order, read_at) for order in wanted), Decimal(0))


def _claim(order: Order, read_at: datetime) -> Decimal:
    filled = order.filled_value or Decimal(0)
    claim = filled if order.status_at >= read_at else Decimal(0)
    if not order.is_open:
        return claim
    if order.notional is not None:
        return claim + max(order.notional - filled, Decimal(0))
    assert order.qty is not None
    quote = getattr(order.asset, "quote", None)
    price = order.limit_price or (quote.last if quote else None) or Decimal(0)
    return claim + max(order.qty - order.filled_qty, Decimal(0)) * price


def get_priced_facts(account: BrokerageAccount, asset: Asset, now: datetime) -> Facts:
    """The facts, after a stale quote was asked for again; where that fails, with the last known one."""
    quotes.refresh_quote(asset=asset, now=now)
    return get_facts(account, asset, now)


def check_ticket(*, account: BrokerageAccount, ticket: OrderSpec, now: datetime) -> None:
    """Judge a ticket before its review. Raises `TradeRefused`, by figures of the last half minute only."""
    try:
        rules.check_can_trade(ticket, get_priced_facts(account, ticket.asset, now))
    except rules.TradeRefused:
        if account.balances_at and now - account.balances_at <= FIGURES_GOOD_FOR:
            raise
        try:
            sync_portfolio(account=account)
        except BrokerError as error:
            logger.info("no fresh figures for account %s: %s", account.pk, error)
        account.refresh_from_db()
        rules.check_can_trade(ticket, get_facts(account, ticket.asset, now))


def prepare_review(*, account: BrokerageAccount, ticket: OrderSpec, now: datetime) -> Review:
    """What the review page shows; a ticket that may not be placed has its `refusal`."""
    facts = get_priced_facts(account, ticket.asset, now)
    refusal = None
    try:
        rules.check_can_trade(ticket, facts)
    except rules.TradeRefused as error:
        refusal = error
    return Review(
        ticket=ticket,
        facts=facts,
        estimate=rules.estimate(ticket, facts),
        refusal=refusal,
        quote_is_stale=facts.quote is None or facts.quote.is_stale(now),
        wait_note=hours.wait_note(facts.clock, now) if ticket.asset.kind.keeps_market_hours else "",
    )
