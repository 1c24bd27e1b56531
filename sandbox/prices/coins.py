"""The prices of crypto pairs: the process of the shares, at every hour of every day."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from math import exp

from sandbox.instruments.assets import Asset
from sandbox.kernel.noise import uniform
from sandbox.prices.bars import Bar
from sandbox.prices.market import TRADE_SIZE, PriceProcess, Quote
from sandbox.prices.options import Prices

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


class AllPrices(Prices):
    """The prices of everything that trades: of pairs too. Raises as ``PriceProcess`` does."""

    def __init__(
        self, seed: int, shares: Iterable[Asset], pairs: Iterable[Asset], *, always_open: bool
    ) -> None:
        super().__init__(seed, shares, always_open=always_open)
        self.coins = CoinPrices(seed, pairs)

    def trade(self, symbol: str, at: datetime) -> Decimal:
        return self.coins.trade(symbol, at) if "/" in symbol else super().trade(symbol, at)

    def quote(self, symbol: str, at: datetime) -> Quote:
        return self.coins.quote(symbol, at) if "/" in symbol else super().quote(symbol, at)

    def previous_close(self, symbol: str, at: datetime) -> Decimal:
        return self.coins.previous_close(symbol, at) if "/" in symbol else super().previous_close(symbol, at)

    def bars(
        self, symbol: str, timeframe: str, start: datetime, end: datetime, limit: int | None = None, *,
        now: datetime | None = None, descending: bool = False,
    ) -> list[Bar]:  # fmt: skip
        find = self.coins.bars if "/" in symbol else super().bars
        return find(symbol, timeframe, start, end, limit, now=now, descending=descending)


def _places(tick: Decimal) -> int:
    exponent = tick.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent
