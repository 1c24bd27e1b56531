"""Lists of an account's orders: open or closed ones, filtered, as pages and as rows of a file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import NEW_YORK
from brokerapp.web.fixed_queries import FixedQuery, Pages
from trading import rules, statuses
from trading.models import Order
from trading.statuses import OrderStatus

OPEN, CLOSED = "open", "closed"
STATUSES: Mapping[str, tuple[OrderStatus, ...]] = {OPEN: statuses.OPEN, CLOSED: statuses.CLOSED}
ROWS_AT_ONCE = 500


def alike(status: str) -> tuple[OrderStatus, ...]:
    """The statuses that people read as the same word."""
    label = OrderStatus(status).label
    return tuple(each for each in OrderStatus if each.label == label)


@dataclass(frozen=True)
class Wanted:
    """Which orders a list is of; `since` and `until` are New York dates, both included."""

    tab: str = OPEN
    side: str = ""
    symbol: str = ""
    type: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None

    def conditions(self) -> dict[str, Any]:
        """It as conditions on an order's columns."""
        found: dict[str, Any] = {"status__in": STATUSES[self.tab]}
        if self.status:
            found["status__in"] = [each for each in alike(self.status) if each in STATUSES[self.tab]]
        given = {"side": self.side, "symbol": self.symbol, "type": self.type}
        found |= {name: value for name, value in given.items() if value}
        if self.since:
            found["created_at__gte"] = _midnight(self.since)
        if self.until and self.until < date.max:
            found["created_at__lt"] = _midnight(self.until + timedelta(days=1))
        return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK)


def find_orders(account: BrokerageAccount | UUID, wanted: Wanted) -> "QuerySet[Order]":
    """The orders of a list, newest first, each with its exits in `legs`; of changed ones the last version.

    An exit stands under its order where that is in the list as well, and by itself where it is not.
    """
    conditions = wanted.conditions()
    of_parent = Q(parent__isnull=False, **{f"parent__{name}": value for name, value in conditions.items()})
    return with_legs(Order.objects.current().filter(account=account, **conditions).exclude(of_parent))


def with_legs(orders: "QuerySet[Order]") -> "QuerySet[Order]":
    """With what a list shows of them; one query for all their exits."""
    return orders.prefetch_related(Prefetch("legs", _exits())).order_by("-created_at", "-pk")


LISTED = (
    "parent_id",
    "created_at",
    "symbol",
    "side",
    "type",
    "order_class",
    "qty",
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
    "take_profit_price",
    "stop_loss_price",
    "status",
    "filled_qty",
    "filled_avg_price",
    "times_changed",
    "cancel_requested_at",
    "claimed_at",
    "failed_sends",
)
"""What rows of lists on pages go by; an order has twice as much."""


def _exits() -> "QuerySet[Order]":
    return Order.objects.current().order_by("type", "created_at", "pk")


def _all_of(tab: str) -> "FixedQuery[Order]":
    everything = Wanted(tab)
    return FixedQuery(
        lambda account_id: find_orders(account_id, everything).prefetch_related(None).only(*LISTED),
        UUID(int=1),
    )


find_all = {tab: _all_of(tab) for tab in STATUSES}
find_exits = FixedQuery(
    lambda account_id, first, last: (
        _exits()
        .filter(parent__account=account_id, parent__created_at__gte=first, parent__created_at__lte=last)
        .only(*LISTED)
    ),
    UUID(int=1),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(1900, 1, 2, tzinfo=UTC),
)
"""The exits of an account's orders that were placed between two instants."""


def pages_of(account: BrokerageAccount, wanted: Wanted) -> "Pages[Order] | QuerySet[Order]":
    """The orders of a list, for a paginator; `exits_of` has their exits."""
    if wanted == Wanted(wanted.tab):
        return Pages(find_all[wanted.tab], account.pk)
    return find_orders(account, wanted).prefetch_related(None)


find_open = FixedQuery(
    lambda account_id: (
        Order.objects.open().filter(account=account_id).newest_first().select_related(None).only(*LISTED)
    ),
    UUID(int=1),
)


def newest_open(account: BrokerageAccount, *, most: int) -> list[Order]:
    """An account's newest open orders. One query."""
    return find_open(account.pk, most=most)


def exits_of(account: BrokerageAccount, orders: Sequence[Order]) -> dict[UUID, list[Order]]:
    """The exits of some orders of an account that follow each other in a list, by the order's key."""
    found: dict[UUID, list[Order]] = defaultdict(list)
    if orders:
        times = [order.created_at for order in orders]
        for leg in find_exits(account.pk, min(times), max(times)):
            assert leg.parent_id is not None
            found[leg.parent_id].append(leg)
    return found


def cancelable(account: BrokerageAccount, *, until: datetime | None = None) -> "QuerySet[Order]":
    """Open orders of the account that may be canceled, newest first; those placed by `until`, if given.

    What cannot be is left out by the same rules as on each order's page.
    """
    found = Order.objects.current().open().filter(account=account)
    if until is not None:
        found = found.filter(created_at__lte=until)
    ids = [order.pk for order in found if rules.can_cancel(order)]
    return Order.objects.filter(pk__in=ids).select_related("asset", "account").order_by("-created_at", "-pk")


def asked_to_cancel(account: BrokerageAccount, at: datetime) -> "QuerySet[Order]":
    """The orders that somebody wanted canceled together, at that instant."""
    return with_legs(Order.objects.filter(account=account, cancel_asked_at=at))


HEADER = (
    "Placed (UTC)",
    "Order",
    "Exit of",
    "Symbol",
    "Side",
    "Type",
    "Status",
    "Shares",
    "Dollars",
    "Limit",
    "Stop",
    "Trail",
    "Trail %",
    "Take profit",
    "Stop loss",
    "Good for",
    "Filled shares",
    "Average price",
    "Times changed",
    "Reason",
    "Reference",
)
Row = tuple[str | int | Decimal | datetime | None, ...]


def file_rows(account: BrokerageAccount, wanted: Wanted) -> Iterator[Row]:
    """Every order of the list, not only one page, and below each its exits; read in pieces."""
    for order in find_orders(account, wanted).iterator(chunk_size=ROWS_AT_ONCE):
        yield _row(order)
        yield from (_row(leg) for leg in order.legs.all())


def _row(order: Order) -> Row:
    return (
        order.created_at,
        str(order.pk),
        str(order.parent_id or ""),
        order.symbol,
        order.get_side_display(),
        order.get_type_display(),
        order.get_status_display(),
        order.qty,
        order.notional,
        order.limit_price,
        order.stop_price,
        order.trail_price,
        order.trail_percent,
        order.take_profit_price,
        order.stop_loss_price,
        order.get_time_in_force_display(),
        order.filled_qty,
        order.filled_avg_price,
        order.times_changed,
        order.status_reason,
        order.last_request_id,
    )
