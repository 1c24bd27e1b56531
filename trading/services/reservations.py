"""What open orders will take of the shares that are held, as stored."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from brokerapp.units.money import quantize_shares
from trading.models import Order
from trading.statuses import UNSETTLED, OrderStatus

ZERO = Decimal(0)


def reserved_qty(selling: Iterable[Order], price: Decimal | None) -> Decimal:
    """Shares that open sell orders are still to take; those in dollars at `price` (USD).

    Of a pair of exits, and of a change and what it changes, only one sells.
    """
    groups: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for order in selling:
        group = _group(order)
        groups[group] = max(groups[group], _left(order, price))
    return sum(groups.values(), ZERO)


def _group(order: Order) -> UUID:
    """What is shared by orders of which only one can fill."""
    if order.parent_id is not None:
        return order.parent_id
    if order.replaces_id is not None and order.status in UNSETTLED:
        return order.replaces_id
    return order.pk


def _left(order: Order, price: Decimal | None) -> Decimal:
    """Shares that an order is still to sell; 0 for an exit that waits for its entry to buy them."""
    if order.status == OrderStatus.HELD:
        return ZERO
    if order.qty is not None:
        return max(order.qty - order.filled_qty, ZERO)
    if order.notional is None or not price:
        return ZERO
    return max(quantize_shares(order.notional / price) - order.filled_qty, ZERO)
