"""What a ticket is judged and reviewed by."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.units.market_time import day_in_new_york
from brokerapp.web.fixed_queries import FixedQuery
from trading import hours, rules
from trading.cautions import Caution, Limits, Seen, cautions
from trading.chart_ranges import Timeframe
from trading.fees import Fee
from trading.models import Asset, Bar, Order
from trading.order_sentences import sentence
from trading.order_spec import OrderSpec
from trading.rules import Estimate, Facts
from trading.services import bars
from trading.services.facts import find_asset, get_facts, get_priced_facts
from trading.services.facts import get_spending as get_spending  # noqa: PLC0414 - for other pages
from trading.services.portfolio import sync_portfolio
from trading.statuses import OrderStatus

logger = logging.getLogger(__name__)

FIGURES_GOOD_FOR = timedelta(seconds=30)


AVERAGE_OVER_DAYS = 20
"""The days of trading of which the average volume is taken."""


def _volumes(asset_id: UUID, since: datetime) -> "QuerySet[Bar, tuple[Decimal]]":
    bars = Bar.objects.filter(series__asset_id=asset_id, series__timeframe=Timeframe.DAY, volume__gt=0)
    return bars.filter(at__gte=since).order_by("-at").values_list("volume")[:AVERAGE_OVER_DAYS]


find_volumes: FixedQuery[tuple[Decimal]] = FixedQuery(_volumes, UUID(int=1), datetime(1900, 1, 1, tzinfo=UTC))
"""How many shares changed hands on each of the last days of trading of an asset, by its daily bars."""


def _average_volume(asset: Asset, now: datetime) -> Decimal | None:
    """Shares a day; None while no day is known."""
    volumes = [volume for (volume,) in find_volumes(asset.pk, now - timedelta(days=2 * AVERAGE_OVER_DAYS))]
    return sum(volumes, Decimal(0)) / len(volumes) if volumes else None


@dataclass(frozen=True)
class Review:
    """Everything a person must see before an order is placed."""

    ticket: OrderSpec
    facts: Facts
    estimate: Estimate | None
    refusal: rules.TradeRefused | None
    quote_is_stale: bool
    wait_note: str
    now: datetime
    fees: Sequence[Fee] = ()
    cautions: Sequence[Caution] = ()

    @property
    def sentence(self) -> str:
        """What the order does."""
        return sentence(self.ticket, self.estimate.qty if self.estimate else None)

    @property
    def market_price(self) -> Decimal | None:
        """What the market would pay or ask now, USD per share."""
        return rules.market_price(self.ticket, self.facts)

    @property
    def begins(self) -> str:
        """When it can first trade."""
        clock, price = self.facts.clock, self.market_price
        if clock and clock.is_open and price and rules.is_reached(self.ticket, price):
            return "At once"
        return hours.begins(self.ticket, self.facts.clock, self.now)

    @property
    def good_for(self) -> str:
        """How long it works."""
        return hours.good_for(self.ticket, self.facts.clock, self.now)

    @property
    def fees_total(self) -> Decimal:
        """USD."""
        return sum((fee.amount for fee in self.fees), Decimal(0))

    @property
    def asks_to_read(self) -> bool:
        """Whether something has to be ticked as read."""
        return any(caution.ask for caution in self.cautions)

    @property
    def borrows(self) -> Decimal:
        """What the broker would lend for it, USD; nothing for an order that is refused."""
        return Decimal(0) if self.refusal else rules.borrowing(self.ticket, self.facts)

    @property
    def own_part(self) -> Decimal | None:
        """What it takes of the account's own cash, USD; None without a price."""
        return self.estimate.most - self.borrows if self.estimate else None

    @property
    def own_after(self) -> Decimal | None:
        """What is left of the own cash that can be spent, USD; None without a price, and for a sale."""
        if self.own_part is None or not self.ticket.is_buy:
            return None
        return self.facts.spending.own - self.own_part

    @property
    def owed_after(self) -> Decimal | None:
        """What is owed to the broker afterwards, USD; None if nothing is, or without a price."""
        return -self.cash_after if self.cash_after is not None and self.cash_after < 0 else None

    @property
    def cash_after(self) -> Decimal | None:
        """USD, fees paid; None without a price."""
        if self.estimate is None:
            return None
        change = -self.estimate.value if self.ticket.is_buy else self.estimate.value
        return self.facts.account.cash + change - self.fees_total

    @property
    def position_after(self) -> Decimal | None:
        """Shares; None without a price to turn dollars into shares."""
        qty = self.estimate.qty if self.estimate else self.ticket.qty
        if qty is None:
            return None
        return self.facts.held_qty + (qty if self.ticket.is_buy else -qty)


@dataclass(frozen=True)
class Agreed:
    """What the review page sent back of what the person saw and ticked there."""

    has_read: bool = False
    """That they have read the cautions."""
    was_told_of_old_price: bool = False


def ticket_data(ticket: OrderSpec) -> dict[str, str]:
    """A ticket as an intent's data."""
    return ticket.data()


def get_ticket(data: dict[str, Any]) -> OrderSpec:
    """The ticket in an intent's data. Raises `Asset.DoesNotExist`."""
    found = find_asset(UUID(data["asset"]))
    if not found:
        raise Asset.DoesNotExist(data["asset"])
    return OrderSpec.from_data(data, found[0])


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
    """What the review page shows; a ticket that may not be placed has its `refusal`.

    The broker is asked for the price if that is old, and for the days of trading if none are known.
    """
    average = _average_volume(ticket.asset, now)
    if average is None:
        bars.fetch_days(asset=ticket.asset, now=now)
        average = _average_volume(ticket.asset, now)
    return _review(ticket, get_priced_facts(account, ticket.asset, now), now, average)


def estimate_ticket(ticket: OrderSpec, facts: Facts, now: datetime) -> Review:
    """The same from facts as stored, without a word to the broker: for the estimate as one types."""
    return _review(ticket, facts, now, _average_volume(ticket.asset, now))


def most_whole_shares(asset: Asset, facts: Facts) -> Decimal | None:
    """Shares that all of the own cash buys of an asset that trades in whole ones only; None if none does."""
    quote = facts.quote
    price = (quote.ask or quote.last) if quote else None
    if asset.fractionable or not price:
        return None
    return facts.spending.own // price or None


def _review(ticket: OrderSpec, facts: Facts, now: datetime, average_volume: Decimal | None) -> Review:
    refusal = None
    try:
        rules.check_can_trade(ticket, facts)
    except rules.TradeRefused as error:
        refusal = error
    expected = rules.estimate(ticket, facts)
    return Review(
        ticket=ticket,
        facts=facts,
        estimate=expected,
        refusal=refusal,
        quote_is_stale=facts.quote is None or facts.quote.is_stale(now),
        wait_note=_wait_note(ticket, facts, now),
        now=now,
        fees=_fees(ticket, expected, now),
        cautions=cautions(ticket, facts, expected, _seen(ticket, facts, average_volume), _limits()),
    )


def _wait_note(ticket: OrderSpec, facts: Facts, now: datetime) -> str:
    if not ticket.asset.kind.keeps_market_hours or ticket.extended_hours:
        return ""
    return hours.wait_note(facts.clock, now)


def _fees(ticket: OrderSpec, expected: Estimate | None, now: datetime) -> Sequence[Fee]:
    if ticket.is_buy or expected is None:
        return ()
    charged = ticket.asset.kind.fees_on_sale
    return charged(expected.qty, expected.value, day_in_new_york(now), settings.FEE_RATES)


def _limits() -> Limits:
    return Limits(
        limit_away=settings.WARN_LIMIT_AWAY_PERCENT,
        of_volume=settings.WARN_VOLUME_PERCENT,
        of_portfolio=settings.WARN_PORTFOLIO_PERCENT,
        penny_below=settings.WARN_PENNY_BELOW,
    )


def _seen(ticket: OrderSpec, facts: Facts, average_volume: Decimal | None) -> Seen:
    is_first = False
    if ticket.extended_hours:
        placed = Order.objects.filter(account=facts.account, extended_hours=True)
        is_first = not placed.exclude(status=OrderStatus.NOT_PLACED).exists()
    return Seen(average_volume=average_volume, is_first_extended=is_first)


def check_agreed(ticket: OrderSpec, agreed: Agreed, facts: Facts, now: datetime) -> None:
    """Hold what a person agreed to on the review page against what they have to know by these facts.

    Raises `CautionsNotRead`, or `PriceTooOld` where there is no fresh price and they were not told.
    """
    rules.check_price_age(agreed.was_told_of_old_price, facts, now)
    if agreed.has_read:
        return
    seen = _seen(ticket, facts, _average_volume(ticket.asset, now))
    known = cautions(ticket, facts, rules.estimate(ticket, facts), seen, _limits())
    if any(caution.ask for caution in known):
        raise rules.CautionsNotRead(
            "Nothing was sent: read what is said about this order below, and tick that you have."
        )
