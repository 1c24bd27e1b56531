from datetime import UTC, date, datetime

import pytest

from brokerapp.units import market_time


def test_clock_text_is_new_yorks_on_either_side_of_the_change_of_clocks() -> None:
    assert market_time.clock_text(datetime(2024, 3, 8, 14, 30, tzinfo=UTC)) == "9:30 am ET"
    assert market_time.clock_text(datetime(2024, 3, 11, 16, 5, tzinfo=UTC)) == "12:05 pm ET"


def test_day_in_new_york_is_still_yesterday_in_the_evening() -> None:
    assert market_time.day_in_new_york(datetime(2024, 3, 9, 3, 0, tzinfo=UTC)) == date(2024, 3, 8)


def test_day_text_has_no_leading_zero() -> None:
    assert market_time.day_text(date(2024, 3, 4)) == "Mon 4 Mar"


def test_in_new_york_of_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        market_time.in_new_york(datetime(2024, 3, 4, 12, 0))
