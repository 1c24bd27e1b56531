"""Taking on an order in an option contract: its time, its intent, the level it needs, what it reserves."""

import datetime as dt
from decimal import ROUND_UP, Decimal

from sandbox.books import ledger
from sandbox.books.configurations import options_level
from sandbox.instruments.option_contracts import MULTIPLIER, known
from sandbox.orders import states as order_states
from sandbox.orders.options import book as option_book
from sandbox.orders.options.rules import OPENING
from sandbox.state import rows
from sandbox.state.api import forbidden, text_of, unprocessable
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

LEAST_LEVEL = {"sell_to_open": 1, "buy_to_open": 2}


def check_time(world: World, order: rows.Order, now: dt.datetime) -> None:
    """Contracts that have not expired, market orders while the market is open. Raises a 422."""
    contract = known(order.symbol)
    if now >= contract.expires_at:
        raise unprocessable(f'contract "{order.symbol}" is expired')
    if order.type == "market" and not world.is_open(now):
        raise unprocessable("options market orders are only allowed during market hours")
    if order.expires_at is None or order.expires_at > contract.expires_at:
        order.expires_at = contract.expires_at


def reserve(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
    """Set the order's intent and reserve what it needs. Raises a 403 or 422 Refusal.

    A buy reserves USD; a sale the contracts it closes, or the collateral of those it writes.
    """
    check_time(world, order, now)
    position = world.store.positions.get(f"{account.id}:{order.symbol}")
    existing = position.qty if position else ZERO
    _set_intent(order, existing)
    if order.limit_price is not None and order.limit_price != round(order.limit_price, 2):
        price = text_of(order.limit_price)
        raise unprocessable(
            f"invalid limit_price {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )
    if order.position_intent in OPENING:
        _check_may_open(world, account, order, now)
    assert order.qty is not None
    qty = order.qty - order.filled_qty
    if order.position_intent == "sell_to_open":
        amount = _collateral(world, account, order, qty, now)
    elif order.position_intent == "sell_to_close":
        assert position is not None
        amount = _closable(order, qty, existing, position.held)
    else:
        if order.position_intent == "buy_to_close":
            _closable(order, qty, -existing, _being_bought_back(world, order))
        amount = _cost(world, order, qty, now)
    order_states.hold(world, order, amount, now)


def _set_intent(order: rows.Order, existing: Decimal) -> None:
    if order.side == "buy":
        inferred = "buy_to_close" if existing < 0 else "buy_to_open"
    else:
        inferred = "sell_to_close" if existing > 0 else "sell_to_open"
    if order.position_intent not in ("", inferred):
        raise unprocessable(
            f"position intent mismatch, inferred: {inferred}, specified: {order.position_intent}"
        )
    order.position_intent = inferred


def _check_may_open(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
    level, least = options_level(account), LEAST_LEVEL[order.position_intent]
    if level == 0:
        raise forbidden("account not authorized to trade options")
    if level < least:
        raise forbidden(f"account not eligible for level{least} options trading")
    if now >= known(order.symbol).opens_until():
        raise unprocessable(f'contract "{order.symbol}" expires soon, unable to open new positions')
    # Both together would leave one of them with an intent that is no longer true.
    if any(other.side != order.side and other.position_intent in OPENING for other in _others(world, order)):
        raise forbidden("cannot open a position while an order that opens the opposite one is open")


def _collateral(
    world: World, account: rows.Account, order: rows.Order, qty: Decimal, now: dt.datetime
) -> Decimal:
    """Shares of a covered call, USD of a cash-secured put."""
    contract = known(order.symbol)
    required = contract.collateral(qty)
    if contract.kind == "put":
        check_cash(world, account, required, now)
        return required
    available = option_book.free_shares(world, account.id, contract)
    if required > available:
        raise forbidden(
            "insufficient underlying qty available for covered call "
            f"(required: {text_of(required)}, available: {text_of(available)})"
        )
    return required


def _closable(order: rows.Order, qty: Decimal, existing: Decimal, held: Decimal) -> Decimal:
    available = text_of(existing - held)
    if qty > existing - held:
        raise forbidden(
            f"insufficient qty available for order (requested: {text_of(qty)}, available: {available})",
            available=available, existing_qty=text_of(existing), held_for_orders=text_of(held),
            symbol=order.symbol,
        )  # fmt: skip
    return qty


def _being_bought_back(world: World, order: rows.Order) -> Decimal:
    """Written contracts that other open orders are to close."""
    return sum(
        (order_states.leaves(other) or ZERO for other in _others(world, order) if other.side == "buy"), ZERO
    )


def _cost(world: World, order: rows.Order, qty: Decimal, now: dt.datetime) -> Decimal:
    """USD, 2 dp: the premium at the limit, or at the ask."""
    price = order.limit_price or world.prices.quote(order.symbol, now).ask
    cost = (qty * MULTIPLIER * price).quantize(ledger.CENT, ROUND_UP)
    _check_amount(cost, option_book.spendable(world, order, now))
    return cost


def check_cash(world: World, account: rows.Account, required: Decimal, now: dt.datetime) -> None:
    """Raises a 403 when options may not cost so much, in USD."""
    money = world.store.ledgers.rows[account.id]
    _check_amount(required, ledger.non_marginable_power(world, money, now))


def _check_amount(required: Decimal, available: Decimal) -> None:
    if required > available:
        raise forbidden(
            "insufficient options buying power "
            f"(required: {text_of(required)}, available: {text_of(available)})"
        )


def _others(world: World, order: rows.Order) -> list[rows.Order]:
    return [
        other
        for other in world.store.orders.open_of(order.account_id)
        if other.symbol == order.symbol and other.id != order.id and other.status not in FINAL_ORDER_STATUSES
    ]
