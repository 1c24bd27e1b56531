"""Orders that could trade with another of the same account."""

from sandbox.state import rows
from sandbox.state.api import forbidden
from sandbox.state.rows import FINAL_ORDER_STATUSES
from sandbox.state.world import World


def check_wash_trade(world: World, order: rows.Order) -> None:
    """Refuse an order that could trade with an open one of the same account. Raises a 403."""
    if _is_exempt(order):
        return
    for other in world.store.orders.open_of(order.account_id):
        if other.symbol != order.symbol or other.side == order.side or _is_exempt(other):
            continue
        if other.status in FINAL_ORDER_STATUSES:  # canceled by the same request
            continue
        buy, sell = (order, other) if order.side == "buy" else (other, order)
        if buy.type != "limit" or sell.type != "limit":
            reason = "opposite side market/stop order exists"
        elif buy.limit_price is not None and sell.limit_price is not None:
            if buy.limit_price < sell.limit_price:
                continue
            reason = "opposite side limit order exists"
        raise forbidden(
            "potential wash trade detected. use complex orders",
            reject_reason=reason, existing_order_id=other.id,
        )  # fmt: skip


def _is_exempt(order: rows.Order) -> bool:
    return bool(order.order_class) or order.type == "trailing_stop"
