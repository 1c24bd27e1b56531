"""Scenarios of trading: fills, halts, dividends, splits."""

from decimal import ROUND_DOWN, Decimal

from sandbox.books import ledger
from sandbox.control.scenarios.catalogue import Act, Field, scenario
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.orders import execution, revisions
from sandbox.orders import states as order_states
from sandbox.orders.execution import NINE_PLACES
from sandbox.orders.options.book import has_contracts_on
from sandbox.state import rows
from sandbox.state.api import invalid, text_of
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO

SYMBOL = Field("symbol", "Symbol", "AAPL")
EXECUTION = Field("execution_id", "Execution id (the newest without)")
ORDER = Field("order_id", "Order id (the newest open one without)")


@scenario("Trading", "Fill", "Fills what is left of an open order, in or out of hours.", ORDER)
def fill(act: Act) -> str:
    order = _open_order(act)
    return _fill(act, order, _left(act, order))


@scenario(
    "Trading", "Partial fill", "Fills a part of an open order and leaves the rest; half without a number.",
    Field("qty", "Shares"), ORDER,
)  # fmt: skip
def partial_fill(act: Act) -> str:
    order = _open_order(act)
    left = _left(act, order)
    half = left // 2 if left >= 2 and left == left.to_integral_value() else left / 2
    qty = act.amount("qty") if act.text("qty") else half.quantize(NINE_PLACES, ROUND_DOWN)
    if qty >= left:
        raise invalid(f"qty must be less than the {text_of(left)} that are left")
    return _fill(act, order, qty)


@scenario("Trading", "Cancel/fill race", "The fill comes while a cancel is under way: the fill wins.", ORDER)
def cancel_fill_race(act: Act) -> str:
    order = _open_order(act)
    qty, status = _left(act, order), order.status
    execution.request_cancel(act.world, order, act.now)
    order.status = "new" if status == "accepted" else status  # to the venue it is open still
    return f"A cancel was under way, but {_fill(act, order, qty)}"


@scenario("Trading", "Change/fill race", "The fill comes while a change is under way: the fill wins.", ORDER)
def change_fill_race(act: Act) -> str:
    order = _open_order(act)
    if order.status not in ("new", "partially_filled"):
        raise invalid(f"an order that is {order.status} cannot be changed")
    qty, status = _left(act, order), order.status
    order_states.move(act.world, order, "pending_replace", act.now)
    order.status = status  # to the venue it is as it was
    return f"A change was under way, but {_fill(act, order, qty)}"


@scenario("Trading", "Trade bust", "The exchange takes an execution back: cash and shares return.", EXECUTION)
def trade_bust(act: Act) -> str:
    fill = _execution(act)
    order = revisions.bust(act.world, fill, act.now)
    return (
        f"{text_of(fill.qty)} {order.symbol} at ${text_of(fill.price)} are taken back; order {order.status}."
    )


@scenario(
    "Trading", "Trade correct", "The exchange changes the price of an execution, or how much it was.",
    Field("price", "USD a share"), Field("qty", "Shares (no more than they were)"), EXECUTION,
)  # fmt: skip
def trade_correct(act: Act) -> str:
    fill = _execution(act)
    price = act.amount("price") if act.text("price") else fill.price
    qty = act.amount("qty") if act.text("qty") else fill.qty
    if (qty, price) == (fill.qty, fill.price):
        raise invalid("price or qty must be another than they were")
    order = revisions.correct(act.world, fill, qty, price, act.now)
    return (
        f"{text_of(fill.qty)} {order.symbol} at ${text_of(fill.price)} became {text_of(qty)} at "
        f"${text_of(price)}; order {order.status}."
    )


@scenario(
    "Trading", "Halt a symbol", "Orders are taken, none is executed; for every account.", SYMBOL,
    of_account=False,
)  # fmt: skip
def halt(act: Act) -> str:
    symbol = act.symbol()
    _keep_halted(act, act.world.halted | {symbol})
    return f"{symbol} is halted."


@scenario("Trading", "Resume a symbol", "Trading goes on after a halt.", SYMBOL, of_account=False)
def resume(act: Act) -> str:
    symbol = act.symbol()
    if not act.world.is_halted(symbol):
        raise invalid(f"{symbol} is not halted")
    _keep_halted(act, act.world.halted - {symbol})
    return f"{symbol} trades again."


