"""The prices of everything that trades, each from the process of its asset class."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sandbox.instruments.asset_classes import COINS, OPTIONS, SHARES, asset_class_of
from sandbox.instruments.assets import Asset
from sandbox.prices.bars import Bar
from sandbox.prices.coins import CoinPrices
from sandbox.prices.market import PriceProcess, Quote
from sandbox.prices.options import OptionPrices

Process = PriceProcess | OptionPrices


class AllPrices:
    """Of shares, coins and options. Raises as ``PriceProcess`` does."""

    def __init__(
        self, seed: int, shares: Iterable[Asset], pairs: Iterable[Asset] = (), *, always_open: bool = False
    ) -> None:
        self.shares = PriceProcess(seed, shares, always_open=always_open)
        self.coins = CoinPrices(seed, pairs)
        self.options = OptionPrices(self.shares)
        self._by_class: dict[object, Process] = {
            SHARES: self.shares, COINS: self.coins, OPTIONS: self.options,
        }  # fmt: skip

    def trade(self, symbol: str, at: datetime) -> Decimal:
        return self._by_class[asset_class_of(symbol)].trade(symbol, at)

    def quote(self, symbol: str, at: datetime) -> Quote:
        return self._by_class[asset_class_of(symbol)].quote(symbol, at)

    def previous_close(self, symbol: str, at: datetime) -> Decimal:
        return self._by_class[asset_class_of(symbol)].previous_close(symbol, at)

    def bars(
        self, symbol: str, timeframe: str, start: datetime, end: datetime, limit: int | None = None, *,
        now: datetime | None = None, descending: bool = False,
    ) -> list[Bar]:  # fmt: skip
        find = self._by_class[asset_class_of(symbol)].bars
        return find(symbol, timeframe, start, end, limit, now=now, descending=descending)
