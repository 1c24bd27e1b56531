"""Our rows to broker requests, broker replies to our columns. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from brokerapp.broker.alpaca import models as alpaca
from trading.models import Asset, Order, Quote


def order_request(order: Order) -> alpaca.CreateOrderRequest:
    """The body of `POST …/orders`; by its `client_order_id` we find the order if the reply is lost."""
    return alpaca.CreateOrderRequest.model_validate(
        {
            "symbol": order.symbol,
            "qty": order.qty,
            "notional": order.notional,
            "side": order.side.lower(),
            "type": order.type.lower(),
            "time_in_force": order.time_in_force.lower(),
            "limit_price": order.limit_price,
            "client_order_id": order.client_order_id,
        }
    )


def order_columns(reply: alpaca.Order) -> dict[str, Any]:
    """The columns of an order that are Alpaca's to say."""
    return {
        "broker_order_id": reply.id,
        "broker_status": reply.status[:40],
        "broker_updated_at": reply.updated_at,
        "filled_qty": reply.filled_qty,
        "filled_avg_price": reply.filled_avg_price,
        "submitted_at": reply.submitted_at,
        "filled_at": reply.filled_at,
        "canceled_at": reply.canceled_at,
        "expired_at": reply.expired_at,
        "failed_at": reply.failed_at,
    }


def asset_row(reply: alpaca.Asset, now: datetime) -> Asset:
    """An asset as listed by the broker, not saved."""
    return Asset(
        id=reply.id,
        symbol=reply.symbol[:32],
        name=reply.name[:255],
        exchange=reply.exchange[:20],
        asset_class=reply.asset_class[:20],
        status=reply.status.lower()[:20],
        tradable=reply.tradable,
        fractionable=reply.fractionable,
        marginable=reply.marginable,
        shortable=reply.shortable,
        synced_at=now,
    )


def quote_row(symbol: str, snapshot: alpaca.Snapshot, now: datetime) -> Quote | None:
    """The prices in a snapshot, not saved; None if it has none. The last price is that of the last trade."""
    trade, quote = snapshot.latest_trade, snapshot.latest_quote
    at = trade.at if trade else quote.at if quote else None
    if at is None:
        return None
    return Quote(
        symbol=symbol,
        bid=_quoted(quote.bid_price) if quote else None,
        ask=_quoted(quote.ask_price) if quote else None,
        last=trade.price if trade else None,
        previous_close=snapshot.prev_daily_bar.close if snapshot.prev_daily_bar else None,
        as_of=at,
        synced_at=now,
    )


def _quoted(price: Decimal) -> Decimal | None:
    """None for 0, Alpaca's word for a side without a quote."""
    return price or None
