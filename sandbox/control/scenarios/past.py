"""A scenario that gives a new account a past: as if it had been opened long ago, and used since."""

import datetime as dt
import uuid
from decimal import ROUND_DOWN, Decimal

from sandbox.books import ledger
from sandbox.control.scenarios.catalogue import Act, Field, scenario
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.orders import execution
from sandbox.orders.asset_classes import trading_of
from sandbox.state import rows
from sandbox.state.api import invalid, text_of
from sandbox.state.rows import ZERO
from sandbox.state.world import HAS_PAST

SHARES = {"VOO": Decimal("0.45"), "KO": Decimal("0.25"), "JNJ": Decimal("0.20")}
"""What is bought with each deposit, and for which part of it; the rest stays cash."""
PAYER, PER_SHARE, EVERY = "KO", Decimal("0.51"), 3
"""Whose dividend is paid, USD a share, and after how many months."""
MONTH = dt.timedelta(days=30)
MONTHS_BEFORE_SALE = 2  # before the end
NINE_PLACES = Decimal("0.000000001")
MOST_MONTHS = 60


@scenario(
    "Account", "A past", "Opens a new account months earlier, with deposits, buys, dividends, a sale and a "
    "withdrawal. No stream tells of it.",
    Field("months", "Months", "14"), Field("amount", "USD a month", "600"),
)  # fmt: skip
def past(act: Act) -> str:
    """Everything is booked as of then, at the prices of then. Raises a 422 once anything has happened."""
    store, account = act.world.store, act.account
    months, amount = int(act.amount("months", "14")), ledger.cents(act.amount("amount", "600"))
    if months > MOST_MONTHS:
        raise invalid(f"months must be at most {MOST_MONTHS}")
    if store.fills.of(account.id) or store.entries.of(account.id):
        raise invalid("only an account in which nothing has happened can be given a past")
    store.edit(account).created_at = act.now - months * MONTH - dt.timedelta(days=1)
    act.world.save_setting(HAS_PAST, "yes")
    for month in range(months):
        at = _morning(act.now - (months - month) * MONTH)
        _enter(act, "CSD", amount, at)
        for symbol, part in SHARES.items():
            price = act.world.prices.trade(symbol, at)
            qty = (amount * part / price).quantize(NINE_PLACES, ROUND_DOWN)
            _trade(act, symbol, "buy", qty, price, at)
        _later(act, month, months, amount, at)
    return f"{months} months of ${text_of(amount)} each, invested."


def _morning(at: dt.datetime) -> dt.datetime:
    """An hour into the session of a day, or of the next one that has one."""
    day = market_date(at)
    session = trading_calendar.session_on(day) or trading_calendar.next_session(day)
    return dt.datetime.combine(session.date, dt.time(10, 30), NEW_YORK).astimezone(dt.UTC)


def _later(act: Act, month: int, months: int, amount: Decimal, at: dt.datetime) -> None:
    """What comes days after the month's deposit: a dividend, and near the end a sale and a withdrawal."""
    if month % EVERY == EVERY - 1:
        held = act.world.store.positions.rows[f"{act.account.id}:{PAYER}"].qty
        paid_at = _morning(at + dt.timedelta(days=6))
        _enter(
            act, "DIV", ledger.cents(held * PER_SHARE), paid_at, activity_sub_type="CDIV", symbol=PAYER,
            description=f"Cash DIV @ {text_of(PER_SHARE)}, Pos QTY: {text_of(held)}", qty=held,
            per_share_amount=PER_SHARE,
        )  # fmt: skip
    if month == months - MONTHS_BEFORE_SALE:
        sold_at = _morning(at + dt.timedelta(days=12))
        held = act.world.store.positions.rows[f"{act.account.id}:VOO"].qty
        price = act.world.prices.trade("VOO", sold_at)
        _trade(act, "VOO", "sell", (held / 2).quantize(NINE_PLACES, ROUND_DOWN), price, sold_at)
        _enter(act, "CSW", -amount, _morning(at + dt.timedelta(days=16)))


def _enter(act: Act, kind: str, amount: Decimal, at: dt.datetime, **members: object) -> None:
    """An activity and its cash; without the event, which would be told after younger ones."""
    day = market_date(at)
    ledger.open_ledger(act.world, act.account.id, at).cash += amount
    act.world.store.add(
        rows.Entry(
            id=f"{day:%Y%m%d}000000000::{uuid.uuid4()}", account_id=act.account.id, activity_type=kind, at=at,
            date=day, net_amount=amount, **members,  # type: ignore[arg-type]
        )
    )  # fmt: skip


def _trade(act: Act, symbol: str, side: rows.Side, qty: Decimal, price: Decimal, at: dt.datetime) -> None:
    """A market order that was filled as a whole."""
    world, account_id, local = act.world, act.account.id, at.astimezone(NEW_YORK)
    order = world.store.add(
        rows.Order(
            id=str(uuid.uuid4()), account_id=account_id, client_order_id=str(uuid.uuid4()), symbol=symbol,
            side=side, type="market", time_in_force="day", status="filled", created_at=at, updated_at=at,
            qty=qty, filled_qty=qty, filled_avg_price=price, filled_at=at,
        )
    )  # fmt: skip
    world.store.add(
        rows.Fill(
            id=f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{uuid.uuid4()}", account_id=account_id,
            order_id=order.id, at=at, price=price, qty=qty, cum_qty=qty, leaves_qty=ZERO,
            settle_on=trading_calendar.settlement_date(market_date(at)),
        )
    )  # fmt: skip
    cash, is_buy = ledger.amount(symbol, qty, price), side == "buy"
    ledger.open_ledger(world, account_id, at).cash += -cash if is_buy else cash
    position = execution.open_position(world, account_id, symbol, at)
    trading_of(symbol).add(world, position, qty if is_buy else -qty, price, at)
