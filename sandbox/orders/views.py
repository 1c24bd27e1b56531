"""Orders as the API shows them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.state import rows
from sandbox.state.api import instant_text, text_of
from sandbox.state.world import World


def order_view(world: World, order: rows.Order, *, nested: bool = False) -> dict[str, Any]:
    """Every nullable member is there as null. ``legs`` only when nested, for an order that has some."""
    created = instant_text(order.created_at)
    asset = world.asset(order.symbol)
    return {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": created,
        "updated_at": instant_text(order.updated_at),
        "submitted_at": created,
        "filled_at": _instant(order.filled_at),
        "expired_at": _instant(order.expired_at),
        "expires_at": _instant(order.expires_at),
        "cancel_requested_at": None,
        "canceled_at": _instant(order.canceled_at),
        "failed_at": _instant(order.failed_at),
        "replaced_at": _instant(order.replaced_at),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": asset.id,
        "symbol": order.symbol,
        "asset_class": asset.asset_class,
        "notional": _decimal(order.notional),
        "qty": _decimal(order.qty),
        "filled_qty": text_of(order.filled_qty),
        "filled_avg_price": _decimal(order.filled_avg_price),
        "order_class": order.order_class,
        "order_type": order.type,
        "type": order.type,
        "side": order.side,
        "time_in_force": order.time_in_force,
        "limit_price": _decimal(order.limit_price),
        "stop_price": _decimal(order.stop_price),
        "trail_price": _decimal(order.trail_price),
        "trail_percent": _decimal(order.trail_percent),
        "hwm": _decimal(order.hwm),
        "status": order.status,
        "extended_hours": order.extended_hours,
        "legs": _legs(world, order) if nested and order.leg_ids else None,
        "commission": text_of(order.commission),
        "subtag": order.subtag,
        "source": None,
        **({"commission_type": order.commission_type} if order.commission_type else {}),
        **({"position_intent": order.position_intent} if order.position_intent else {}),
    }


def _legs(world: World, order: rows.Order) -> list[dict[str, Any]]:
    return [order_view(world, world.store.orders.rows[leg_id]) for leg_id in order.leg_ids]


def _instant(at: dt.datetime | None) -> str | None:
    return instant_text(at) if at else None


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else text_of(value)
