"""Prices of option contracts over the prices of their shares, by Black and Scholes.

An option rests when its share rests. At its last close it is worth what exercising it brings, from then on.
"""

import datetime as dt
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import exp, log, sqrt

from sandbox.instruments import black_scholes
from sandbox.instruments.black_scholes import Greeks
from sandbox.instruments.option_contracts import Contract, known, listed_on
from sandbox.kernel.clock import NEW_YORK
from sandbox.kernel.noise import draw, key_of, uniform
from sandbox.prices.bars import VWAP_PLACES, Bar, Timeframe, parse_timeframe
from sandbox.prices.market import PriceProcess, Quote

RATE = 0.04  # a year
YEAR = 365 * 86_400
THREE, CENT, NICKEL = Decimal(3), Decimal("0.01"), Decimal("0.05")
SPREAD = 0.01  # of the price, on either side
SHARES_A_CONTRACT_TRADED = 4_000  # volume of the share for one contract of an option at the money
TRADE_SIZE = 3
ONE_SECOND = dt.timedelta(seconds=1)


class OptionPrices:
    """Of the options on listed shares: USD a share, in ticks of 0.01, or 0.05 from $3 on."""

    def __init__(self, shares: PriceProcess) -> None:
        self._shares = shares
        # One chain asks for the same of its share a thousand times.
        self._share = lru_cache(maxsize=256)(shares.trade)
        self._share_minute = lru_cache(maxsize=64)(shares.minute_bar)
        self._share_volume = lru_cache(maxsize=64)(shares.volume)
        self._share_bars = lru_cache(maxsize=4)(shares.bars)

    def trade(self, symbol: str, at: dt.datetime) -> Decimal:
        contract = known(symbol)
        return self._worth(contract, self._share(contract.underlying.symbol, _alive(contract, at)), at)

    def quote(self, symbol: str, at: dt.datetime) -> Quote:
        trade = max(self.trade(symbol, at), CENT)
        tick = _tick(trade)
        bits = draw(draw(_key(symbol), 1), int(at.timestamp()))
        wide = 1 + int(float(trade) * SPREAD / float(tick))
        below, above = wide - (bits & 1) * (wide > 1), wide
        return Quote(
            bid=max(trade - below * tick, CENT), ask=trade + above * tick,
            bid_size=1 + (bits >> 8) % 200, ask_size=1 + (bits >> 24) % 200,
        )  # fmt: skip

    def previous_close(self, symbol: str, at: dt.datetime) -> Decimal:
        return self.trade(symbol, self._shares.previous_close_at(at))

    def minute_bar(self, symbol: str, at: dt.datetime) -> Bar:
        contract = known(symbol)
        at = _alive(contract, at)
        bar = self._share_minute(contract.underlying.symbol, at)
        return self._option_bar(contract, bar, min(at, bar.timestamp + 59 * ONE_SECOND))

    def bars(
        self, symbol: str, timeframe: str, start: dt.datetime, end: dt.datetime, limit: int | None = None, *,
        now: dt.datetime | None = None, descending: bool = False,
    ) -> list[Bar]:  # fmt: skip
        contract, frame = known(symbol), parse_timeframe(timeframe)
        begun = dt.datetime.combine(listed_on(contract.expires_on), dt.time(), NEW_YORK)
        start, end = max(start, begun), min(end, contract.expires_at - ONE_SECOND)
        known_until = min(filter(None, (now, contract.expires_at - ONE_SECOND)))
        found = self._share_bars(
            contract.underlying.symbol, timeframe, start, end, limit, now=known_until, descending=descending
        )
        return [self._option_bar(contract, bar, min(_last_of(bar, frame), known_until)) for bar in found]

    def greeks(self, symbol: str, at: dt.datetime) -> tuple[float, Greeks] | None:
        """The volatility that the middle of the quote implies, and the greeks at it; None where none does."""
        contract = known(symbol)
        years = self._years(contract, at)
        quote = self.quote(symbol, at)
        spot, strike = float(self._share(contract.underlying.symbol, at)), float(contract.strike)
        middle = float(quote.bid + quote.ask) / 2
        volatility = black_scholes.implied_volatility(contract.kind, middle, spot, strike, years, RATE)
        if volatility is None:
            return None
        return volatility, black_scholes.greeks(contract.kind, spot, strike, years, RATE, volatility)

    def volume(self, symbol: str, at: dt.datetime) -> int:
        contract = known(symbol)
        return self._volume(contract, at, self._share_volume(contract.underlying.symbol, at))

    def _volume(self, contract: Contract, at: dt.datetime, of_share: int) -> int:
        """Contracts traded while so many shares were: most of them at the money."""
        spot = float(self._share(contract.underlying.symbol, at))
        width = contract.underlying.volatility * sqrt(max(self._years(contract, at), 0.01))
        nearness = exp(-((log(spot / float(contract.strike)) / width) ** 2) / 2)
        return int(of_share * nearness * uniform(_key(contract.symbol), 2) / SHARES_A_CONTRACT_TRADED)

    def _worth(self, contract: Contract, spot: Decimal, at: dt.datetime) -> Decimal:
        """What an option trades at when its share does at ``spot``: never less than exercising it brings."""
        sign = 1 if contract.kind == "call" else -1
        gain = max(sign * (spot - contract.strike), Decimal(0))
        years = self._years(contract, at)
        if years <= 0:
            return gain.quantize(CENT, ROUND_HALF_UP)
        model = black_scholes.value(
            contract.kind, float(spot), float(contract.strike), years, RATE, contract.underlying.volatility
        )
        price = Decimal(f"{model:.6f}")
        tick = _tick(max(price, gain))
        rounding = ROUND_HALF_UP if price > gain else ROUND_CEILING
        ticks = (max(price, gain) / tick).to_integral_value(rounding)
        if ticks * tick < gain:
            ticks += 1
        return max(ticks * tick, CENT)

    def _years(self, contract: Contract, at: dt.datetime) -> float:
        """Time left of it, up to the instant its share last traded; 0 from the last close on."""
        if at >= contract.expires_at:
            return 0.0
        day, second = self._shares.locate(at)
        return (int(contract.expires_at.timestamp()) - day.start - second) / YEAR

    def _option_bar(self, contract: Contract, bar: Bar, end: dt.datetime) -> Bar:
        """From the share's bar: at its open when it begins, at its high and low on the way, at its close."""
        opening = self._worth(contract, bar.open, bar.timestamp)
        close = self._worth(contract, bar.close, end)
        reached = [opening, close, *(self._worth(contract, spot, end) for spot in (bar.high, bar.low))]
        volume = max(self._volume(contract, end, bar.volume), 1)
        high, low = max(reached), min(reached)
        vwap = ((opening + high + low + close) / 4).quantize(VWAP_PLACES)
        return Bar(bar.timestamp, opening, high, low, close, volume, -(-volume // TRADE_SIZE), vwap)


def _alive(contract: Contract, at: dt.datetime) -> dt.datetime:
    """An instant, at most the last second with a price before the contract's end."""
    return min(at, contract.expires_at - ONE_SECOND)


def _last_of(bar: Bar, frame: Timeframe) -> dt.datetime:
    """The last second of a bar's interval."""
    if frame.is_intraday:
        return bar.timestamp + dt.timedelta(seconds=frame.seconds - 1)
    day = frame.last_day(bar.timestamp.astimezone(NEW_YORK).date()) + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(), NEW_YORK).astimezone(dt.UTC) - ONE_SECOND


def _tick(price: Decimal) -> Decimal:
    return NICKEL if price >= THREE else CENT


@lru_cache(maxsize=4_096)
def _key(symbol: str) -> int:
    return key_of(0, symbol)
