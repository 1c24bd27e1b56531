"""Taking an order on: the checks that depend on the account and the market, its expiry, its reservation."""

import datetime as dt
import uuid
from decimal import Decimal

from sandbox.books.configurations import check_order
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.orders import classes as order_classes
from sandbox.orders import execution, short_sales
from sandbox.orders.asset_classes import trading_of
from sandbox.orders.prices import Prices
from sandbox.orders.rules import check_asset
from sandbox.orders.tickets import Ticket
from sandbox.orders.triggers import stop_behind
from sandbox.orders.wash_trades import check_wash_trade
from sandbox.state import rows
from sandbox.state.api import forbidden, text_of, unprocessable
from sandbox.state.rows import ZERO
from sandbox.state.world import World

MAY_TRADE = frozenset(("ACTIVE", "ACCOUNT_UPDATED"))
GTC_DAYS = dt.timedelta(days=90)
OPENING_CUTOFF, CLOSING_CUTOFF, EVENING = dt.time(9, 28), dt.time(15, 50), dt.time(19, 0)  # New York
CENT = Decimal("0.01")


def place(world: World, account: rows.Account, ticket: Ticket, now: dt.datetime) -> rows.Order:
    """Check what depends on the account, reserve, and accept. Raises a 403 or 422 Refusal."""
    check_may_trade(account)
    trading = trading_of(ticket.asset.symbol)
    trading.check_account(account)
    closes = ticket.side == "sell" or short_sales.is_short(world, account, ticket.asset.symbol)
    is_fractional = ticket.is_fractional and trading.has_fractional_setting
    check_order(account, is_fractional=is_fractional and not closes)
    check_asset(ticket.asset, "sell" if closes else "buy")
    if world.store.orders.by_client_id(account.id, ticket.client_order_id) is not None:
        raise unprocessable("client_order_id must be unique")
    order = _new_order(ticket, account, expiry(world, ticket.time_in_force, ticket.extended_hours, now), now)
    _check_stop(world, order, now)
    if ticket.order_class:
        _check_group(world, order, ticket.prices, now)
    check_wash_trade(world, order)
    # Reserved before it is kept: closing all positions goes on after one refusal.
    trading.reserve(world, account, order, now)
    world.store.add(order)
    if ticket.order_class:
        order_classes.add_legs(world, order, ticket.prices, now)
    execution.announce(world, order, now)
    order.due_at = execution.first_look(world, order, now)
    return order


def check_may_trade(account: rows.Account) -> None:
    if account.status not in MAY_TRADE or account.trading_blocked:
        raise forbidden("account not authorized to trade")
    check_order(account)


def expiry(world: World, time_in_force: str, extended_hours: bool, now: dt.datetime) -> dt.datetime:
    """When an order ends by itself, or its auction is. Raises a 422 when it is too late for the auction."""
    if time_in_force == "gtc":
        last_day = market_date(now + GTC_DAYS)
        return dt.datetime.combine(last_day, dt.time(16), NEW_YORK).astimezone(dt.UTC)
    if time_in_force in execution.AUCTIONS and not world.always_open:
        return _auction_at(time_in_force, now)
    close = trading_calendar.next_close(now)
    if extended_hours:
        today = trading_calendar.session_on(market_date(now))
        session = (
            today if today and now < today.post_close else trading_calendar.next_session(market_date(now))
        )
        close = session.post_close
    return close.astimezone(dt.UTC)


def check_stop_price(world: World, order: rows.Order, now: dt.datetime) -> None:
    """Raises a 422 when the last trade is beyond the stop price already."""
    trade, stop = world.prices.trade(order.symbol, now), order.stop_price
    assert stop is not None
    if stop <= trade if order.side == "buy" else stop >= trade:
        words = "greater" if order.side == "buy" else "less"
        raise unprocessable(
            f"stop price must be {words} than current price",
            market_price=text_of(trade), stop_price=text_of(stop),
        )  # fmt: skip


