"""What becomes of an accepted order: when it is worked, at what price it fills, how it ends.

A fill happens at the far side of the quote: buys at the ask, sells at the bid; opg and cls orders at the
price of the auction. Cash is booked to the cent (half up), so the sum of an account's activities is its cash
to the cent.
"""

import datetime as dt
import uuid
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from sandbox.books import ledger
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.orders import classes as order_classes
from sandbox.orders import states as order_states
from sandbox.orders.asset_classes import trading_of
from sandbox.orders.crossings import UNSEEN, past_price
from sandbox.orders.states import open_position as open_position  # noqa: PLC0414 - for the other books
from sandbox.orders.triggers import is_triggered, limit_of
from sandbox.state import rows
from sandbox.state.api import invalid, text_of, unprocessable
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

# Seconds at speed 1 between accepting an order and working it.
ROUTING = 0.2
NINE_PLACES = Decimal("0.000000001")
AUCTIONS = ("opg", "cls")


def first_look(world: World, order: rows.Order, now: dt.datetime) -> dt.datetime:
    """When an order just accepted is worked: at once while its session is on, else when it begins."""
    if order.time_in_force in AUCTIONS and not world.always_open and order.expires_at is not None:
        return order.expires_at
    if is_session(world, order, now):
        return now + world.clock.wait(ROUTING)
    begin = trading_calendar.next_open(now)
    if order.extended_hours:
        today = trading_calendar.session_on(market_date(now))
        session = today if today and now < today.pre_open else trading_calendar.next_session(market_date(now))
        begin = session.pre_open
    return begin.astimezone(dt.UTC)


def is_session(world: World, order: rows.Order, now: dt.datetime) -> bool:
    """Whether an order can trade now, its price aside. Coins trade always."""
    if world.is_open(now) or asset_class_of(order.symbol).trades_always:
        return True
    session = trading_calendar.session_on(market_date(now)) if order.extended_hours else None
    return session is not None and session.pre_open <= now < session.post_close


def step(world: World, order: rows.Order, now: dt.datetime) -> None:
    """An accepted order reaches the venue; a market order fills there."""
    if order.status != "accepted":
        return
    if order.time_in_force in AUCTIONS:
        _auction(world, order, now)
        return
    is_over = order.expires_at is not None and now >= order.expires_at
    if not is_over and not is_session(world, order, now):
        order.due_at = first_look(world, order, now)
        return
    _begin(world, order, now)
    if now - order.created_at >= UNSEEN:
        since = first_look(world, order, order.created_at)
        if _fill_unseen(world, order, since, now):
            return
    if is_over:
        expire(world, order, now)
    elif not try_fill(world, order, now) and order.time_in_force in ("ioc", "fok"):
        cancel(world, order, now)


def look(world: World, order: rows.Order, now: dt.datetime) -> None:
    """A resting order: fill it if the price is there, end it if its time is up."""
    if order.status in FINAL_ORDER_STATUSES:
        return
    since = max(world.worked_at, order.updated_at)
    if now - since >= UNSEEN and _fill_unseen(world, order, since, now):
        return
    if order.expires_at is not None and now >= order.expires_at:
        expire(world, order, now)
    elif is_session(world, order, now):
        try_fill(world, order, now)


def try_fill(world: World, order: rows.Order, now: dt.datetime) -> bool:
    """Fill all that is left at the quote, if trigger and limit allow. True when that ended the order."""
    if world.is_halted(order.symbol) or not is_triggered(world, order, now):
        return False
    quote = world.prices.quote(order.symbol, now)
    return _fill_at(world, order, quote.ask if order.side == "buy" else quote.bid, now)


def fill_part(world: World, order: rows.Order, qty: Decimal, now: dt.datetime) -> None:
    """Execute ``qty`` shares of an open order now, whatever the quote, halt or hour: only control does.

    The price is the far side of the quote, or the order's limit where the quote is worse. Raises a 422.
    """
    if order.status not in ("accepted", "new", "partially_filled"):
        raise unprocessable(f'order is already in "{order.status}" state')
    quote = world.prices.quote(order.symbol, now)
    price, limit = (quote.ask if order.side == "buy" else quote.bid), limit_of(order)
    if limit is not None:
        price = min(price, limit) if order.side == "buy" else max(price, limit)
    order_classes.claim(world, order)
    left = _shares(order, price)
    if not 0 < qty <= left or qty != round(qty, asset_class_of(order.symbol).decimals):
        raise invalid(f"qty must be > 0 and <= {text_of(left)}")
    if order.status == "accepted":
        _begin(world, order, now)
    cost = ledger.amount(order.symbol, qty, price) + _hold_for(order, qty, left - qty)
    if order.reserves_cash and not _is_covered(world, order, cost, now):
        raise unprocessable("insufficient buying power")
    fill(world, order, qty, price, now, leaves=left - qty)


def fill(
    world: World, order: rows.Order, qty: Decimal, price: Decimal, now: dt.datetime, *, leaves: Decimal = ZERO
) -> None:
    """Book one execution: cash, shares, the FILL activity and the event; ``leaves`` shares stay open."""
    order_states.hold(world, order, _hold_for(order, qty, leaves), now)
    trading = trading_of(order.symbol)
    settle_on = trading.settles_on(market_date(now))
    position = _book(world, order, qty, price, settle_on, now)
    world.store.edit(order)
    before = order.filled_qty
    order.filled_qty = before + qty
    order.filled_avg_price = price
    if before:
        order.filled_avg_price = _average(world, order, qty * price)
    order.filled_at = now
    execution_id = str(uuid.uuid4())
    local = now.astimezone(NEW_YORK)
    world.store.add(
        rows.Fill(
            id=f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{execution_id}",
            account_id=order.account_id, order_id=order.id, at=now, price=price, qty=qty,
            cum_qty=order.filled_qty, leaves_qty=leaves, settle_on=settle_on, partial=bool(leaves),
        )
    )  # fmt: skip
    trading.charge_fee(world, order, position, qty, price, now)
    order_states.move(
        world, order, "partially_filled" if leaves else "filled", now,
        event="partial_fill" if leaves else "fill", execution_id=execution_id, price=text_of(price),
        qty=text_of(qty), position_qty=text_of(position.qty), settle_date=settle_on.isoformat(),
    )  # fmt: skip
    order_classes.after_fill(world, order, qty, now)


