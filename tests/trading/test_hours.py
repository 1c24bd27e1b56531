from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.units.market_time import NEW_YORK
from trading import hours
from trading.models import Asset, MarketClock
from trading.order_spec import OrderSpec

FRIDAY = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)


def clock(is_open: bool) -> MarketClock:
    """Daylight saving starts on the Sunday in between: Monday's open is 13:30 UTC and not 14:30."""
    return MarketClock(
        is_open=is_open,
        next_open=datetime(2026, 3, 9, 13, 30, tzinfo=UTC),
        next_close=datetime(2026, 3, 6, 21, 0, tzinfo=UTC),
        synced_at=SATURDAY,
    )


def test_pill_open() -> None:
    assert hours.pill(clock(True), FRIDAY) == {"is_open": True, "text": "Open · closes 4:00 pm ET"}


def test_pill_closed() -> None:
    assert hours.pill(clock(False), SATURDAY) == {"is_open": False, "text": "Closed · opens Mon 9:30 am ET"}


def test_wait_note_closed_says_until_when() -> None:
    assert (
        hours.wait_note(clock(False), SATURDAY)
        == "The market is closed. This order will wait until Mon 9:30 am ET."
    )


def test_wait_note_open_or_unknown_is_empty() -> None:
    assert hours.wait_note(clock(True), FRIDAY) == hours.wait_note(None, FRIDAY) == ""


SYNCED = datetime(2026, 3, 6, 20, 55, tzinfo=UTC)
CLOSE, OPEN = datetime(2026, 3, 6, 21, 0, tzinfo=UTC), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)


def test_known_forgets_an_old_clock() -> None:
    seen = MarketClock(is_open=True, next_close=CLOSE, next_open=OPEN, synced_at=SYNCED)

    assert hours.known(seen, SYNCED + timedelta(minutes=4)) is seen
    assert hours.known(seen, SYNCED + timedelta(minutes=11)) is None
    assert hours.known(None, SYNCED) is None


def test_known_past_the_close_is_closed() -> None:
    seen = MarketClock(is_open=True, next_close=CLOSE, next_open=OPEN, synced_at=SYNCED)

    found = hours.known(seen, CLOSE)

    assert found is not None
    assert hours.pill(found, CLOSE) == {"is_open": False, "text": "Closed · opens Mon 9:30 am ET"}
    assert hours.wait_note(found, CLOSE)


def test_known_past_the_open_is_open_until_the_close() -> None:
    synced = datetime(2026, 3, 9, 13, 28, tzinfo=UTC)
    close = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
    seen = MarketClock(is_open=False, next_open=OPEN, next_close=close, synced_at=synced)

    found = hours.known(seen, OPEN)

    assert found is not None
    assert hours.pill(found, OPEN) == {"is_open": True, "text": "Open · closes 4:00 pm ET"}


def test_known_that_has_run_out_is_unknown() -> None:
    seen = MarketClock(
        is_open=True, next_close=CLOSE, next_open=CLOSE + timedelta(minutes=1), synced_at=SYNCED
    )

    assert hours.known(seen, CLOSE + timedelta(minutes=2)) is None


def test_pill_names_the_day_of_a_close_that_is_not_today() -> None:
    thanksgiving = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    seen = MarketClock(is_open=True, next_close=early, next_open=early + timedelta(days=3), synced_at=SYNCED)

    assert hours.pill(seen, thanksgiving)["text"] == "Open · closes Fri 1:00 pm ET"
    assert hours.pill(seen, early - timedelta(hours=1))["text"] == "Open · closes 1:00 pm ET"


def test_pill_of_an_open_later_today_needs_no_day() -> None:
    seen = MarketClock(is_open=False, next_open=OPEN, next_close=OPEN + timedelta(hours=6), synced_at=SYNCED)

    assert hours.pill(seen, OPEN - timedelta(hours=1))["text"] == "Closed · opens 9:30 am ET"


def test_pill_names_the_date_where_the_weekday_would_mislead() -> None:
    seen = MarketClock(is_open=False, next_open=OPEN, next_close=OPEN + timedelta(hours=6), synced_at=SYNCED)

    text = hours.pill(seen, OPEN - timedelta(days=9))["text"]

    assert text == "Closed · opens Mon 9 Mar, 9:30 am ET"


def test_pill_of_a_market_that_opens_before_it_closes_never_closes() -> None:
    seen = MarketClock(is_open=True, next_open=OPEN, next_close=OPEN + timedelta(hours=6), synced_at=SYNCED)

    assert hours.pill(seen, SATURDAY)["text"] == "Open at all hours"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026, in New York's time before daylight saving."""
    return datetime(2026, 3, day, hour, minute, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("now", "shut"),
    [
        (at(6, 9, 27), set()),
        (at(6, 9, 28), {"OPG"}),
        (at(6, 15, 49), {"OPG"}),
        (at(6, 15, 50), {"OPG", "CLS"}),
        (at(6, 18, 59), {"OPG", "CLS"}),
        (at(6, 19), set()),
        (at(7, 12), set()),
        (datetime(2026, 12, 25, 12, tzinfo=NEW_YORK), set()),
    ],
)
def test_shut_auctions(now: datetime, shut: set[str]) -> None:
    assert set(hours.shut_auctions(None, now)) == shut


def test_shut_auctions_of_a_market_that_never_closes_are_none() -> None:
    always = MarketClock(
        is_open=True, next_open=FRIDAY + timedelta(days=3), next_close=FRIDAY + timedelta(days=9)
    )

    assert hours.shut_auctions(always, FRIDAY) == {}


def order(**values: Any) -> OrderSpec:
    return OrderSpec(asset=Asset(id=uuid4(), symbol="AAPL"), side="BUY", qty=Decimal(1), **values)


LIMIT: dict[str, Any] = {"type": "LIMIT", "limit_price": Decimal(1)}


@pytest.mark.parametrize(
    ("ticket", "is_open", "begins", "good_for"),
    [
        (order(), True, "At once", "Today’s session only"),
        (order(**LIMIT), True, "As soon as the price is reached", "Today’s session only"),
        (order(), False, "When the market opens, Mon 9:30 am ET", "The next session only"),
        (
            order(time_in_force="OPG"),
            True,
            "In the opening auction, Mon 9:30 am ET",
            "The opening auction only",
        ),
        (order(time_in_force="GTC"), True, "At once", "Until canceled, at most to Thu 4 Jun"),
        (
            order(**LIMIT, extended_hours=True),
            True,
            "As soon as the price is reached",
            "Today, until 8:00 pm ET",
        ),
    ],
)
def test_begins_and_good_for(ticket: OrderSpec, is_open: bool, begins: str, good_for: str) -> None:
    assert hours.begins(ticket, clock(is_open), FRIDAY) == begins
    assert hours.good_for(ticket, clock(is_open), FRIDAY) == good_for


def test_order_in_the_late_session_of_an_evening_ends_with_it() -> None:
    evening = datetime(2026, 3, 6, 17, tzinfo=NEW_YORK)
    ticket = order(**LIMIT, extended_hours=True)
    assert hours.begins(ticket, clock(False), evening) == "As soon as the price is reached"
    assert hours.good_for(ticket, clock(False), evening) == "Today, until 8:00 pm ET"
