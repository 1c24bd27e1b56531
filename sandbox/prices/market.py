"""The price process behind fills and market data: a pure function of seed, symbol and time.

Three levels, each a path that the level below keeps to: daily closes, a day's minutes, a minute's seconds.
Logarithms of prices are floats inside; every price that leaves is a Decimal.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby, islice
from math import ceil, exp, log, sqrt

import msgspec

from sandbox.instruments.assets import PRICES_ON, Asset
from sandbox.kernel.clock import NEW_YORK
from sandbox.kernel.noise import Path, bridge, draw, key_of, normal, path_between, uniform
from sandbox.prices.bars import VWAP_PLACES, Bar, Timeframe, merge, parse_timeframe
from sandbox.prices.days import EveryDay, MarketDay, SessionDays

BLOCK = 1024
"""Days between the fixed points of the daily path; they keep the price near its base for ever."""
BLOCK_DEVIATION = 12
"""Deviation of the fixed points, in days' deviations."""

CENT = Decimal("0.01")
MIL = Decimal("0.0001")

# Keys of the children of a symbol's key; days use their index, which is positive.
CLOSES, TURNOVER, TRADE_SIZE, SPREAD = range(-4, 0)
# Draws from a day's key beside its path's.
GAP, ACTIVITY = -11, -12
SHARES, QUOTES = -21, -22

Prices = tuple[float, float, float, float]
"""Logarithms of open, high, low and close."""


class Quote(msgspec.Struct, frozen=True):
    """Best bid and offer: USD, 2 dp (4 dp below $1), bid < ask; sizes in shares, round lots.

    Of a pair: in its own increments, sizes in billionths of a coin.
    """

    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int


class DayShape(msgspec.Struct, frozen=True):
    """One symbol's day: the logarithms of its prices at minute boundaries, and its totals."""

    day: MarketDay
    path: Path
    volume: int
    trade_count: int

    def share_before(self, minute: int) -> float:
        """The part of the day's volume traded before a minute: busy at the open and the close."""
        if minute <= 0 or minute >= self.day.minutes:
            return float(minute > 0)
        jitter = 0.9 * (uniform(draw(self.path.key, SHARES), minute) - 0.5)
        middle = 2 * (minute + jitter) / self.day.minutes - 1
        return 0.3 * (middle + 1) + 0.2 * (middle**3 + 1)

    def traded_before(self, second: int, total: int) -> int:
        """How much of a day's total has happened before a second of the day; whole at the day's end."""
        minute, rest = divmod(second, 60)
        share = self.share_before(minute)
        if rest:
            share += (self.share_before(minute + 1) - share) * rest / 60
        return int(total * share)


class PriceProcess:
    """Prices of a list of assets. Unknown symbols raise KeyError, naive datetimes ValueError.

    With always_open prices move at all times; otherwise in NYSE sessions, and rest at the last price between.
    """

    def __init__(self, seed: int, assets: Iterable[Asset], *, always_open: bool = False) -> None:
        self._assets = {asset.symbol: asset for asset in assets}
        self._keys = {symbol: key_of(seed, symbol) for symbol in self._assets}
        self._days: EveryDay | SessionDays = EveryDay() if always_open else SessionDays()
        self._anchor = self._days.index_of(PRICES_ON)
        self._latest = (0, 0, MarketDay(0, 0, 0, 0))
        self._origin = cache(self._find_origin)
        self._level = lru_cache(maxsize=65_536)(self._find_level)
        self._shape = lru_cache(maxsize=16_384)(self._find_shape)
        self._minute = lru_cache(maxsize=8_192)(self._find_minute)
        self._minutes = lru_cache(maxsize=256)(self._find_minutes)
        self._so_far = lru_cache(maxsize=4_096)(self._find_so_far)

    def trade(self, symbol: str, at: datetime) -> Decimal:
        """The last trade price at an instant, to the second."""
        day, second = self.locate(at)
        return self._price(symbol, self._second(symbol, day, second))

    def quote(self, symbol: str, at: datetime) -> Quote:
        """The best bid and offer at an instant, with the last trade between them or at one of them."""
        day, second = self.locate(at)
        trade = self._price(symbol, self._second(symbol, day, second))
        key = self._keys[symbol]
        bits = draw(draw(draw(key, day.index), QUOTES), second)
        tick = self._tick(symbol, trade)
        width = float(trade) * (0.5 + 2.5 * uniform(key, SPREAD)) / 10_000
        ticks = max(1, round(width / float(tick))) + (bits & 1)
        below = min((bits >> 8) % (ticks + 1), int(trade / tick) - 1)
        return Quote(
            bid=trade - below * tick,
            ask=trade + (ticks - below) * tick,
            bid_size=self._size(trade, 1 + (bits >> 24) % 20),
            ask_size=self._size(trade, 1 + (bits >> 40) % 20),
        )

    def previous_close(self, symbol: str, at: datetime) -> Decimal:
        """The close that "today's change" is measured from.

        On a trading day, from midnight on, the close of the session before. On a closed day the close before
        the last session, so that a weekend still shows Friday's change.
        """
        before = self._days.before(self._days.current(_aware(at)))
        return self._price(symbol, self._level(symbol, before.index))

    def previous_close_at(self, at: datetime) -> datetime:
        """The last second of the day that "today's change" is measured from."""
        day = self._days.before(self._days.current(at))
        return _instant(day.start + day.last_second)

    def minute_bar(self, symbol: str, at: datetime) -> Bar:
        """The minute of the last trade, as far as it has come."""
        day, second = self.locate(at)
        minute = second // 60
        return next(self._minute_bars(symbol, day, day.start + second, range(minute, minute + 1)))

    def volume(self, symbol: str, at: datetime) -> int:
        """Shares traded in the latest session up to an instant."""
        day, second = self.locate(at)
        shape = self._shape(symbol, day)
        return shape.traded_before(second + 1, shape.volume)

    def traded(self, symbol: str, at: datetime) -> tuple[int, int]:
        """Shares and trades of the latest session up to an instant."""
        day, second = self.locate(at)
        shape = self._shape(symbol, day)
        return (
            shape.traded_before(second + 1, shape.volume),
            shape.traded_before(second + 1, shape.trade_count),
        )

    def seconds(
        self, start: datetime, end: datetime, limit: int, *, descending: bool = False
    ) -> Iterator[datetime]:
        """The seconds from start to end, both included, that have a price of their own; at most `limit`."""
        low, high = ceil(_aware(start).timestamp()), int(_aware(end).timestamp())
        first, last = start.astimezone(NEW_YORK).date(), end.astimezone(NEW_YORK).date()
        seconds = (
            second
            for day in self._days.between(first, last, descending)
            for second in range(max(low, day.start), min(high, day.start + day.last_second) + 1)[
                :: -1 if descending else 1
            ]
        )
        return map(_instant, islice(seconds, limit))

    def bars(
        self,
        symbol: str,
        timeframe: str,
        start: datetime,
        end: datetime,
        limit: int | None = None,
        *,
        now: datetime | None = None,
        descending: bool = False,
    ) -> list[Bar]:
        """Bars whose timestamp lies from start to end, both included; the first `limit` of them.

        With now, nothing after it is known: the bar in progress holds what has traded up to that second.
        Raises BadTimeframe. Days and longer are stamped at New York midnight.
        """
        frame = parse_timeframe(timeframe)
        _aware(start), _aware(end)
        find = self._intraday_bars if frame.is_intraday else self._long_bars
        until = None if now is None else int(_aware(now).timestamp())
        found = find(symbol, frame, start, end, until, descending)
        return list(islice((bar for bar in found if start <= bar.timestamp <= end), limit))

    def _intraday_bars(
        self,
        symbol: str,
        frame: Timeframe,
        start: datetime,
        end: datetime,
        until: int | None,
        descending: bool,
    ) -> Iterator[Bar]:
        first, last = start.astimezone(NEW_YORK).date(), end.astimezone(NEW_YORK).date()
        for day in self._days.between(first, last, descending):
            midnight = day.midnight
            # Whole intervals only, and none that the caller would throw away: a day has up to 1,440 minutes.
            begin = midnight + ceil((start.timestamp() - midnight) / frame.seconds) * frame.seconds
            after = midnight + (int(end.timestamp() - midnight) // frame.seconds + 1) * frame.seconds
            minutes = range(max((begin - day.start) // 60, 0), max((after - day.start) // 60, 0))

            def interval(bar: Bar, midnight: int = midnight) -> int:
                return (int(bar.timestamp.timestamp()) - midnight) // frame.seconds

            groups = [
                merge(list(bars), _instant(midnight + number * frame.seconds))
                for number, bars in groupby(self._minute_bars(symbol, day, until, minutes), key=interval)
            ]
            yield from reversed(groups) if descending else groups

    def _long_bars(
        self,
        symbol: str,
        frame: Timeframe,
        start: datetime,
        end: datetime,
        until: int | None,
        descending: bool,
    ) -> Iterator[Bar]:
        first = frame.first_day(start.astimezone(NEW_YORK).date())
        last = frame.last_day(end.astimezone(NEW_YORK).date())
        days = self._days.between(first, last, descending)
        bars = (bar for day in days if (bar := self._day_bar(symbol, day, until)) is not None)

        def interval(bar: Bar) -> datetime:
            local = bar.timestamp.astimezone(NEW_YORK)
            opening = frame.first_day(local.date())
            return local.replace(year=opening.year, month=opening.month, day=opening.day).astimezone(UTC)

        for timestamp, group in groupby(bars, key=interval):
            members = list(group)
            yield merge(members[::-1] if descending else members, timestamp)

    def _day_bar(self, symbol: str, day: MarketDay, until: int | None) -> Bar | None:
        """The bar of a day, up to a Unix second; None when the day has not begun by then."""
        if until is not None and until < day.start + day.last_second:
            minute = (until - day.start) // 60
            parts = [self._so_far(symbol, day, minute)] if minute > 0 else []
            parts += self._minute_bars(symbol, day, until, range(minute, minute + 1)) if minute >= 0 else []
            return merge(parts, _instant(day.midnight)) if parts else None
        shape = self._shape(symbol, day)
        return self._bar(symbol, day.midnight, _ohlc(shape.path), shape.volume, shape.trade_count)

    def _find_so_far(self, symbol: str, day: MarketDay, minute: int) -> Bar:
        """One bar for a day's minutes before a minute."""
        return merge(list(self._minute_bars(symbol, day, None, range(minute))), _instant(day.midnight))

    def _minute_bars(self, symbol: str, day: MarketDay, until: int | None, minutes: range) -> Iterator[Bar]:
        """Bars of some of a day's minutes, as far as they are known at a Unix second."""
        known = day.last_second if until is None else until - day.start
        every = self._minutes(symbol, day)
        for minute in minutes[: max(len(every) - minutes.start, 0)]:
            prices = every[minute]
            first, last = minute * 60, minute * 60 + 59
            if known < first:
                return
            if known < last:
                last = known
                seconds = [self._second(symbol, day, second) for second in range(first, last + 1)]
                yield self._minute_bar(symbol, day, first, last, _ohlc_of(seconds))
            else:
                yield self._minute_bar(symbol, day, first, last, prices)

    def _minute_bar(self, symbol: str, day: MarketDay, first: int, last: int, prices: Prices) -> Bar:
        shape = self._shape(symbol, day)
        volume, trades = (
            shape.traded_before(last + 1, total) - shape.traded_before(first, total)
            for total in (shape.volume, shape.trade_count)
        )
        return self._bar(symbol, day.start + first, prices, volume, trades)

    def _bar(self, symbol: str, start: int, prices: Prices, volume: int, trade_count: int) -> Bar:
        opening, high, low, close = (self._price(symbol, level) for level in prices)
        vwap = ((opening + high + low + close) / 4).quantize(self._vwap_places(symbol))
        return Bar(_instant(start), opening, high, low, close, volume, trade_count, vwap)

    def locate(self, at: datetime) -> tuple[MarketDay, int]:
        """The day whose prices hold at an instant, and the second within it: the last one after the close."""
        second = int(_aware(at).timestamp())
        begins, ends, day = self._latest
        if not begins <= second < ends:
            day = self._days.latest(at)
            self._latest = (day.start, self._days.next_start(at), day)
        return day, min(second - day.start, day.last_second)

    def _second(self, symbol: str, day: MarketDay, second: int) -> float:
        minute, rest = divmod(second, 60)
        return self._minute(symbol, day, minute).at(rest)

    def _find_level(self, symbol: str, index: int) -> float:
        """The logarithm of the close of a day, by its index."""
        asset, key = self._assets[symbol], draw(self._keys[symbol], CLOSES)
        scale = self._deviation(asset)
        return self._origin(symbol) + _wander(key, index, scale)

    def _find_origin(self, symbol: str) -> float:
        """What to add to the symbol's wandering for its base price to be the close of the anchor day."""
        asset, key = self._assets[symbol], draw(self._keys[symbol], CLOSES)
        return log(asset.base_price) - _wander(key, self._anchor, self._deviation(asset))

    def _find_shape(self, symbol: str, day: MarketDay) -> DayShape:
        asset, key = self._assets[symbol], self._keys[symbol]
        day_key = draw(key, day.index)
        before = self._level(symbol, self._days.before(day).index)
        close = self._level(symbol, day.index)
        deviation, overnight = self._deviation(asset), self._days.overnight_share
        gap = overnight * (close - before)
        gap += deviation * sqrt(overnight * (1 - overnight)) * normal(day_key, GAP)
        scale = deviation * sqrt((1 - overnight) / day.minutes)
        turnover = 2e7 * 100 ** uniform(key, TURNOVER)
        activity = exp(0.35 * normal(day_key, ACTIVITY) + 0.2 * abs(close - before) / deviation)
        path = path_between(day_key, day.minutes, before + gap, close, scale)
        volume, trade_count = self._totals(key, turnover * activity, exp(close))
        return DayShape(day=day, path=path, volume=volume, trade_count=trade_count)

    def _find_minute(self, symbol: str, day: MarketDay, minute: int) -> Path:
        """A minute's seconds: from the price at its first boundary to the price at its second one."""
        whole = self._shape(symbol, day).path
        start, end = whole.at(minute), whole.at(minute + 1)
        return _seconds(whole, minute, start, end)

    def _find_minutes(self, symbol: str, day: MarketDay) -> list[Prices]:
        whole = self._shape(symbol, day).path
        edges = [whole.at(minute) for minute in range(day.minutes + 1)]
        return [_ohlc(_seconds(whole, n, edges[n], edges[n + 1])) for n in range(day.minutes)]

    def _deviation(self, asset: Asset) -> float:
        return asset.volatility / sqrt(self._days.days_per_year)

    # What differs for coins

    def _price(self, symbol: str, level: float) -> Decimal:
        """A price from its logarithm."""
        return _price(level)

    def _tick(self, symbol: str, price: Decimal) -> Decimal:
        """The least step of a price."""
        return CENT if price >= 1 else MIL

    def _vwap_places(self, symbol: str) -> Decimal:
        return VWAP_PLACES

    def _size(self, price: Decimal, lots: int) -> int:
        """What stands on one side of a quote."""
        return 100 * lots

    def _totals(self, key: int, dollars: float, price: float) -> tuple[int, int]:
        """Volume and number of trades of a day that turns over so many dollars."""
        volume = max(100, int(dollars / price))
        return volume, max(1, int(volume / (40 + 160 * uniform(key, TRADE_SIZE))))


def _wander(key: int, index: int, scale: float) -> float:
    """The daily path before anchoring: a bridge between fixed points BLOCK days apart."""
    block = index // BLOCK
    left, right = (
        (number * BLOCK, BLOCK_DEVIATION * scale * normal(key, -1 - number)) for number in (block, block + 1)
    )
    return bridge(key, index, left, right, scale)


def _seconds(whole: Path, minute: int, start: float, end: float) -> Path:
    key = draw(whole.key, minute)
    return path_between(key, 59, start, end, whole.scale / sqrt(59), floor=whole.low, ceiling=whole.high)


def _ohlc(path: Path) -> Prices:
    return path.start, path.high, path.low, path.end


def _ohlc_of(levels: list[float]) -> Prices:
    return levels[0], max(levels), min(levels), levels[-1]


def _price(level: float) -> Decimal:
    """A price from its logarithm: 2 dp, or 4 dp below $1; never zero, and in the order of the levels."""
    price = exp(level)
    if price >= 0.99995:
        return Decimal(f"{price:.2f}")
    return max(Decimal(f"{price:.4f}"), MIL)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in the market's day")
    return at
