"""The prices of crypto pairs: the process of the shares, at every hour of every day."""

from collections.abc import Iterable
from decimal import Decimal
from math import exp

from sandbox.instruments.assets import Asset
from sandbox.kernel.noise import uniform
from sandbox.prices.market import TRADE_SIZE, PriceProcess

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


def _places(tick: Decimal) -> int:
    exponent = tick.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent
