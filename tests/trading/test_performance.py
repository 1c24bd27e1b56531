"""Returns, and the proof: generated histories in which every cent is accounted for."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import SCALE
from tests.trading.books import entry, on, taking_back, trade
from trading.lots import ZERO, Books, Entry, Flow, Group, work_out
from trading.performance import DayValue, Summary, money_weighted, summarize, time_weighted, yearly

SYMBOLS = ("AAPL", "VTI")


def close_to(value: Decimal | None, wanted: str) -> bool:
    return value is not None and abs(value - Decimal(wanted)) < Decimal("0.000001")


def flow(day: int, amount: str) -> Flow:
    return Flow(on(day), Decimal(amount), "CSD")


def value(day: int, amount: str) -> DayValue:
    return DayValue(on(day), Decimal(amount))


# Returns


def test_time_weighted_leaves_deposits_out() -> None:
    days = [value(0, "110"), value(1, "1111")]
    # +10 %, then 1111 of 1010: +10 %
    assert close_to(time_weighted(Decimal(100), days, [flow(1, "900")]), "0.21")


def test_time_weighted_begins_with_the_first_money() -> None:
    assert close_to(time_weighted(ZERO, [value(0, "105")], [flow(0, "100")]), "0.05")


def test_time_weighted_of_nothing_is_not_told() -> None:
    assert time_weighted(ZERO, [value(0, "0")], []) is None


def test_time_weighted_goes_on_after_everything_was_taken_out() -> None:
    days = [value(0, "110"), value(1, "0"), value(2, "0"), value(3, "60")]
    flows = [flow(1, "-110"), flow(3, "50")]
    assert close_to(time_weighted(Decimal(100), days, flows), "0.32")


def test_money_weighted_of_one_deposit_is_its_growth() -> None:
    assert close_to(money_weighted(ZERO, value(9, "121"), [flow(0, "100")], on(0)), "0.21")


def test_money_weighted_counts_how_long_money_was_there() -> None:
    # A hundred for all four days and a hundred for half of them, doubling in the whole time: 200 + 141.42.
    found = money_weighted(Decimal(100), value(3, "341.4213562"), [flow(2, "100")], on(0))
    assert close_to(found, "1")


def test_money_weighted_of_a_total_loss_is_all() -> None:
    assert money_weighted(Decimal(100), value(3, "0"), [], on(0)) == -1


def test_money_weighted_without_money_is_not_told() -> None:
    assert money_weighted(ZERO, value(3, "0"), [], on(0)) is None
    assert money_weighted(ZERO, value(3, "0"), [flow(0, "-5")], on(0)) is None


@settings(max_examples=25 * SCALE)
@given(
    opening=st.integers(1, 10**6),
    flows=st.lists(st.tuples(st.integers(0, 364), st.integers(1, 10**6)), max_size=20),
    growth=st.floats(0.2, 5),
)
def test_money_weighted_finds_the_rate_that_made_the_closing(
    opening: int, flows: list[tuple[int, int]], growth: float
) -> None:
    closing = opening * growth + sum(amount * growth ** ((364 - day + 1) / 365) for day, amount in flows)
    found = money_weighted(
        Decimal(opening),
        DayValue(on(364), Decimal(closing)),
        [Flow(on(day), Decimal(amount), "CSD") for day, amount in flows],
        on(0),
    )
    assert found is not None
    assert float(found) == pytest.approx(growth - 1, abs=1e-6)


def test_yearly_only_for_more_than_a_year() -> None:
    assert yearly(Decimal("0.21"), 365) is None
    assert close_to(yearly(Decimal("0.21"), 730), "0.1")


def test_summarize_a_difference_that_nobody_explains_is_no_gain() -> None:
    summary = summarize(
        first_day=on(0),
        opening=Decimal(100),
        days=[],
        closing=value(1, "150"),
        flows=[],
        income={},
        unexplained=Decimal(40),
    )
    assert summary.gain == summary.market_gain == 10
    assert close_to(summary.time_weighted, "0.1")


# The proof


@dataclass
class History:
    """A made-up account: its activities so far, and what plain adding up says of it."""

    entries: list[Entry] = field(default_factory=list)
    cash: Decimal = ZERO
    shares: dict[str, Decimal] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(SYMBOLS, Decimal("50.00")))
    fills: list[Entry] = field(default_factory=list)
    in_and_out: list[tuple[int, Decimal]] = field(default_factory=list)
    income: Decimal = ZERO

    def add(self, found: Entry, shares: Decimal = ZERO) -> None:
        self.entries.append(found)
        self.cash += found.cash
        if found.symbol and shares:
            self.shares[found.symbol] = self.shares.get(found.symbol, ZERO) + shares

    @property
    def worth(self) -> Decimal:
        total = sum((qty * self.prices[symbol] for symbol, qty in self.shares.items()), ZERO)
        return total.quantize(Decimal("0.01"))

    def step(self, day: int, kind: str, symbol: str, amount: Decimal) -> None:
        """One thing that happens: `amount` is a number from 0 to 1 that says how much of it."""
        held = self.shares.get(symbol, ZERO)
        price = self.prices[symbol]
        if kind == "move":
            self.prices[symbol] = max(
                (price * (Decimal("0.7") + amount * Decimal("0.7"))), Decimal("1")
            ).quantize(Decimal("0.01"))
        elif kind in ("CSD", "CSW"):
            cash = (amount * 1000).quantize(Decimal("0.01")) * (1 if kind == "CSD" else -1)
            self.add(entry(kind, day, cash))
            self.in_and_out.append((day, cash))
        elif kind in ("DIV", "FEE", "INT"):
            cash = (amount * 10).quantize(Decimal("0.01")) * (-1 if kind == "FEE" else 1)
            self.add(entry(kind, day, cash, symbol=symbol if kind == "DIV" else "", qty=held or "0"))
            self.income += cash
        elif kind in ("buy", "sell"):
            share = (amount * 10).quantize(Decimal("0.001")) if kind == "buy" else -(held * amount)
            qty = share.quantize(Decimal("0.000000001"))
            if qty and (kind == "buy" or held > 0):
                found = trade(day, qty, price, symbol, order=f"o{len(self.fills)}")
                self.fills.append(found)
                self.add(found, qty)
        elif kind == "split" and held > 0:
            delta = (held * (1 if amount > Decimal("0.5") else Decimal("-0.5"))).quantize(
                Decimal("0.000000001")
            )
            self.add(entry("SPLIT", day, symbol=symbol, qty=delta), delta)
            self.prices[symbol] = (price * held / (held + delta)).quantize(Decimal("0.01"))
        elif kind == "JNLS":
            qty = (amount * 3).quantize(Decimal("0.001"))
            if qty:
                self.add(entry("JNLS", day, symbol=symbol, qty=qty, price=price), qty)
                self.in_and_out.append((day, (qty * price).quantize(Decimal("0.01"))))
        elif kind == "bust" and self.fills:
            former = self.fills.pop()
            self.add(taking_back(day, former), -former.qty)


HAPPENS = (*("buy",) * 3, *("sell", "split", "move") * 2, "CSD", "CSW", "DIV", "FEE", "INT", "JNLS", "bust")
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(
            [
                "buy",
                "buy",
                "buy",
                "sell",
                "sell",
                "split",
                "split",
                "CSD",
                "CSW",
                "DIV",
                "FEE",
                "INT",
                "JNLS",
                "bust",
                "move",
                "move",
            ]
        ),
        st.sampled_from(SYMBOLS),
        st.decimals(0, 1, places=3),
    ),
    min_size=12,
    max_size=30,
)


def unrealized(books: Books, history: History) -> Decimal:
    return history.worth - books.cost


@settings(max_examples=30 * SCALE)
@given(steps=STEPS)
def test_every_cent_of_a_generated_history_is_accounted_for(steps: list[Any]) -> None:
    history, day, closings = History(), 0, []
    for pause, kind, symbol, amount in steps:
        if pause:
            closings.append(_close(history, day))
        day += pause
        history.step(day, kind, symbol, amount)
    closings.append(_close(history, day))

    books = work_out(history.entries)
    assert books.cash == history.cash
    assert {symbol: books.qty(symbol) for symbol in history.shares} == history.shares
    assert books.income == history.income
    # Realized and not realized, dividends, interest and fees are all that was gained.
    total = books.realized + unrealized(books, history) + books.income
    assert total == books.total_gain(history.worth)
    assert books.net_flows == sum((amount for _, amount in history.in_and_out), ZERO)
    for first in range(len(closings)):
        _check_range(history, books, closings, first)


@dataclass(frozen=True)
class Close:
    """The end of a day: what the account was worth then, and had gained by what was known then."""

    day: int
    equity: Decimal
    gain: Decimal


def _close(history: History, day: int) -> Close:
    books = work_out(history.entries)
    return Close(day, history.cash + history.worth, books.total_gain(history.worth))


def _check_range(history: History, books: Books, closings: list[Close], first: int) -> None:
    """From the close of a day to the end: opening + deposits − withdrawals + gain = closing, to the cent."""
    start, end = closings[first], closings[-1]
    summary = _summary(books, closings[first + 1 :] or [end], start, end)
    moved = [amount for day, amount in history.in_and_out if day > start.day]
    assert summary.deposits == sum((amount for amount in moved if amount > 0), ZERO)
    assert summary.withdrawals == -sum((amount for amount in moved if amount < 0), ZERO)
    if end.day > start.day:
        assert summary.opening + summary.deposits - summary.withdrawals + summary.gain == summary.closing
        assert summary.gain == end.gain - start.gain
        assert summary.closing == end.equity


def _summary(books: Books, days: list[Close], start: Close, end: Close) -> Summary:
    return summarize(
        first_day=on(start.day + 1),
        opening=start.equity,
        days=[DayValue(on(close.day), close.equity) for close in days],
        closing=DayValue(on(end.day), end.equity),
        flows=[flow for flow in books.flows if flow.day > on(start.day)],
        income=dict.fromkeys(Group, ZERO),
    )
