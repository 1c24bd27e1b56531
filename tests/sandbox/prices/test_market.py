import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.instruments.assets import PRICES_ON, load_assets
from sandbox.kernel.clock import NEW_YORK
from sandbox.kernel.trading_calendar import is_open, session_on, sessions
from sandbox.prices.bars import BadTimeframe
from sandbox.prices.market import PriceProcess
from tests.depth import SCALE

SYMBOLS = [asset.symbol for asset in load_assets()]
REAL = PriceProcess(7, load_assets())
ALWAYS = PriceProcess(7, load_assets(), always_open=True)
CENTS, MILS = Decimal("0.01"), Decimal("0.0001")

symbols = st.sampled_from(["AAPL", "SPY", "BRK.A", "BRK.B", "GNS", "NKLA", "WIT", "SOXL", "TSLA"])
processes = st.sampled_from([REAL, ALWAYS])
instants = st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
trading_days = st.sampled_from([session.date for session in sessions(date(2015, 1, 1), date(2027, 12, 31))])


def ny(*parts):
    return datetime(*parts, tzinfo=NEW_YORK)


def bars_of(process, symbol, timeframe, first, last=None, **options):
    start = datetime.combine(first, datetime.min.time(), NEW_YORK)
    end = datetime.combine(last or first, datetime.max.time(), NEW_YORK)
    return process.bars(symbol, timeframe, start, end, **options)


def ohlc(bars):
    return bars[0].open, max(b.high for b in bars), min(b.low for b in bars), bars[-1].close


def is_tick_priced(price):
    places = CENTS if price >= 1 else MILS
    return isinstance(price, Decimal) and price > 0 and price == price.quantize(places)


def test_trade_is_the_same_in_a_fresh_process():
    script = (
        "from datetime import datetime, UTC; from sandbox.instruments.assets import load_assets;"
        "from sandbox.prices.market import PriceProcess; p = PriceProcess(7, load_assets());"
        "print(p.trade('AAPL', datetime(2026, 11, 23, 15, 30, 1, tzinfo=UTC)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert Decimal(printed) == REAL.trade("AAPL", datetime(2026, 11, 23, 15, 30, 1, tzinfo=UTC))


def test_trade_does_not_depend_on_what_was_asked_before():
    asked = [(symbol, ny(2026, 11, day, 11, day)) for symbol in ("AAPL", "TSLA") for day in range(1, 28)]
    other = PriceProcess(7, load_assets())
    backwards = {question: other.trade(*question) for question in reversed(asked)}
    assert {question: REAL.trade(*question) for question in asked} == backwards


def test_trade_under_another_seed_differs():
    at = ny(2026, 11, 23, 11)
    assert PriceProcess(8, load_assets()).trade("AAPL", at) != REAL.trade("AAPL", at)


def test_trade_on_the_day_of_the_price_list_ends_at_its_prices():
    close = session_on(PRICES_ON).close
    assert {a.symbol for a in load_assets() if REAL.trade(a.symbol, close) != a.base_price} == set()


def test_trade_months_later_is_still_near_the_price_list():
    at = ny(2026, 11, 23, 12)
    ratios = [float(REAL.trade(a.symbol, at) / a.base_price) for a in load_assets() if a.volatility < 0.5]
    assert 0.9 < fmean(ratios) < 1.1
    assert min(ratios) > 0.4
    assert max(ratios) < 2.2


@given(processes, symbols, instants)
def test_trade_is_a_positive_decimal_on_the_tick(process, symbol, at):
    assert is_tick_priced(process.trade(symbol, at))


@given(processes, symbols, instants)
def test_trade_stays_within_a_sane_multiple_of_the_base_price(process, symbol, at):
    base = next(asset.base_price for asset in load_assets() if asset.symbol == symbol)
    assert base / 1000 < process.trade(symbol, at) < base * 1000


def test_trade_moves_from_second_to_second_by_little():
    opening = ny(2026, 11, 23, 10)
    prices = [REAL.trade("AAPL", opening + timedelta(seconds=n)) for n in range(1800)]
    assert len(set(prices)) > 100
    assert max(abs(after / before - 1) for before, after in pairwise(prices)) < Decimal("0.003")


@given(symbols, instants)
def test_trade_outside_the_session_rests_at_the_last_close(symbol, at):
    if is_open(at):
        return
    later = REAL.trade(symbol, at)
    day = at.astimezone(NEW_YORK).date() - timedelta(days=10)
    known = bars_of(REAL, symbol, "1Day", day, at.astimezone(NEW_YORK).date(), now=at)
    assert later == known[-1].close


def test_trade_of_an_open_market_moves_on_a_weekend_night():
    night = ny(2026, 11, 21, 23, 30)
    prices = {ALWAYS.trade("AAPL", night + timedelta(minutes=n)) for n in range(60)}
    assert len(prices) > 20
    assert len({REAL.trade("AAPL", night + timedelta(minutes=n)) for n in range(60)}) == 1


def test_trade_of_an_open_market_has_no_jump_at_midnight():
    before, after = ny(2026, 11, 21, 23, 59, 59), ny(2026, 11, 22)
    for symbol in SYMBOLS[:50]:
        assert ALWAYS.trade(symbol, before) == ALWAYS.trade(symbol, after)


def test_trade_of_an_unknown_symbol_is_refused():
    with pytest.raises(KeyError):
        REAL.trade("NOPE", ny(2026, 11, 23, 12))


def test_trade_at_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="naive"):
        REAL.trade("AAPL", datetime(2026, 11, 23, 12))


@given(processes, symbols, instants)
def test_quote_holds_the_trade_between_bid_and_ask(process, symbol, at):
    quote, trade = process.quote(symbol, at), process.trade(symbol, at)
    assert 0 < quote.bid <= trade <= quote.ask
    assert quote.bid < quote.ask
    assert is_tick_priced(quote.bid)
    assert is_tick_priced(quote.ask)
    assert quote.ask - quote.bid <= max(trade * Decimal("0.001"), Decimal("0.02"))
    assert {size % 100 for size in (quote.bid_size, quote.ask_size)} == {0}
    assert min(quote.bid_size, quote.ask_size) > 0


@pytest.mark.parametrize(
    ("at", "session"),
    [
        (ny(2026, 11, 24, 0, 1), date(2026, 11, 23)),  # a trading day, before its open
        (ny(2026, 11, 24, 12), date(2026, 11, 23)),
        (ny(2026, 11, 24, 23), date(2026, 11, 23)),
        (ny(2026, 11, 28, 12), date(2026, 11, 25)),  # Saturday: Friday's change, Thursday a holiday
        (ny(2026, 11, 30, 8), date(2026, 11, 27)),
    ],
)
def test_previous_close_is_what_the_days_change_is_measured_from(at, session):
    assert REAL.previous_close("AAPL", at) == bars_of(REAL, "AAPL", "1Day", session)[0].close


def test_previous_close_of_an_open_market_is_the_price_at_midnight():
    assert ALWAYS.previous_close("AAPL", ny(2026, 11, 22, 15)) == ALWAYS.trade("AAPL", ny(2026, 11, 22))


@settings(max_examples=8 * SCALE)
@given(processes, symbols, trading_days)
def test_bars_of_a_day_agree_with_its_minutes(process, symbol, day):
    [whole] = bars_of(process, symbol, "1Day", day)
    minutes = bars_of(process, symbol, "1Min", day)
    assert (whole.open, whole.high, whole.low, whole.close) == ohlc(minutes)
    assert whole.volume == sum(minute.volume for minute in minutes)
    assert whole.trade_count == sum(minute.trade_count for minute in minutes)
    assert {bar.low <= bar.vwap <= bar.high for bar in (whole, *minutes)} == {True}


@settings(max_examples=8 * SCALE)
@given(processes, symbols, trading_days, st.integers(0, 209))
def test_bars_of_a_minute_agree_with_its_trades(process, symbol, day, number):
    minute = bars_of(process, symbol, "1Min", day)[number]
    trades = [process.trade(symbol, minute.timestamp + timedelta(seconds=n)) for n in range(60)]
    assert (minute.open, minute.high, minute.low, minute.close) == (
        trades[0],
        max(trades),
        min(trades),
        trades[-1],
    )


@settings(max_examples=6 * SCALE)
@given(
    processes, symbols, trading_days, st.sampled_from(["5Min", "7Min", "15Min", "30Min", "1Hour", "4Hour"])
)
def test_bars_of_longer_intraday_frames_agree_with_the_day(process, symbol, day, timeframe):
    [whole] = bars_of(process, symbol, "1Day", day)
    parts = bars_of(process, symbol, timeframe, day - timedelta(days=1), day)
    parts = [bar for bar in parts if bar.timestamp.astimezone(NEW_YORK).date() == day]
    assert (whole.open, whole.high, whole.low, whole.close) == ohlc(parts)
    assert whole.volume == sum(part.volume for part in parts)
    assert all(before.timestamp < after.timestamp for before, after in pairwise(parts))


@pytest.mark.parametrize("timeframe", ["1Week", "1Month", "3Month", "12Month"])
def test_bars_of_longer_frames_agree_with_their_days(timeframe):
    longer = bars_of(REAL, "AAPL", timeframe, date(2025, 1, 1), date(2025, 12, 28))
    for before, after in pairwise(longer):
        first, next_first = (bar.timestamp.astimezone(NEW_YORK) for bar in (before, after))
        days = bars_of(REAL, "AAPL", "1Day", first.date(), next_first.date() - timedelta(days=1))
        assert (before.open, before.high, before.low, before.close) == ohlc(days)
        assert before.volume == sum(day.volume for day in days)


def test_bars_of_a_full_and_a_half_day_have_the_sessions_minutes():
    full = bars_of(REAL, "AAPL", "1Min", date(2026, 11, 25))
    half = bars_of(REAL, "AAPL", "1Min", date(2026, 11, 27))
    assert (len(full), len(half)) == (390, 210)
    assert full[0].timestamp == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
    assert half[-1].timestamp == datetime(2026, 11, 27, 17, 59, tzinfo=UTC)
    assert bars_of(REAL, "AAPL", "1Min", date(2026, 11, 26)) == []


def test_bars_are_stamped_as_the_vendor_does():
    [day] = bars_of(REAL, "AAPL", "1Day", date(2026, 7, 1))
    assert day.timestamp == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert day.timestamp.tzinfo is UTC
    hours = bars_of(REAL, "AAPL", "1Hour", date(2026, 11, 24))
    assert [bar.timestamp.hour for bar in hours] == [14, 15, 16, 17, 18, 19, 20]
    [week] = bars_of(REAL, "AAPL", "1Week", date(2026, 11, 2), date(2026, 11, 8))
    assert week.timestamp == datetime(2026, 11, 2, 5, tzinfo=UTC)
    [month] = bars_of(REAL, "AAPL", "1Month", date(2026, 11, 1), date(2026, 11, 30))
    assert month.timestamp == datetime(2026, 11, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(("day", "minutes"), [(date(2026, 3, 8), 1380), (date(2026, 11, 1), 1500)])
def test_bars_of_an_open_market_cover_days_that_change_the_clock(day, minutes):
    bars = bars_of(ALWAYS, "AAPL", "1Min", day)
    assert len(bars) == minutes
    assert {after.timestamp - before.timestamp for before, after in pairwise(bars)} == {timedelta(minutes=1)}


def test_bars_show_overnight_gaps_in_a_real_market_only():
    def gaps(process):
        days = bars_of(process, "AAPL", "1Day", date(2026, 1, 1), date(2026, 6, 30))
        return [float(after.open / before.close - 1) for before, after in pairwise(days)]

    assert 0.003 < pstdev(gaps(REAL)) < 0.03
    assert set(gaps(ALWAYS)) == {0.0}


def test_bars_move_about_as_much_as_the_asset_says():
    closes = [float(bar.close) for bar in bars_of(REAL, "AAPL", "1Day", date(2016, 1, 1), date(2026, 1, 1))]
    moves = [after / before - 1 for before, after in pairwise(closes)]
    assert 0.28 < pstdev(moves) * 252**0.5 < 0.36


@settings(max_examples=8 * SCALE)
@given(processes, symbols, st.integers(0, 3 * 86400))
def test_bars_with_now_know_nothing_after_it(process, symbol, seconds):
    now = ny(2026, 11, 23) + timedelta(seconds=seconds)
    last_day = bars_of(process, symbol, "1Day", date(2026, 11, 16), date(2026, 11, 28), now=now)[-1]
    on = last_day.timestamp.astimezone(NEW_YORK).date()
    minutes = bars_of(process, symbol, "1Min", on, date(2026, 11, 28), now=now)
    assert last_day.timestamp <= now
    assert minutes[-1].timestamp <= now
    assert (last_day.open, last_day.high, last_day.low, last_day.close) == ohlc(minutes)
    assert last_day.close == process.trade(symbol, now)
    assert last_day.volume == process.volume(symbol, now)


def test_bars_before_the_open_have_no_bar_of_the_day():
    assert bars_of(REAL, "AAPL", "1Day", date(2026, 11, 23), now=ny(2026, 11, 23, 9, 29, 59)) == []
    [bar] = bars_of(REAL, "AAPL", "1Day", date(2026, 11, 23), now=ny(2026, 11, 23, 9, 30))
    assert bar.open == bar.high == bar.low == bar.close


@pytest.mark.parametrize("timeframe", ["1Min", "1Hour", "1Day", "1Week", "1Month"])
def test_bars_read_page_by_page_or_backwards_are_the_same(timeframe):
    start, end = ny(2026, 10, 5), ny(2026, 11, 20)
    whole = REAL.bars("AAPL", timeframe, start, end)
    paged, since = [], start
    while page := REAL.bars("AAPL", timeframe, since, end, 4000 if timeframe == "1Min" else 11):
        paged += page
        since = page[-1].timestamp + timedelta(seconds=1)
    assert paged == whole
    assert REAL.bars("AAPL", timeframe, start, end, descending=True) == whole[::-1]


def test_bars_include_both_ends_of_the_range():
    at = ny(2026, 11, 23, 10)
    assert [bar.timestamp for bar in REAL.bars("AAPL", "1Min", at, at)] == [at]
    assert REAL.bars("AAPL", "1Min", at + timedelta(minutes=1), at) == []


def test_bars_of_a_bad_timeframe_are_refused():
    with pytest.raises(BadTimeframe):
        bars_of(REAL, "AAPL", "90Min", date(2026, 11, 23))


def test_volume_grows_through_the_session_and_rests_after_it():
    hours = [REAL.volume("AAPL", ny(2026, 11, 23, hour)) for hour in (10, 11, 12, 13, 14, 15, 16, 17)]
    assert all(before < after for before, after in pairwise(hours[:-1]))
    assert hours[-1] == hours[-2] == bars_of(REAL, "AAPL", "1Day", date(2026, 11, 23))[0].volume
