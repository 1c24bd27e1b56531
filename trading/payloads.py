"""Our rows to broker requests, broker replies to our columns. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerapp.broker.alpaca import models as alpaca
from trading.asset_classes import asset_class_of
from trading.models import Asset, Bar, BarSeries, Order, Position, Quote
from trading.order_spec import OrderSpec


def order_request(order: Order) -> alpaca.CreateOrderRequest:
    """The body of `POST …/orders`; by its `client_order_id` we find the order if the reply is lost."""
    spec = OrderSpec.of(order)
    body: dict[str, Any] = {
        "symbol": order.symbol,
        "qty": spec.qty,
        "notional": spec.notional,
        "side": spec.side.lower(),
        "type": spec.type.lower(),
        "time_in_force": spec.time_in_force.lower(),
        "limit_price": spec.limit_price,
        "stop_price": spec.stop_price,
        "trail_price": spec.trail_price,
        "trail_percent": spec.trail_percent,
        "extended_hours": spec.extended_hours or None,
        "client_order_id": order.client_order_id,
    }
    if spec.order_class != Order.Class.SIMPLE:
        body["order_class"] = spec.order_class.lower()
    if spec.take_profit_price is not None:
        body["take_profit"] = {"limit_price": spec.take_profit_price}
    if spec.stop_loss_price is not None:
        body["stop_loss"] = {"stop_price": spec.stop_loss_price, "limit_price": spec.stop_loss_limit_price}
    return alpaca.CreateOrderRequest.model_validate(body)


def order_columns(reply: alpaca.Order) -> dict[str, Any]:
    """The columns of an order that are Alpaca's to say, its status aside."""
    return {
        "broker_order_id": reply.id,
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
        symbol=asset_class_of(reply.asset_class).spell(reply.symbol)[:32],
        name=reply.name[:255],
        exchange=reply.exchange[:20],
        asset_class=reply.asset_class[:20],
        status=reply.status.lower()[:20],
        tradable=reply.tradable,
        fractionable=reply.fractionable,
        marginable=reply.marginable,
        shortable=reply.shortable,
        attributes=[word[:64] for word in reply.attributes],
        synced_at=now,
    )


def stranger_row(held: alpaca.Position, now: datetime) -> Asset:
    """An asset that an account holds and no list has named so far, not saved: it can be shown, not traded."""
    return Asset(
        id=held.asset_id,
        symbol=asset_class_of(held.asset_class).spell(held.symbol)[:32],
        exchange=held.exchange[:20],
        asset_class=held.asset_class[:20],
        status=Asset.INACTIVE,
        tradable=False,
        fractionable=False,
        marginable=False,
        shortable=False,
        synced_at=now,
    )


def position_row(account_id: UUID, held: alpaca.Position, asked_at: datetime) -> Position:
    """What an account holds of one asset, not saved."""
    return Position(
        account_id=account_id,
        asset_id=held.asset_id,
        symbol=asset_class_of(held.asset_class).spell(held.symbol)[:32],
        qty=held.qty,
        avg_entry_price=held.avg_entry_price,
        cost_basis=held.cost_basis,
        synced_at=asked_at,
    )


def quote_row(asset: Asset, snapshot: alpaca.Snapshot, now: datetime) -> Quote | None:
    """The prices in a snapshot, not saved; None if it has none. The last price is that of the last trade."""
    trade, quote = snapshot.latest_trade, snapshot.latest_quote
    times = [part.at for part in (trade, quote) if part]
    if not times:
        return None
    day = snapshot.daily_bar
    return Quote(
        asset=asset,
        bid=_quoted(quote.bid_price) if quote else None,
        ask=_quoted(quote.ask_price) if quote else None,
        last=trade.price if trade else None,
        bid_size=quote.bid_size if quote and quote.bid_price else None,
        ask_size=quote.ask_size if quote and quote.ask_price else None,
        previous_close=snapshot.prev_daily_bar.close if snapshot.prev_daily_bar else None,
        day_open=day.open if day else None,
        day_high=day.high if day else None,
        day_low=day.low if day else None,
        day_volume=day.volume if day else None,
        as_of=max(times),
        synced_at=now,
    )


def bar_row(series: BarSeries, bar: alpaca.Bar) -> Bar:
    """One bar of a series, not saved."""
    return Bar(
        series=series,
        at=bar.at,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
    )


def _quoted(price: Decimal) -> Decimal | None:
    """None for 0, Alpaca's word for a side without a quote."""
    return price or None
