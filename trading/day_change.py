"""What a day made of a holding, worked out from below: prices, and what was bought and sold that day. Pure.

Cash that came in or went out is not in it at all, so that no deposit is ever a gain, however early its money
or its activity is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import quantize_cash
from trading.lots import RENAMED, SHARES_IN_OUT, SPLIT, ZERO, Entry, Group, group_of, standing
from trading.models import MarketClock

REORGANIZED = ("SPIN", "MA", "REORG", RENAMED)
NO_PRICE = "There is no price at the moment."
NO_CLOSE = "There is no price of the day before."
MAY_BE_SPLIT = "It may have been split today, and we cannot tell that from a gain or loss yet."
WAS_CHANGED = "Its shares were exchanged or split today."


class Priced(Protocol):
    """What is known of the prices of something: a `Quote`, or the columns of one."""

    @property
    def last(self) -> Decimal | None:
        """The last trade's."""

    @property
    def previous_close(self) -> Decimal | None:
        """That of the day before."""

    @property
    def may_be_split(self) -> bool:
        """Whether shares may have been split between the two."""


def session_day(clock: MarketClock | None, now: datetime, priced_at: datetime | None) -> date:
    """The day whose change is shown: today if the market trades then, else that of the last trades."""
    today = day_in_new_york(now)
    if clock is None or clock.is_open or day_in_new_york(clock.next_open) == today or priced_at is None:
        return today
    return min(day_in_new_york(priced_at), today)


@dataclass
class Moves:
    """What a day's activities did to a holding: shares, cash of trades (signed), worth of shares carried."""

    shares: Decimal = ZERO
    bought: Decimal = ZERO
    cash: Decimal = ZERO
    carried: Decimal = ZERO
    is_split: bool = False
    is_reorganized: bool = False


@dataclass
class Day:
    """A day's activities by symbol, and what else came of it: dividends, interest, fees; USD."""

    moves: dict[str, Moves] = field(default_factory=lambda: defaultdict(Moves))
    income: Decimal = ZERO
    paid_in: Decimal = ZERO
    flows: Decimal = ZERO


def day_of(entries: Iterable[Entry]) -> Day:
    """The day that activities make up."""
    day = Day()
    for entry in standing(list(entries)):
        group = group_of(entry.kind)
        if group == Group.CREDIT:
            continue
        if not entry.moved:
            if group == Group.FLOW:
                day.flows += entry.cash
                day.paid_in += max(entry.cash, ZERO)
            else:
                day.income += entry.cash
            continue
        moves = day.moves[entry.symbol]
        moves.shares += entry.qty
        moves.is_split |= entry.kind == SPLIT
        moves.is_reorganized |= entry.kind in REORGANIZED
        if entry.kind in SHARES_IN_OUT:
            worth = quantize_cash(entry.qty * (entry.price or ZERO))
            moves.carried += worth
            day.flows += worth
            day.paid_in += max(worth, ZERO)
        else:
            moves.cash += entry.cash
            moves.bought += max(-entry.cash, ZERO)
    return day


class DayChange(NamedTuple):
    """What a day made of something, USD; `amount` is None where we cannot tell, and `why` says it."""

    amount: Decimal | None
    base: Decimal = ZERO
    why: str = ""

    @property
    def fraction(self) -> Decimal | None:
        """Of what was there at first and was bought."""
        return self.amount / self.base if self.amount is not None and self.base > 0 else None


NOT_KNOWN = DayChange(None)


def change_of(qty: Decimal, quote: Priced | None, moves: Moves | None) -> DayChange:
    """The day of a holding of which `qty` shares are held now. Shares bought that day count from their cost.

    Data APIs do not adjust the previous close to a split of the day; once the shares are split here too, the
    old number at the old price is what they were worth. Before that, and where the two disagree, None.
    """
    if moves is None:
        return _change_of_prices(qty, quote)
    before = qty - moves.shares
    if moves.is_reorganized:
        return DayChange(None, why=WAS_CHANGED)
    if (quote is None or quote.last is None) and (qty or before):
        return DayChange(None, why=NO_PRICE)
    start = worth = ZERO
    if quote is not None and quote.last is not None:
        worth = qty * quote.last
    if before:
        if quote is None or quote.previous_close is None:
            return DayChange(None, why=NO_CLOSE)
        if quote.may_be_split != moves.is_split:
            return DayChange(None, why=WAS_CHANGED if moves.is_split else MAY_BE_SPLIT)
        start = before * quote.previous_close
    amount = quantize_cash(worth - start + moves.cash - moves.carried)
    return DayChange(amount, abs(start) + moves.bought + max(moves.carried, ZERO))


def _change_of_prices(qty: Decimal, quote: Priced | None) -> DayChange:
    """The same of a holding that nothing was done to that day, as are nearly all."""
    if not qty:
        return DayChange(ZERO)
    if quote is None or quote.last is None:
        return DayChange(None, why=NO_PRICE)
    if quote.previous_close is None:
        return DayChange(None, why=NO_CLOSE)
    if quote.may_be_split:
        return DayChange(None, why=MAY_BE_SPLIT)
    start = qty * quote.previous_close
    return DayChange(quantize_cash(qty * quote.last - start), abs(start))


def change_of_account(
    held: Mapping[str, Decimal],
    quotes: Mapping[str, Priced],
    day: Day,
    equity: Decimal,
    rest: Decimal = ZERO,
) -> DayChange:
    """The day of an account worth `equity` now, that holds so many shares by symbol: all holdings and income.

    `rest` is what the day made of other holdings, USD. None if that of any holding is: `why` names them.
    """
    changes = {
        symbol: change_of(held.get(symbol, ZERO), quotes.get(symbol), day.moves.get(symbol))
        for symbol in {*held, *day.moves}
    }
    unknown = sorted(symbol for symbol, change in changes.items() if change.amount is None)
    if unknown:
        reasons = sorted({changes[symbol].why for symbol in unknown})
        return DayChange(None, why=f"{', '.join(unknown)}: {' '.join(reasons)}")
    total = sum((change.amount or ZERO for change in changes.values()), ZERO) + rest + day.income
    return DayChange(total, equity - total - day.flows + day.paid_in)
