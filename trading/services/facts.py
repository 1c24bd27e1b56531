"""What a ticket is judged by, read from rows in a few queries that are made once for a process."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.web.fixed_queries import FixedQuery
from trading.models import Asset, MarketClock, Order, Position, Quote
from trading.order_types import EXITS, PRICES
from trading.rules import Facts
from trading.services import market, quotes
from trading.services.reservations import reserved_qty
from trading.spending import Spending, spending
from trading.statuses import OPEN, OrderStatus

KEY, OTHER_KEY = UUID(int=1), UUID(int=2)
"""Stand-ins for keys."""
RESERVING = tuple(status for status in OPEN if status != OrderStatus.NOT_FOUND)
"""The statuses of `OrderQuerySet.reserving`."""
JUDGED = (
    *("account", "asset", "symbol", "side", "type", "order_class", "status", "qty", "notional", "filled_qty"),
    *(*PRICES, *EXITS, "parent", "replaces"),
)
"""Columns of an open order by which another one is judged."""


def _open_orders(account_id: UUID, asset_id: UUID) -> QuerySet[Order]:
    taken = Order.objects.taken().filter(replaces=OuterRef("pk"))
    orders = Order.objects.open().filter(account_id=account_id, asset_id=asset_id)
    return orders.annotate(was_changed=Exists(taken)).order_by("created_at")


find_open_orders = FixedQuery(_open_orders, KEY, OTHER_KEY)
find_standing_orders = FixedQuery(
    lambda account_id, asset_id: (
        Order.objects.filter(status__in=RESERVING, account_id=account_id, asset_id=asset_id)
        .order_by("created_at")
        .only(*JUDGED)
    ),
    KEY,
    OTHER_KEY,
)
"""Those that take shares or cash, or that another could meet: what an order is judged by, and no more."""
find_position = FixedQuery(
    lambda account_id, asset_id: Position.objects.filter(account_id=account_id, asset_id=asset_id),
    KEY,
    OTHER_KEY,
)
find_asset = FixedQuery(lambda pk: Asset.objects.filter(pk=pk).select_related("quote"), KEY)
find_named = FixedQuery(
    lambda symbol: (
        Asset.objects.offered().filter(symbol=symbol).order_by("status").select_related("quote")[:1]
    ),
    "a stand-in",
)
"""The asset on offer of a symbol as it is spelled, with its quote, in a list; empty if none is spelled so."""


def get_facts(
    account: BrokerageAccount,
    asset: Asset,
    now: datetime,
    *,
    quote: Quote | None = None,
    clock: MarketClock | None = None,
    is_listed: bool = True,
) -> Facts:
    """The facts of an account and an asset, as stored.

    `quote` and `clock`, if they were read just now. Four queries without them; one more if the account may
    borrow. Where nobody is shown the open orders (`is_listed`), the facts have only what rules go by.
    """
    quote = quote or next(iter(quotes.find_quote(asset.pk)), None)
    held = find_position(account.pk, asset.pk)
    orders = (find_open_orders if is_listed else find_standing_orders)(account.pk, asset.pk)
    for order in orders:
        order.asset = asset
    reserving = [order for order in orders if order.status in RESERVING]
    selling = [order for order in reserving if order.side == Order.Side.SELL]
    return Facts(
        account=account,
        held_qty=held[0].qty if held else Decimal(0),
        reserved_qty=reserved_qty(selling, quote.last if quote else None),
        quote=quote,
        clock=clock or market.get_clock(now),
        claimed_cash=_claimed(account),
        standing=reserving,
        listed=[order for order in reversed(orders) if _is_listed(order)] if is_listed else [],
        at=now,
    )


def _is_listed(order: Order) -> bool:
    """As `OrderQuerySet.current` says of a row."""
    is_attempt = order.replaces_id is not None and order.broker_order_id is None
    return not (is_attempt or order.was_changed)  # type: ignore[attr-defined]


def get_shown_facts(account: BrokerageAccount, asset: Asset, now: datetime) -> Facts:
    """The facts for a page that somebody opens; what is old of the price, a task asks for meanwhile."""
    quote = quotes.get_shown_quote(asset, now=now, by=account.user_id)
    return get_facts(account, asset, now, quote=quote, clock=market.get_shown_clock(now))


def get_priced_facts(account: BrokerageAccount, asset: Asset, now: datetime) -> Facts:
    """The facts, after a stale quote was asked for again; where that fails, with the last known one."""
    return get_facts(account, asset, now, quote=quotes.refresh_quote(asset=asset, now=now))


def get_spending(account: BrokerageAccount) -> Spending:
    """Own cash and what could be borrowed, as stored. One query, if the account may borrow."""
    return spending(account, _claimed(account))


def _claimed(account: BrokerageAccount) -> Decimal:
    """USD of own cash that buy orders take and the balances may not show yet, rather too much.

    Open orders, at their limit or the last price, and what was filled since the balances were read.
    """
    if not account.may_borrow:
        return Decimal(0)
    read_at = account.balances_at or account.created_at
    return sum((_claim(order, read_at) for order in find_claims(account.pk, read_at)), Decimal(0))


def _claims(account_id: UUID, read_at: datetime) -> QuerySet[Order]:
    since = Q(status_at__gte=read_at, filled_qty__gt=0)
    buys = Order.objects.filter(Q(status__in=RESERVING) | since, account_id=account_id, side=Order.Side.BUY)
    return buys.select_related("asset__quote")


find_claims = FixedQuery(_claims, KEY, datetime(1900, 1, 1, tzinfo=UTC))


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