@scenario(
    "Corporate actions", "Cash dividend", "Pays the holder of a position, as a DIV; a short seller pays.",
    SYMBOL,
    Field("per_share", "USD a share", "0.25"),
)  # fmt: skip
def dividend(act: Act) -> str:
    position, per_share = _position(act), act.amount("per_share", "0.25")
    amount = ledger.cents(position.qty * per_share)
    ledger.book(
        act.world, act.account.id, "DIV", amount, act.now, sub_type="CDIV",
        description=f"Cash DIV @ {text_of(per_share)}, Pos QTY: {text_of(position.qty)}",
        symbol=position.symbol, qty=position.qty, per_share_amount=per_share,
    )  # fmt: skip
    return f"${text_of(abs(amount))} paid on {text_of(position.qty)} {position.symbol}."


@scenario(
    "Corporate actions", "Split", "New shares for each old one, below 1 for a reverse split; the prices of "
    "the sandbox do not follow.", SYMBOL, Field("ratio", "New shares for one", "2"),
)  # fmt: skip
def split(act: Act) -> str:
    position, ratio = _position(act), act.amount("ratio", "2")
    if not Decimal("0.001") <= ratio <= 1000:
        raise invalid("ratio must be from 0.001 to 1000")
    if has_contracts_on(act.world, act.account.id, position.symbol):
        raise invalid(f"the account has options on {position.symbol}, and no contract is adjusted to a split")
    for order in act.world.store.orders.open_of(act.account.id):
        if order.symbol == position.symbol:
            execution.cancel(act.world, order, act.now)
    former = position.qty
    position = execution.open_position(act.world, act.account.id, position.symbol, act.now)
    position.qty = (former * ratio).quantize(NINE_PLACES, ROUND_DOWN)
    position.last_qty = (position.last_qty * ratio).quantize(NINE_PLACES, ROUND_DOWN)
    position.avg_entry_price = (position.avg_entry_price / ratio).quantize(NINE_PLACES)
    ledger.book(
        act.world, act.account.id, "SPLIT", ZERO, act.now, symbol=position.symbol, qty=position.qty - former,
        description=f"{position.symbol} split, {text_of(ratio)} for 1",
    )  # fmt: skip
    return f"{text_of(former)} {position.symbol} became {text_of(position.qty)}."


def _open_order(act: Act) -> rows.Order:
    """The order chosen, or the account's newest open one. Raises a 422."""
    wanted = act.text("order_id").lower()
    for order in reversed(act.world.store.orders.open_of(act.account.id)):
        if order.status not in FINAL_ORDER_STATUSES and wanted in ("", order.id):
            return order
    raise invalid("the account has no such open order")


def _execution(act: Act) -> rows.Fill:
    """The execution chosen, or the account's newest that stands. Raises a 422."""
    wanted, fills = act.text("execution_id").lower(), act.world.store.fills.of(act.account.id)
    undone = {fill.undoes for fill in fills}
    for fill in reversed(fills):
        if wanted in (fill.id, revisions.execution_id(fill)):
            return fill
        if not wanted and not fill.undoes and fill.id not in undone:
            return fill
    raise invalid("the account has no such execution")


def _left(act: Act, order: rows.Order) -> Decimal:
    """Shares still to fill; of an order by amount, what it buys at the far side of the quote."""
    if order.qty is not None:
        return order.qty - order.filled_qty
    assert order.notional is not None
    quote = act.world.prices.quote(order.symbol, act.now)
    spent = order.filled_qty * (order.filled_avg_price or ZERO)
    price = quote.ask if order.side == "buy" else quote.bid
    return ((order.notional - spent) / price).quantize(NINE_PLACES, ROUND_DOWN)


def _fill(act: Act, order: rows.Order, qty: Decimal) -> str:
    execution.fill_part(act.world, order, qty, act.now)
    return f"{text_of(qty)} {order.symbol} filled, {text_of(order.filled_qty)} in all; order {order.status}."


def _position(act: Act) -> rows.Position:
    symbol = act.symbol()
    if not asset_class_of(symbol).has_corporate_actions:
        raise invalid("coins have no corporate actions")
    position = act.world.store.positions.get(f"{act.account.id}:{symbol}")
    if position is None or not position.qty:
        raise invalid(f"the account holds no {symbol}")
    return position


def _keep_halted(act: Act, symbols: set[str]) -> None:
    act.world.save_setting("halted_symbols", " ".join(sorted(symbols)))
    act.world.halted = symbols