def cancel(world: World, order: rows.Order, now: dt.datetime) -> None:
    """With its group. Nothing happens to an order that has ended, as the rest of a group has by then."""
    if order.status in FINAL_ORDER_STATUSES:
        return
    order_states.end(world, order, "canceled", now)
    order_classes.after_end(world, order, now)


def expire(world: World, order: rows.Order, now: dt.datetime) -> None:
    order_states.end(world, order, "expired", now)
    order_classes.after_end(world, order, now)


def reject(world: World, order: rows.Order, now: dt.datetime) -> None:
    """Not covered any more: rejected, or canceled when a part has already traded."""
    status: rows.OrderStatus = "canceled" if order.filled_qty else "rejected"
    order_states.end(world, order, status, now, reason="insufficient buying power")
    order_classes.after_end(world, order, now)


def request_cancel(world: World, order: rows.Order, now: dt.datetime) -> None:
    """A cancel is on its way to the venue; a fill may still come first."""
    order_states.move(world, order, "pending_cancel", now)


def announce(world: World, order: rows.Order, now: dt.datetime) -> None:
    """The first event of an order."""
    order_states.move(world, order, "accepted", now)


def _begin(world: World, order: rows.Order, now: dt.datetime) -> None:
    order_states.move(world, order, "new", now)
    if order.order_class == "oco":
        order_classes.release_legs(world, order, now)


def _fill_unseen(world: World, order: rows.Order, since: dt.datetime, now: dt.datetime) -> bool:
    """Fill at a price of the time that the clock skipped. True when that ended the order."""
    if world.is_halted(order.symbol):
        return False
    price = past_price(world, order, since, min(now, order.expires_at or now))
    return price is not None and _fill_at(world, order, price, now)


def _auction(world: World, order: rows.Order, now: dt.datetime) -> None:
    """An opg or cls order trades once, at the price of its auction, or not at all."""
    at = now if world.always_open or order.expires_at is None else order.expires_at
    order_states.move(world, order, "new", now)
    price = world.prices.trade(order.symbol, at)
    if world.is_halted(order.symbol) or not _fill_at(world, order, price, now):
        cancel(world, order, now)


def _fill_at(world: World, order: rows.Order, price: Decimal, now: dt.datetime) -> bool:
    limit = limit_of(order)
    if limit is not None and (price > limit if order.side == "buy" else price < limit):
        return False
    if order.order_class:
        order_classes.claim(world, order)
    qty = _shares(order, price)
    covered = not order.reserves_cash or _is_covered(
        world, order, ledger.amount(order.symbol, qty, price), now
    )
    if qty <= 0 or not covered:
        reject(world, order, now)
    else:
        fill(world, order, qty, price, now)
    return True


def _shares(order: rows.Order, price: Decimal) -> Decimal:
    """What is left to trade at a price; 9 dp."""
    left = order_states.leaves(order)
    if left is None:
        assert order.notional is not None
        amount = order.notional - order.filled_qty * (order.filled_avg_price or ZERO)
        left = (amount / price).quantize(NINE_PLACES, ROUND_DOWN)
    return left if order.reserves_cash else min(left, order.hold)


def _is_covered(world: World, order: rows.Order, cost: Decimal, now: dt.datetime) -> bool:
    return cost <= order.hold or cost - order.hold <= trading_of(order.symbol).spendable(world, order, now)


def _hold_for(order: rows.Order, qty: Decimal, leaves: Decimal) -> Decimal:
    """What stays reserved after an execution: USD in proportion, or the other shares."""
    if not leaves:
        return ZERO
    if not (order.reserves_cash or order.writes):
        return order.hold - qty
    return (order.hold * leaves / (leaves + qty)).quantize(ledger.CENT, ROUND_UP)


def _book(
    world: World, order: rows.Order, qty: Decimal, price: Decimal, settle_on: dt.date, now: dt.datetime
) -> rows.Position:
    """Cash against shares."""
    amount = ledger.amount(order.symbol, qty, price)
    money = ledger.open_ledger(world, order.account_id, now)
    position = open_position(world, order.account_id, order.symbol, now)
    proceeds = amount if order.side == "sell" else ZERO
    if order.short:
        # What a short sale brings stands behind it and never settles; covering it sets the gain free.
        gain = ledger.cents(qty * (position.avg_entry_price - price)) if order.side == "buy" else ZERO
        proceeds = max(gain, ZERO)
    if proceeds:
        money.unsettled = ledger.with_proceeds(money.unsettled, settle_on, proceeds)
    is_buy = order.side == "buy"
    money.cash += -amount if is_buy else amount
    trading_of(order.symbol).add(world, position, qty if is_buy else -qty, price, now)
    return position


def _average(world: World, order: rows.Order, value: Decimal) -> Decimal:
    """The average price with one more execution worth ``value``; exact over the order's executions, 9 dp."""
    fills = world.store.fills.of(order.account_id)
    value += sum((fill.qty * fill.price for fill in fills if fill.order_id == order.id), ZERO)
    return (value / order.filled_qty).quantize(NINE_PLACES)
