from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.prices.bars import BadTimeframe, Bar, merge, parse_timeframe


def bar(minute, *prices, volume, trade_count=1, vwap="10"):
    opening, high, low, close = map(Decimal, prices)
    timestamp = datetime(2026, 11, 23, 15, minute, tzinfo=UTC)
    return Bar(timestamp, opening, high, low, close, volume, trade_count, Decimal(vwap))


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("1Min", 1, "Min"),
        ("59T", 59, "Min"),
        ("1Hour", 1, "Hour"),
        ("23H", 23, "Hour"),
        ("1Day", 1, "Day"),
        ("1D", 1, "Day"),
        ("1Week", 1, "Week"),
        ("12Month", 12, "Month"),
        ("3M", 3, "Month"),
    ],
)
def test_parse_timeframe_reads_the_vendors_spellings(text, amount, unit):
    frame = parse_timeframe(text)
    assert (frame.amount, frame.unit) == (amount, unit)


@pytest.mark.parametrize(
    "text", ["", "Min", "0Min", "60Min", "24Hour", "2Day", "2Week", "5Month", "1min", "1 Min"]
)
def test_parse_timeframe_of_anything_else_is_refused(text):
    with pytest.raises(BadTimeframe):
        parse_timeframe(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1Day", date(2026, 11, 25), date(2026, 11, 25)),
        ("1Week", date(2026, 11, 23), date(2026, 11, 29)),
        ("1Month", date(2026, 11, 1), date(2026, 11, 30)),
        ("3Month", date(2026, 10, 1), date(2026, 12, 31)),
        ("12Month", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_timeframe_interval_holds_its_day(text, first, last):
    frame = parse_timeframe(text)
    day = date(2026, 11, 25)
    assert (frame.first_day(day), frame.last_day(day)) == (first, last)


@given(
    st.dates(date(1970, 1, 1), date(2099, 12, 31)), st.sampled_from(["1Day", "1Week", "2Month", "6M", "12M"])
)
def test_timeframe_intervals_of_a_days_neighbours_do_not_overlap(day, text):
    frame = parse_timeframe(text)
    first, last = frame.first_day(day), frame.last_day(day)
    assert first <= day <= last
    assert (frame.first_day(last), frame.last_day(first)) == (first, last)


def test_merge_takes_first_open_last_close_extremes_and_sums():
    merged = merge(
        [
            bar(0, "10.00", "10.50", "9.90", "10.20", volume=300, trade_count=3, vwap="10.1"),
            bar(1, "10.20", "10.30", "9.80", "9.95", volume=100, trade_count=2, vwap="10.0"),
        ],
        datetime(2026, 11, 23, 15, tzinfo=UTC),
    )
    assert merged == bar(0, "10.00", "10.50", "9.80", "9.95", volume=400, trade_count=5, vwap="10.0750")


def test_merge_without_volume_keeps_a_vwap():
    assert merge([bar(0, "1", "1", "1", "1", volume=0, vwap="1")], datetime.now(UTC)).vwap == 1