def _new_order(
    ticket: Ticket, account: rows.Account, expires_at: dt.datetime, now: dt.datetime
) -> rows.Order:
    prices = ticket.prices
    return rows.Order(
        id=str(uuid.uuid4()), account_id=account.id, client_order_id=ticket.client_order_id,
        symbol=ticket.asset.symbol, side=ticket.side, type=ticket.type,  # type: ignore[arg-type]
        time_in_force=ticket.time_in_force,  # type: ignore[arg-type]
        status="accepted", created_at=now, updated_at=now, qty=ticket.qty, notional=ticket.notional,
        limit_price=prices.limit_price, stop_price=prices.stop_price, trail_price=prices.trail_price,
        trail_percent=prices.trail_percent, extended_hours=ticket.extended_hours, expires_at=expires_at,
        commission=ticket.commission, commission_type=ticket.commission_type, subtag=ticket.subtag,
        order_class=ticket.order_class, position_intent=ticket.position_intent,
    )  # fmt: skip


def _check_stop(world: World, order: rows.Order, now: dt.datetime) -> None:
    if order.type == "trailing_stop":
        order.hwm = world.prices.trade(order.symbol, now)
        order.stop_price = stop_behind(order.hwm, order.side, order.trail_price, order.trail_percent)
        if order.stop_price <= 0:
            raise unprocessable("trail_price must be less than current price")
    elif order.stop_price is not None:
        check_stop_price(world, order, now)


def _check_group(world: World, order: rows.Order, prices: Prices, now: dt.datetime) -> None:
    """Entries open or add to a position, an oco closes one; the exits lie on either side of their base."""
    position = world.store.positions.get(f"{order.account_id}:{order.symbol}")
    qty = position.qty if position is not None else ZERO
    is_exit = order.order_class == "oco"
    if qty > 0 if order.side == "sell" else qty < 0:
        if not is_exit:
            raise unprocessable(f"{order.order_class} orders must be entry orders")
    elif is_exit:
        raise unprocessable("oco orders must be exit orders")
    base = world.prices.trade(order.symbol, now)
    if not is_exit and order.limit_price is not None:
        base = order.limit_price
    _check_exits(prices, base, is_short=is_exit == (order.side == "buy"))


def _check_exits(prices: Prices, base: Decimal, *, is_short: bool) -> None:
    """The profit of a long position is above the base price and its stop below; of a short one mirrored."""
    sign = -1 if is_short else 1
    above, below = (("<=", "- 0.01"), (">=", "+ 0.01")) if is_short else ((">=", "+ 0.01"), ("<=", "- 0.01"))
    if prices.take_profit is not None and (prices.take_profit - base) * sign < CENT:
        raise unprocessable(
            f"take_profit.limit_price must be {above[0]} base_price {above[1]}", base_price=text_of(base)
        )
    if prices.stop_loss is None:
        return
    stop, limit = prices.stop_loss
    if (base - stop) * sign < CENT:
        raise unprocessable(
            f"stop_loss.stop_price must be {below[0]} base_price {below[1]}", base_price=text_of(base)
        )
    if limit is not None and (stop - limit) * sign < 0:
        raise unprocessable(f"stop_loss.limit_price must be {below[0]} stop_loss.stop_price")


def _auction_at(time_in_force: str, now: dt.datetime) -> dt.datetime:
    """The next open or close. Orders are not taken from shortly before it until the evening."""
    local = now.astimezone(NEW_YORK)
    session = trading_calendar.session_on(local.date())
    cutoff = OPENING_CUTOFF if time_in_force == "opg" else CLOSING_CUTOFF
    if session is not None and cutoff <= local.time() < EVENING:
        raise unprocessable(f"{time_in_force} orders are not accepted between {cutoff:%H:%M} and 19:00 ET")
    at = trading_calendar.next_open(now) if time_in_force == "opg" else trading_calendar.next_close(now)
    return at.astimezone(dt.UTC)
