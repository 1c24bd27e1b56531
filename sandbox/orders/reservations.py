"""What an accepted order reserves, cash or shares, and the refusals where there is not enough."""

import datetime as dt
from decimal import ROUND_UP, Decimal

from sandbox.books import ledger
from sandbox.instruments.crypto_pairs import is_pair
from sandbox.instruments.option_contracts import is_option
from sandbox.orders import short_sales
from sandbox.orders import states as order_states
from sandbox.orders.crypto import books as crypto_books
from sandbox.orders.options import orders as option_orders
from sandbox.orders.triggers import collar
from sandbox.state import rows
from sandbox.state.api import forbidden, text_of, unprocessable
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

NINE_PLACES = Decimal("0.000000001")
LEAST_COST = Decimal(1)


def reserve(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
    """Reserve what an order needs: USD to open a position, shares to close one. Raises a 403 or 422 Refusal.

    A sale closes a long position, and a buy a short one; an order never goes through zero.
    """
    if is_option(order.symbol):
        option_orders.reserve(world, account, order, now)
        return
    if is_pair(order.symbol):
        check = crypto_books.cash_for if order.side == "buy" else crypto_books.coins_for
        order_states.hold(world, order, check(world, account, order, now), now)
        return
    position = world.store.positions.get(f"{account.id}:{order.symbol}")
    existing = position.qty if position else ZERO
    order.short = existing < 0 if order.side == "buy" else existing <= 0
    if not order.reserves_cash:
        assert position is not None
        amount = _shares_for(world, order, position, now)
    elif order.short:
        short_sales.check_may_open(world, account, order, now)
        amount = _cash_for(world, account, order, now)
    else:
        short_sales.check_no_short_sale(world, account, order)
        amount = _cash_for(world, account, order, now)
    order_states.hold(world, order, amount, now)


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


def _cash_for(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> Decimal:
    """USD, 2 dp: what the order may cost at the price the vendor checks."""
    cost = order.notional
    if cost is None:
        assert order.qty is not None
        left = order.qty - order.filled_qty
        cost = (left * _check_price(world, order, now)).quantize(ledger.CENT, ROUND_UP)
    if _is_fractional(order) and cost < LEAST_COST:
        raise forbidden("cost basis must be >= minimal amount of order 1")
    money = world.store.ledgers.rows[account.id]
    power = ledger.buying_power(world, account, money, now)
    if cost > power:
        raise forbidden("insufficient buying power", buying_power=text_of(power), cost_basis=text_of(cost))
    return cost


def _check_price(world: World, order: rows.Order, now: dt.datetime) -> Decimal:
    """The limit price; what a stop may pay; else the ask, or the last trade while the market is closed."""
    if not order.short:
        if order.limit_price is not None:
            return order.limit_price
        if order.stop_price is not None:
            return collar(order.stop_price)
    price = (
        world.prices.quote(order.symbol, now).ask
        if world.is_open(now)
        else world.prices.trade(order.symbol, now)
    )
    return short_sales.opening_price(order, price) if order.short else price


def _shares_for(world: World, order: rows.Order, position: rows.Position, now: dt.datetime) -> Decimal:
    """Shares, 9 dp, of a long position for a sale, of a short one for a buy."""
    qty = order.qty
    if order.short and _is_fractional(order) and position.qty == position.qty.to_integral_value():
        raise unprocessable("fractional orders cannot cover a short position of whole shares")
    if qty is None:
        assert order.notional is not None
        quote = world.prices.quote(order.symbol, now)
        price = order.limit_price or (quote.ask if order.short else quote.bid)
        qty = (order.notional / price).quantize(NINE_PLACES, ROUND_UP)
    if qty > abs(position.qty - position.held):
        raise _not_enough(order, qty, position)
    return qty


def _not_enough(order: rows.Order, qty: Decimal, position: rows.Position) -> Exception:
    available = text_of(abs(position.qty - position.held))
    return forbidden(
        f"insufficient qty available for order (requested: {text_of(qty)}, available: {available})",
        available=available, existing_qty=text_of(position.qty), held_for_orders=text_of(abs(position.held)),
        symbol=order.symbol,
    )  # fmt: skip


def _is_fractional(order: rows.Order) -> bool:
    return order.qty is None or order.qty != order.qty.to_integral_value()
