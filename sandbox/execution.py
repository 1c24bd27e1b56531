"""What becomes of an accepted order: new, filled, canceled, expired, rejected; cash and shares with it.

A fill happens at the far side of the quote: buys at the ask, sells at the bid. Cash is booked to the
cent (half up), so the sum of an account's activities is its cash to the cent.
"""

import datetime as dt
import uuid
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sandbox import eventlog, ledger, rows, trading_calendar
from sandbox.api import encode_json, instant_text, text_of
from sandbox.clock import NEW_YORK, market_date
from sandbox.rows import ZERO
from sandbox.world import World

# Seconds at speed 1 between accepting an order and working it.
ROUTING = 0.2
NINE_PLACES = Decimal("0.000000001")


def open_position(world: World, account_id: str, symbol: str, now: dt.datetime) -> rows.Position:
    """The position, ready to be changed; a new New York day first keeps the shares of the last."""
    position = world.store.positions.get(f"{account_id}:{symbol}")
    today = market_date(now)
    if position is None:
        position = rows.Position(id=f"{account_id}:{symbol}", account_id=account_id, symbol=symbol, day=today)
        return world.store.add(position)
    world.store.edit(position)
    if position.day != today:
        position.day, position.last_qty = today, position.qty
    return position


def first_look(world: World, order: rows.Order, now: dt.datetime) -> dt.datetime:
    """When an order just accepted is worked: at once while its session is on, else at the next open."""
    if is_session(world, order, now):
        return now + world.clock.wait(ROUTING)
    return trading_calendar.next_open(now).astimezone(dt.UTC)


def is_session(world: World, order: rows.Order, now: dt.datetime) -> bool:
    if world.is_open(now):
        return True
    session = trading_calendar.session_on(market_date(now)) if order.extended_hours else None
    return session is not None and session.pre_open <= now < session.post_close


def step(world: World, order: rows.Order, now: dt.datetime) -> None:
    """An accepted order reaches the venue; a market order fills there."""
    if order.status != "accepted":
        return
    if not is_session(world, order, now):
        order.due_at = first_look(world, order, now)
        return
    _move(world, order, "new", now)
    if not try_fill(world, order, now) and order.time_in_force in ("ioc", "fok"):
        cancel(world, order, now)


def look(world: World, order: rows.Order, now: dt.datetime) -> None:
    """A resting order: fill it if the price is there, end it if its time is up."""
    if order.expires_at is not None and now >= order.expires_at:
        expire(world, order, now)
    elif is_session(world, order, now):
        try_fill(world, order, now)


def try_fill(world: World, order: rows.Order, now: dt.datetime) -> bool:
    """Fill the whole order at the quote, if its limit allows; a buy that is no longer covered is rejected."""
    if world.is_halted(order.symbol):
        return False
    quote = world.prices.quote(order.symbol, now)
    price = quote.ask if order.side == "buy" else quote.bid
    limit = order.limit_price
    if limit is not None and (price > limit if order.side == "buy" else price < limit):
        return False
    qty = order.qty
    if qty is None:
        assert order.notional is not None
        qty = (order.notional / price).quantize(NINE_PLACES, ROUND_DOWN)
    if order.side == "buy":
        money = world.store.ledgers.rows[order.account_id]
        account = world.store.accounts.rows[order.account_id]
        cost = ledger.cents(qty * price)
        if qty <= 0 or (
            cost > order.hold and cost - order.hold > ledger.buying_power(world, account, money, now)
        ):
            reject(world, order, now)
            return True
    else:
        qty = min(qty, order.hold)
        if qty <= 0:
            reject(world, order, now)
            return True
    fill(world, order, qty, price, now)
    return True


