"""Exercising an option position before it expires, and saying that it shall not be exercised when it does."""

from decimal import Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.instruments.option_contracts import MULTIPLIER, known, parse, symbol_of_id
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import market_date
from sandbox.orders.options import book as option_book
from sandbox.orders.options.orders import check_cash
from sandbox.orders.placement import check_may_trade
from sandbox.orders.positions import POSITIONS
from sandbox.state import rows
from sandbox.state.api import (
    UUID,
    Call,
    Refusal,
    decimal_of,
    endpoint,
    forbidden,
    invalid,
    not_found,
    text_of,
    unprocessable,
)  # fmt: skip
from sandbox.state.rows import ZERO

POSITION = POSITIONS + "/{symbol_or_contract_id}"


@endpoint("POST", POSITION + "/exercise")
def exercise_position(call: Call) -> dict[str, str]:
    """Contracts become shares at once: all that no order holds, or ``qty``. ``commission`` in USD."""
    account = call.account()
    check_may_trade(account)
    body = call.json_object() if call.body.strip() else {}
    position = _position(call, "cannot exercise short position")
    _check_hour(call)
    qty, commission = _qty(body, position), _commission(body)
    _check_means(call, account, position, qty, commission)
    option_book.exercise(call.world, position, qty, call.now)
    if commission:
        words = "Commission for option exercise"
        ledger.book(call.world, account.id, "FEE", -commission, call.now, description=words)
    return {"qty_exercised": text_of(qty), "qty_remaining": text_of(position.qty)}


@endpoint("POST", POSITION + "/do-not-exercise")
def do_not_exercise(call: Call) -> dict[str, str]:
    """The whole position lapses at its expiry, whatever it is worth. Answered by an empty object."""
    check_may_trade(call.account())
    position = _position(call, "cannot submit DNE for short position")
    _check_hour(call)
    call.world.store.edit(position).do_not_exercise = True
    return {}


def _position(call: Call, words_for_short: str) -> rows.Position:
    """The position of the path. Raises a 422 for no contract, a 404 or 403 where none is held."""
    wanted = call.params["symbol_or_contract_id"]
    symbol = symbol_of_id(wanted) if UUID.fullmatch(wanted) else wanted.upper()
    if parse(symbol) is None:
        raise unprocessable("invalid symbol_or_contract_id")
    position = call.world.store.positions.get(f"{call.account().id}:{symbol}")
    if position is None or not position.qty:
        raise not_found(f"long position not found: {symbol}")
    if position.qty < 0:
        raise Refusal(403, 40310001, words_for_short)
    return position


def _check_hour(call: Call) -> None:
    """Nothing is taken between the close and midnight: it would not be clear when it counts."""
    session = None if call.world.always_open else trading_calendar.session_on(market_date(call.now))
    if session is not None and call.now >= session.close:
        raise unprocessable("exercise instructions are not accepted between market close and midnight")


def _qty(body: dict[str, Any], position: rows.Position) -> Decimal:
    available = position.qty - position.held
    if available <= 0:
        raise forbidden("no qty available to exercise")
    if body.get("qty") in (None, ""):
        return available
    qty = decimal_of(body["qty"], "qty")
    if qty <= 0 or qty != qty.to_integral_value():
        raise invalid("qty must be a whole number > 0")
    if qty > available:
        raise forbidden("no available position for the specified contract")
    return qty


def _commission(body: dict[str, Any]) -> Decimal:
    given = decimal_of(body["commission"], "commission") if body.get("commission") else ZERO
    if given < 0 or given != round(given, 2):
        raise invalid("commission must be >= 0 with 2 decimal places at most")
    return given


def _check_means(
    call: Call, account: rows.Account, position: rows.Position, qty: Decimal, commission: Decimal
) -> None:
    """The cash for the shares of calls, the shares for puts, the cash for the commission. Raises a 403."""
    contract = known(position.symbol)
    if contract.kind == "call":
        check_cash(call.world, account, option_book.cost(contract, qty) + commission, call.now)
        return
    available = option_book.free_shares(call.world, account.id, contract)
    if qty * MULTIPLIER > available:
        raise forbidden(
            "insufficient underlying qty available to exercise "
            f"(required: {text_of(qty * MULTIPLIER)}, available: {text_of(available)})"
        )
    check_cash(call.world, account, commission, call.now)
