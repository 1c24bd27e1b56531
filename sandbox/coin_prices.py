"""The prices of crypto pairs: the process of the shares, at every hour of every day."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from math import exp

from sandbox.assets import Asset
from sandbox.bars import Bar
from sandbox.market import TRADE_SIZE, PriceProcess, Quote
from sandbox.noise import uniform

COIN = 10**9
"""Volumes and sizes are whole billionths of a coin."""
VWAP_PLACES = Decimal("0.000000000001")
LOT_DOLLARS = 500


class CoinPrices(PriceProcess):
    """Prices of pairs. Days are those of New York, from midnight to midnight."""

    def __init__(self, seed: int, pairs: Iterable[Asset]) -> None:
        listed = list(pairs)
        super().__init__(seed, listed, always_open=True)
        self._ticks = {pair.symbol: pair.increments.price for pair in listed if pair.increments is not None}
        self._places = {symbol: _places(tick) for symbol, tick in self._ticks.items()}

    def _price(self, symbol: str, level: float) -> Decimal:
        return max(Decimal(f"{exp(level):.{self._places[symbol]}f}"), self._ticks[symbol])

    def _tick(self, symbol: str, price: Decimal) -> Decimal:
        return self._ticks[symbol]

    def _vwap_places(self, symbol: str) -> Decimal:
        return VWAP_PLACES

    def _size(self, price: Decimal, lots: int) -> int:
        return max(int(LOT_DOLLARS * lots * COIN / price), 1)

    def _totals(self, key: int, dollars: float, price: float) -> tuple[int, int]:
        return int(dollars / price * COIN), max(1, int(dollars / (300 + 1_500 * uniform(key, TRADE_SIZE))))


class AllPrices:
    """The prices of everything that trades, by symbol. Raises as ``PriceProcess`` does."""

    def __init__(
        self, seed: int, shares: Iterable[Asset], pairs: Iterable[Asset], *, always_open: bool
    ) -> None:
        self.shares = PriceProcess(seed, shares, always_open=always_open)
        self.coins = CoinPrices(seed, pairs)
        self.seconds = self.shares.seconds

    def of(self, symbol: str) -> PriceProcess:
        return self.coins if "/" in symbol else self.shares

    def trade(self, symbol: str, at: datetime) -> Decimal:
        return self.of(symbol).trade(symbol, at)

    def quote(self, symbol: str, at: datetime) -> Quote:
        return self.of(symbol).quote(symbol, at)

    def previous_close(self, symbol: str, at: datetime) -> Decimal:
        return self.of(symbol).previous_close(symbol, at)

    def minute_bar(self, symbol: str, at: datetime) -> Bar:
        return self.of(symbol).minute_bar(symbol, at)

    def traded(self, symbol: str, at: datetime) -> tuple[int, int]:
        return self.of(symbol).traded(symbol, at)

    def bars(
        self, symbol: str, timeframe: str, start: datetime, end: datetime, limit: int | None = None, *,
        now: datetime | None = None, descending: bool = False,
    ) -> list[Bar]:  # fmt: skip
        process = self.of(symbol)
        return process.bars(symbol, timeframe, start, end, limit, now=now, descending=descending)


def _places(tick: Decimal) -> int:
    exponent = tick.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent
