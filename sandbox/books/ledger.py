"""Money of an account: booking, what is reserved, what may be spent or withdrawn. USD, Decimal."""

import datetime as dt
import uuid
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.books import crypto_worth
from sandbox.books.configurations import configuration_of
from sandbox.books.holdings import Holdings, worth
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel import eventlog
from sandbox.kernel.clock import market_date
from sandbox.state import rows
from sandbox.state.api import encode_json, instant_text, text_of
from sandbox.state.rows import ZERO
from sandbox.state.world import World

CENT = Decimal("0.01")
MARGIN_EQUITY = Decimal(2000)  # least equity for a multiplier of 2


def cents(amount: Decimal) -> Decimal:
    """To 2 dp, half up: how executions are booked."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def amount(symbol: str, qty: Decimal, price: Decimal) -> Decimal:
    """USD, 2 dp, of shares at a price, or of contracts at a price a share."""
    return cents(qty * price * asset_class_of(symbol).multiplier)


def open_ledger(world: World, account_id: str, now: dt.datetime) -> rows.Ledger:
    """The ledger, ready to be changed: a new New York day first keeps the closing cash of the last."""
    money = world.store.edit(world.store.ledgers.rows[account_id])
    today = market_date(now)
    if money.day != today:
        if money.day is not None:
            money.last_cash = money.cash
        money.day = today
        money.unsettled = [(day, amount) for day, amount in money.unsettled if day > today]
    return money


def book(
    world: World, account_id: str, activity_type: str, amount: Decimal, now: dt.datetime, *,
    description: str = "", sub_type: str = "", transfer_id: str | None = None, journal_id: str | None = None,
    symbol: str = "", qty: Decimal | None = None, price: Decimal | None = None,
    per_share_amount: Decimal | None = None,
) -> rows.Entry:  # fmt: skip
    """Add ``amount`` (signed) to the cash and record the activity that says so, with its event."""
    money = open_ledger(world, account_id, now)
    money.cash += amount
    day = market_date(now)
    entry = world.store.add(
        rows.Entry(
            id=f"{day:%Y%m%d}000000000::{uuid.uuid4()}",
            account_id=money.id,
            activity_type=activity_type,
            at=now,
            date=day,
            net_amount=amount,
            description=description,
            activity_sub_type=sub_type,
            transfer_id=transfer_id,
            journal_id=journal_id,
            symbol=symbol,
            qty=qty,
            price=price,
            per_share_amount=per_share_amount,
        )
    )
    world.store.emit(eventlog.ACTIVITY, now, encode_json(_entry_event(entry)))
    return entry


def unsettled(money: rows.Ledger, now: dt.datetime) -> Decimal:
    """Proceeds of closed positions that have not settled on this New York date."""
    today = market_date(now)
    return sum((amount for day, amount in money.unsettled if day > today), ZERO)


def free_cash(world: World, money: rows.Ledger, now: dt.datetime) -> Decimal:
    """Cash that is not reserved and does not stand behind a short position; may be negative."""
    free = money.cash - money.held - money.pending_out
    if not world.store.accounts.rows[money.id].margin:
        return free
    return free - _holdings(world, money.id, now).locked


def non_marginable_power(world: World, money: rows.Ledger, now: dt.datetime) -> Decimal:
    """What one more order in options or coins may cost: cash only, margin or not; never negative."""
    return max(free_cash(world, money, now), ZERO)


def withdrawable(world: World, money: rows.Ledger, now: dt.datetime) -> Decimal:
    """Settled cash that nothing else has a claim on; never negative."""
    return max(free_cash(world, money, now) - money.memoposts - unsettled(money, now), ZERO)


def last_cash(money: rows.Ledger, now: dt.datetime) -> Decimal:
    """Cash when this New York date began."""
    return money.last_cash if money.day in (None, market_date(now)) else money.cash


def last_equity(world: World, account_id: str, now: dt.datetime) -> tuple[Decimal, Holdings]:
    """Cash and positions as this New York date began, at the previous close, and the positions; 2 dp."""
    today, close = market_date(now), world.prices.previous_close
    began = (
        (position.last_qty if position.day == today else position.qty, position)
        for position in world.store.positions.of(account_id)
    )
    holdings = worth(
        (position.symbol, qty, close(position.symbol, now), position.avg_entry_price)
        for qty, position in began
        if qty
    )
    return last_cash(world.store.ledgers.rows[account_id], now) + holdings.total, holdings


def equity(world: World, money: rows.Ledger, now: dt.datetime) -> tuple[Decimal, Holdings]:
    """Cash without memo posts plus positions, and the positions alone, at the last trade prices; 2 dp."""
    holdings = _holdings(world, money.id, now)
    return money.cash - money.memoposts + holdings.total, holdings


def multiplier(account: rows.Account, total: Decimal) -> int:
    """2 for an account that signed the margin agreement and has $2,000 of equity, else 1."""
    if not account.margin or total < MARGIN_EQUITY:
        return 1
    return 1 if configuration_of(account)["max_margin_multiplier"] == "1" else 2


def buying_power(world: World, account: rows.Account, money: rows.Ledger, now: dt.datetime) -> Decimal:
    """What one more order that opens a position may cost; never negative."""
    claimed = money.held + money.pending_out
    if not account.margin:
        return max(money.cash - claimed, ZERO)
    total, holdings = equity(world, money, now)
    if multiplier(account, total) == 1:
        return max(money.cash - holdings.locked - claimed, ZERO)
    # Coins take all of their price from the margin, shares half of it.
    claimed += money.pending_out + crypto_worth.held_for_coins(world, account)
    return max(power_of(account, total, money.cash, holdings) - claimed, ZERO)


def power_of(account: rows.Account, total: Decimal, cash: Decimal, holdings: Holdings) -> Decimal:
    """Buying power of an equity with nothing reserved: with margin, twice what exceeds the initial margin."""
    if multiplier(account, total) == 1:
        return max(cash - holdings.locked, ZERO)
    return max((total - holdings.initial_margin) * 2, ZERO)


def _holdings(world: World, account_id: str, now: dt.datetime) -> Holdings:
    trade = world.prices.trade
    return worth(
        (position.symbol, position.qty, trade(position.symbol, now), position.avg_entry_price)
        for position in world.store.positions.of(account_id)
        if position.qty
    )


def with_proceeds(
    unsettled: list[tuple[dt.date, Decimal]], day: dt.date, amount: Decimal
) -> list[tuple[dt.date, Decimal]]:
    """Proceeds to come, with more of them. A new list: the old one may be what a rollback goes back to."""
    by_day = dict(unsettled)
    by_day[day] = by_day.get(day, ZERO) + amount
    return sorted(by_day.items())


def _entry_event(entry: rows.Entry) -> dict[str, Any]:
    """What the streams of activities are rendered from."""
    return {
        "account_id": entry.account_id,
        "at": instant_text(entry.at),
        "activity_id": entry.id,
        "activity_type": entry.activity_type,
        "activity_sub_type": entry.activity_sub_type,
        "date": entry.date.isoformat(),
        "description": entry.description,
        "net_amount": text_of(entry.net_amount),
        "symbol": asset_class_of(entry.symbol).shown(entry.symbol),
        "qty": _text(entry.qty),
        "price": _text(entry.price),
        "per_share_amount": _text(entry.per_share_amount),
        "transfer_id": entry.transfer_id,
        "journal_id": entry.journal_id,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else text_of(value)
