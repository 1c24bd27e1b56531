"""What a day made of holdings."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.books import entry, trade
from trading.day_change import (
    MAY_BE_SPLIT,
    NO_CLOSE,
    NO_PRICE,
    WAS_CHANGED,
    Moves,
    change_of,
    change_of_account,
    day_of,
    session_day,
)
from trading.lots import Entry
from trading.models import MarketClock, Quote

D = Decimal


def quote(last: str | None, close: str | None) -> Quote:
    return Quote(last=D(last) if last else None, previous_close=D(close) if close else None)


def change(qty: str, last: str | None, close: str | None, *today: Entry) -> Any:
    return change_of(D(qty), quote(last, close), day_of(today).moves["AAPL"])


def test_change_of_what_was_held_before() -> None:
    found = change("10", "11", "10")
    assert (found.amount, found.fraction) == (D("10.00"), D("0.1"))


def test_change_of_shares_bought_today_counts_from_their_cost() -> None:
    # 10 held since yesterday gain 10, 5 bought at 12 lose 5.
    assert change("15", "11", "10", trade(0, "5", "12")).amount == D("5.00")


def test_change_of_a_position_opened_today_needs_no_close() -> None:
    found = change("5", "13", None, trade(0, "5", "12"))
    assert (found.amount, found.base) == (D("5.00"), D("60.00"))


def test_change_of_a_position_closed_today() -> None:
    assert change("0", "11", "10", trade(0, "-10", "12")).amount == D("20.00")


def test_change_of_bought_and_sold_today_needs_no_price() -> None:
    today = day_of([trade(0, "10", "12"), trade(0, "-10", "13")])
    assert change_of(D(0), None, today.moves["AAPL"]).amount == D("10.00")


def test_change_of_a_short_position() -> None:
    assert change("-10", "9", "10").amount == D("10.00")


def test_change_of_shares_from_elsewhere_is_no_gain() -> None:
    assert change("2", "110", "100", entry("JNLS", 0, symbol="AAPL", qty="2", price="110")).amount == 0


def test_change_of_what_may_be_split_is_not_told() -> None:
    assert change("10", "25", "100").why == MAY_BE_SPLIT


def test_change_of_a_day_with_its_split_counts_the_old_shares_at_the_old_price() -> None:
    found = change("40", "26", "100", entry("SPLIT", 0, symbol="AAPL", qty="30"))
    assert (found.amount, found.base) == (D("40.00"), D(1000))


def test_change_of_a_split_at_prices_that_were_adjusted_is_not_told() -> None:
    assert change("40", "26", "25", entry("SPLIT", 0, symbol="AAPL", qty="30")).why == WAS_CHANGED


@pytest.mark.parametrize("kind", ["SPIN", "MA", "NC", "REORG"])
def test_change_of_exchanged_shares_is_not_told(kind: str) -> None:
    assert change("12", "26", "25", entry(kind, 0, symbol="AAPL", qty="2")).why == WAS_CHANGED


def test_change_of_without_prices() -> None:
    assert change("1", None, "25").why == NO_PRICE
    assert change("1", "25", None).why == NO_CLOSE
    assert change_of(D(1), None, Moves()).why == NO_PRICE


def test_change_of_account_is_holdings_and_income_and_no_deposit() -> None:
    day = day_of(
        [
            entry("CSD", 0, "5000"),
            entry("CSW", 0, "-100"),
            entry("DIV", 0, "3.00", symbol="AAPL", qty="10"),
            entry("FEE", 0, "-0.50"),
            trade(0, "-1", "20", symbol="VTI"),
        ]
    )
    quotes = {"AAPL": quote("11", "10"), "VTI": quote("19", "21")}
    found = change_of_account({"AAPL": D(10)}, quotes, day, D("6131.50"))

    assert found.amount == D("10.00") + D("3.00") - D("0.50") - D("1.00")
    # 1220 were there before, 5000 came in.
    assert found.base == D("6131.50") - found.amount - D(4900) + D(5000)


def test_change_of_account_with_one_unknown_is_not_told() -> None:
    found = change_of_account({"AAPL": D(10), "VTI": D(1)}, {"AAPL": quote("11", "10")}, day_of([]), D(110))
    assert found.amount is None
    assert found.why == f"VTI: {NO_PRICE}"


NOON = datetime(2026, 3, 8, 17, tzinfo=UTC)  # a Sunday
FRIDAY = NOON - timedelta(days=2)


def clock(next_open: datetime, is_open: bool = False) -> MarketClock:
    return MarketClock(
        is_open=is_open, next_open=next_open, next_close=next_open + timedelta(hours=6), synced_at=NOON
    )


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (session_day(clock(NOON + timedelta(days=1)), NOON, FRIDAY), FRIDAY),
        (session_day(clock(NOON + timedelta(hours=1)), NOON, FRIDAY), NOON),
        (session_day(clock(NOON + timedelta(days=1), is_open=True), NOON, FRIDAY), NOON),
        (session_day(None, NOON, FRIDAY), NOON),
        (session_day(clock(NOON + timedelta(days=1)), NOON, None), NOON),
    ],
    ids=["weekend", "before the open", "open", "unknown", "no prices"],
)
def test_session_day(found: Any, wanted: datetime) -> None:
    assert found == wanted.date()
