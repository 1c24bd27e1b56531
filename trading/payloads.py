"""Our rows to broker requests, broker replies to our columns. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerapp.broker.alpaca import models as alpaca
from brokerapp.units.market_time import NEW_YORK
from trading.asset_classes import asset_class_of
from trading.models import Asset, Bar, BarSeries, MarketDay, Order, Position, Quote
from trading.order_spec import OrderSpec
from trading.order_types import EXITS, PRICES_OF_TYPE, OrderType, Side, TimeInForce


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


def replace_request(order: Order, old: Order) -> alpaca.ReplaceOrderRequest:
    """The body of `PATCH …/orders/{order_id}` that puts `order` in the place of `old`.

    The prices of its type go along even where they are as before, as the API wants them; else what differs.
    """
    # The limit of a pair of exits is that of the one that takes the gain.
    limit = order.take_profit_price if order.order_class == Order.Class.OCO else order.limit_price
    trail, old_trail = order.trail_price or order.trail_percent, old.trail_price or old.trail_percent
    return alpaca.ReplaceOrderRequest(
        qty=order.qty if order.qty != old.qty else None,
        time_in_force=_word(order.time_in_force) if order.time_in_force != old.time_in_force else None,
        limit_price=limit,
        stop_price=order.stop_price,
        trail=trail if trail != old_trail else None,
        client_order_id=order.client_order_id,
    )


def _word(ours: str) -> Any:
    """The broker's word for one of ours."""
    return ours.lower()


def told_spec(reply: alpaca.Order, asset: Asset, *, like: Order | None) -> OrderSpec:
    """What an order of the broker's is for; its class and exits are those of the order that it replaces.

    Raises `ValueError` for one that is like none of ours.
    """
    type_ = OrderType(reply.type.upper())
    prices = {name for names in PRICES_OF_TYPE[type_] for name in names}
    exits: dict[str, Any] = {}
    if like is not None:
        exits = {name: getattr(like, name) for name in ("order_class", *EXITS, "stop_loss_limit_price")}
        if like.order_class == Order.Class.OCO:
            prices, exits["take_profit_price"] = set(), reply.limit_price
    return OrderSpec(
        asset=asset,
        side=Side(reply.side.upper()),
        type=type_,
        time_in_force=TimeInForce(reply.time_in_force.upper()),
        qty=reply.qty,
        notional=reply.notional if reply.qty is None else None,
        extended_hours=reply.extended_hours and type_ == OrderType.LIMIT,
        replaces=like.pk if like else None,
        **{name: getattr(reply, name) for name in prices},
        **exits,
    )


def changed_terms(order: Order, reply: alpaca.Order) -> dict[str, Any]:
    """The columns of what was asked for that the broker changes by itself, where we have them.

    Exits are for what their entry has filled and their pair has left; splits change quantities and prices.
    """
    told = {"qty": reply.qty, "limit_price": reply.limit_price, "stop_price": reply.stop_price}
    if order.order_class == Order.Class.OCO:
        told["take_profit_price"] = reply.limit_price
    columns: dict[str, Any] = {
        name: value for name, value in told.items() if value and getattr(order, name) is not None
    }
    if order.is_exit and reply.time_in_force.upper() in TimeInForce:
        columns["time_in_force"] = reply.time_in_force.upper()
    return columns


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


def quote_row(asset: Asset, snapshot: alpaca.Snapshot, now: datetime, feed: str = "") -> Quote | None:
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
        feed=feed[:20],
        is_halted=quote is not None and quote.is_halted,
    )


def market_day_row(told: alpaca.MarketDay) -> MarketDay:
    """A day of trading, not saved."""
    opens, closes = (datetime.combine(told.day, at, NEW_YORK) for at in (told.opens, told.closes))
    return MarketDay(day=told.day, opens_at=opens, closes_at=closes)


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
