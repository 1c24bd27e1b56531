from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.kernel import trading_calendar as cal

NY = cal.NEW_YORK

CLOSED = {
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}
SHORT = {
    2023: "07-03 11-24",
    2024: "07-03 11-29 12-24",
    2025: "07-03 11-28 12-24",
    2026: "11-27 12-24",
    2027: "11-26",
    2028: "07-03 11-24",
}
instants = st.datetimes(min_value=datetime(1970, 1, 10), max_value=datetime(2029, 12, 20)).map(
    lambda at: at.replace(tzinfo=UTC)
)


def ny(*parts):
    return datetime(*parts, tzinfo=NY)


def dates(year, text):
    return {date.fromisoformat(f"{year}-{part}") for part in text.split()}


@pytest.mark.parametrize("year", CLOSED)
def test_sessions_of_a_year_leave_out_exactly_the_exchange_holidays(year):
    trading = {s.date for s in cal.sessions(date(year, 1, 1), date(year, 12, 31))}
    weekdays = {date(year, 1, 1) + timedelta(days=n) for n in range(366)}
    weekdays = {d for d in weekdays if d.weekday() < 5 and d.year == year}
    assert weekdays - trading == dates(year, CLOSED[year])


@pytest.mark.parametrize("year", SHORT)
def test_sessions_of_a_year_close_at_13_on_exactly_the_half_days(year):
    year_sessions = cal.sessions(date(year, 1, 1), date(year, 12, 31))
    short = {s.date: s for s in year_sessions if s.is_half_day}
    assert set(short) == dates(year, SHORT[year])
    assert {(s.close.time(), s.post_close.time()) for s in short.values()} == {(time(13), time(17))}


@pytest.mark.parametrize("day", ["2018-12-05", "2025-01-09", "2012-10-29", "2001-09-11", "2022-06-20"])
def test_session_on_a_closed_weekday_is_none(day):
    assert cal.session_on(date.fromisoformat(day)) is None


@pytest.mark.parametrize("day", ["2021-06-18", "2021-12-31", "2027-12-31", "2026-10-12", "2026-11-11"])
def test_session_on_days_that_only_look_like_holidays_is_a_session(day):
    assert cal.session_on(date.fromisoformat(day)) is not None


def test_session_on_a_full_day_has_the_four_instants_in_new_york():
    session = cal.session_on(date(2026, 11, 23))
    assert session.pre_open == ny(2026, 11, 23, 4)
    assert session.open == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert session.close == ny(2026, 11, 23, 16)
    assert session.post_close == ny(2026, 11, 23, 20)
    assert session.open.tzinfo is NY


def test_session_on_a_summer_day_opens_an_hour_earlier_in_utc():
    assert cal.session_on(date(2026, 7, 1)).open == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


def test_session_on_outside_the_calendar_is_none():
    assert cal.session_on(date(1969, 12, 31)) is None
    assert cal.session_on(date(2100, 1, 4)) is None


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        ("2026-11-23", "2026-11-24"),
        ("2026-11-25", "2026-11-27"),
        ("2026-10-09", "2026-10-13"),  # banks closed on Columbus Day
        ("2025-11-10", "2025-11-12"),  # and on Veterans Day
        ("2024-05-28", "2024-05-29"),  # first day of T+1
        ("2024-05-24", "2024-05-29"),  # last day of T+2
        ("2017-09-05", "2017-09-07"),  # first day of T+2
        ("2017-09-01", "2017-09-07"),  # last day of T+3
        ("1995-06-06", "1995-06-13"),  # last day of T+5
    ],
)
def test_settlement_date_follows_the_cycle_of_the_trade_date(traded, settles):
    session = cal.session_on(date.fromisoformat(traded))
    assert session.settlement_date == date.fromisoformat(settles)


def test_sessions_include_both_ends_and_cross_years():
    found = [s.date for s in cal.sessions(date(2026, 12, 31), date(2027, 1, 4))]
    assert found == [date(2026, 12, 31), date(2027, 1, 4)]


def test_sessions_with_end_before_start_is_empty():
    assert cal.sessions(date(2027, 1, 4), date(2026, 12, 31)) == []
    assert cal.sessions(date(2027, 3, 4), date(2027, 3, 1)) == []


def test_sessions_reach_from_1970_to_2029():
    found = cal.sessions(date(1960, 1, 1), date(2029, 12, 31))
    assert found[0].date == date(1970, 1, 2)
    assert found[-1].date == date(2029, 12, 31)


def test_clock_around_a_weekend():
    saturday = ny(2026, 11, 21, 12)
    assert not cal.is_open(saturday)
    assert cal.next_open(saturday) == ny(2026, 11, 23, 9, 30)
    assert cal.next_close(saturday) == ny(2026, 11, 23, 16)
    assert cal.previous_close(saturday) == ny(2026, 11, 20, 16)


def test_clock_at_the_very_open_and_close():
    opening, closing = ny(2026, 11, 27, 9, 30), ny(2026, 11, 27, 13)
    assert cal.is_open(opening)
    assert not cal.is_open(closing)
    assert cal.next_open(opening) == ny(2026, 11, 30, 9, 30)
    assert cal.next_close(opening) == closing
    assert cal.previous_close(closing) == closing
    assert cal.next_close(closing) == ny(2026, 11, 30, 16)


def test_is_open_with_a_naive_instant_is_refused():
    with pytest.raises(cal.OutsideCalendar):
        cal.is_open(datetime(2026, 11, 23, 12))


def test_next_open_past_the_last_session_is_refused():
    with pytest.raises(cal.OutsideCalendar):
        cal.next_open(datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-11-23", True),
        ("2026-11-21", False),
        ("2026-10-12", False),
        ("2026-11-11", False),
        ("2026-04-03", True),  # Good Friday: exchange closed, banks open
        ("2026-07-03", True),  # July 4 on Saturday: Reserve banks open on Friday
        ("2027-07-05", False),
        ("2025-01-09", True),
    ],
)
def test_is_bank_day_follows_the_federal_reserve(day, open_):
    assert cal.is_bank_day(date.fromisoformat(day)) is open_


@given(instants)
def test_clock_answers_agree_with_each_other(at):
    next_open, next_close = cal.next_open(at), cal.next_close(at)
    previous_close = cal.previous_close(at)
    assert previous_close <= at < min(next_open, next_close)
    assert cal.is_open(at) is (next_close < next_open)
    assert cal.is_open(next_open)
    assert not cal.is_open(next_close)


@given(instants)
def test_neighbouring_sessions_point_at_each_other(at):
    after = cal.next_session(at.date())
    assert cal.next_session(cal.previous_session(after.date).date) == after
    assert after.pre_open < after.open < after.close < after.post_close
    assert after.settlement_date > after.date