def fill(world: World, order: rows.Order, qty: Decimal, price: Decimal, now: dt.datetime) -> None:
    """Book one execution of the whole order: cash, shares, the FILL activity and the event."""
    _release(world, order, now)
    amount = ledger.cents(qty * price)
    settle_on = trading_calendar.settlement_date(market_date(now))
    money = ledger.open_ledger(world, order.account_id, now)
    position = open_position(world, order.account_id, order.symbol, now)
    if order.side == "buy":
        money.cash -= amount
        value = position.qty * position.avg_entry_price + qty * price
        position.qty += qty
        position.avg_entry_price = (
            price if position.qty == qty else (value / position.qty).quantize(NINE_PLACES)
        )
    else:
        money.cash += amount
        money.unsettled = _with_proceeds(money.unsettled, settle_on, amount)
        position.qty -= qty
        position.avg_entry_price = position.avg_entry_price if position.qty else ZERO
    order.filled_qty, order.filled_avg_price, order.filled_at = qty, price, now
    execution_id = str(uuid.uuid4())
    local = now.astimezone(NEW_YORK)
    world.store.add(
        rows.Fill(
            id=f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{execution_id}",
            account_id=order.account_id,
            order_id=order.id,
            at=now,
            price=price,
            qty=qty,
            cum_qty=qty,
            leaves_qty=ZERO,
            settle_on=settle_on,
        )
    )
    _move(
        world,
        order,
        "filled",
        now,
        event="fill",
        execution_id=execution_id,
        price=text_of(price),
        qty=text_of(qty),
        position_qty=text_of(position.qty),
        settle_date=settle_on.isoformat(),
    )


def cancel(world: World, order: rows.Order, now: dt.datetime) -> None:
    _release(world, order, now)
    order.canceled_at = now
    _move(world, order, "canceled", now)


def expire(world: World, order: rows.Order, now: dt.datetime) -> None:
    _release(world, order, now)
    order.expired_at = now
    _move(world, order, "expired", now)


def reject(world: World, order: rows.Order, now: dt.datetime) -> None:
    _release(world, order, now)
    order.failed_at = now
    _move(world, order, "rejected", now, reason="insufficient buying power")


def announce(world: World, order: rows.Order, now: dt.datetime) -> None:
    """The first event of an order."""
    _move(world, order, "accepted", now)


def order_view(world: World, order: rows.Order) -> dict[str, Any]:
    """Every nullable member is there as null."""
    created = instant_text(order.created_at)
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
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": world.asset(order.symbol).id,
        "symbol": order.symbol,
        "asset_class": "us_equity",
        "notional": _decimal(order.notional),
        "qty": _decimal(order.qty),
        "filled_qty": text_of(order.filled_qty),
        "filled_avg_price": _decimal(order.filled_avg_price),
        "order_class": "",
        "order_type": order.type,
        "type": order.type,
        "side": order.side,
        "time_in_force": order.time_in_force,
        "limit_price": _decimal(order.limit_price),
        "stop_price": None,
        "trail_price": None,
        "trail_percent": None,
        "hwm": None,
        "status": order.status,
        "extended_hours": order.extended_hours,
        "legs": None,
        "commission": text_of(order.commission),
        "subtag": order.subtag,
        "source": None,
    }


def _move(
    world: World, order: rows.Order, status: rows.OrderStatus, now: dt.datetime, *, event: str = "",
    execution_id: str = "", **members: str,
) -> None:  # fmt: skip
    world.store.edit(order)
    order.status, order.updated_at, order.due_at = status, now, None
    at = instant_text(now)
    body = {
        "account_id": order.account_id, "at": at, "event": event or status,
        "execution_id": execution_id or str(uuid.uuid4()), "order": order_view(world, order), "timestamp": at,
        **members,
    }  # fmt: skip
    world.store.emit(eventlog.TRADE, now, encode_json(body))


def _release(world: World, order: rows.Order, now: dt.datetime) -> None:
    """Give back what the order had reserved."""
    world.store.edit(order)
    if order.side == "buy":
        ledger.open_ledger(world, order.account_id, now).held -= order.hold
    else:
        open_position(world, order.account_id, order.symbol, now).held -= order.hold
    order.hold = ZERO


def _with_proceeds(
    unsettled: list[tuple[dt.date, Decimal]], day: dt.date, amount: Decimal
) -> list[tuple[dt.date, Decimal]]:
    """A new list: the old one may be what a rollback goes back to."""
    by_day = dict(unsettled)
    by_day[day] = by_day.get(day, ZERO) + amount
    return sorted(by_day.items())


def _instant(at: dt.datetime | None) -> str | None:
    return instant_text(at) if at else None


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else text_of(value)
