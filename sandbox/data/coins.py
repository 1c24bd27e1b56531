"""The market data API of crypto pairs, from the price process that fills orders too. No key is needed."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from sandbox.data.common import bar_view, data_endpoint, given_symbols, read_bars, read_pages, stamp
from sandbox.instruments.asset_classes import COINS, asset_class_of
from sandbox.prices.bars import Bar
from sandbox.prices.coins import COIN, CoinPrices
from sandbox.prices.market import Quote
from sandbox.state.api import Call, malformed

CRYPTO = "/v1beta3/crypto/{loc}"
LOCATIONS = frozenset(("us", "us-1", "us-2", "eu-1", "bs-1"))
PAIR = re.compile(r"[A-Z0-9]{1,12}/[A-Z0-9]{1,12}")
LEVELS = 10
"""Price levels on each side of an order book, each a fiftieth of a per cent from the one before."""
STEP = Decimal("0.0002")
Rows = list[tuple[dt.datetime, Any]]


@data_endpoint(CRYPTO + "/bars")
def get_crypto_bars(call: Call) -> dict[str, Any]:
    found, token = read_bars(call, sorted(_pairs(call)), call.world.coins.bars, _bar)
    return {"bars": found, "next_page_token": token}


@data_endpoint(CRYPTO + "/trades")
def get_crypto_trades(call: Call) -> dict[str, Any]:
    """One trade a second."""
    return _ticks(call, "trades")


@data_endpoint(CRYPTO + "/quotes")
def get_crypto_quotes(call: Call) -> dict[str, Any]:
    """One quote a second."""
    return _ticks(call, "quotes")


@data_endpoint(CRYPTO + "/snapshots")
def get_crypto_snapshots(call: Call) -> dict[str, Any]:
    return {"snapshots": {symbol: _snapshot(call, symbol) for symbol in _pairs(call)}}


@data_endpoint(CRYPTO + "/latest/bars")
def get_latest_crypto_bars(call: Call) -> dict[str, Any]:
    coins = call.world.coins
    return {"bars": {symbol: _bar(coins.minute_bar(symbol, call.now)) for symbol in _pairs(call)}}


@data_endpoint(CRYPTO + "/latest/trades")
def get_latest_crypto_trades(call: Call) -> dict[str, Any]:
    return {"trades": {symbol: _trade(call.world.coins, symbol, call.now) for symbol in _pairs(call)}}


@data_endpoint(CRYPTO + "/latest/quotes")
def get_latest_crypto_quotes(call: Call) -> dict[str, Any]:
    return {"quotes": {symbol: _quote(call.world.coins, symbol, call.now) for symbol in _pairs(call)}}


@data_endpoint(CRYPTO + "/latest/orderbooks")
def get_latest_crypto_order_books(call: Call) -> dict[str, Any]:
    """Ten levels on either side, best first; the first is the latest quote."""
    return {"orderbooks": {symbol: _book(call, symbol) for symbol in _pairs(call)}}


def _ticks(call: Call, kind: str) -> dict[str, Any]:
    coins, show = call.world.coins, _trade if kind == "trades" else _quote

    def read(symbol: str, low: dt.datetime, high: dt.datetime, most: int, descending: bool) -> Rows:
        seconds = coins.seconds(low, high, most, descending=descending)
        return [(at, show(coins, symbol, at)) for at in seconds]

    found, token = read_pages(call, sorted(_pairs(call)), read)
    return {kind: found, "next_page_token": token}


def _pairs(call: Call) -> list[str]:
    """The known ones of ``symbols``. Raises a 400 for what does not look like a pair, or a wrong location."""
    if call.params["loc"] not in LOCATIONS:
        raise malformed(f"invalid location: {call.params['loc'][:20]}")
    given = given_symbols(call)
    for symbol in given:
        if not PAIR.fullmatch(symbol):
            raise malformed(f"invalid symbol: {symbol[:20]}")
    assets = (call.world.find_asset(symbol) for symbol in given)
    return [asset.symbol for asset in assets if asset is not None and asset_class_of(asset.symbol) is COINS]


def _snapshot(call: Call, symbol: str) -> dict[str, Any]:
    coins, now = call.world.coins, call.now
    days = coins.bars(symbol, "1Day", now - dt.timedelta(days=3), now, now=now, descending=True, limit=2)
    return {
        "latestTrade": _trade(coins, symbol, now),
        "latestQuote": _quote(coins, symbol, now),
        "minuteBar": _bar(coins.minute_bar(symbol, now)),
        "dailyBar": _bar(days[0]),
        "prevDailyBar": _bar(days[1]),
    }


def _trade(coins: CoinPrices, symbol: str, now: dt.datetime) -> dict[str, Any]:
    at, price, quote = now.replace(microsecond=0), coins.trade(symbol, now), coins.quote(symbol, now)
    is_buy = quote.ask - price <= price - quote.bid
    return {
        "t": stamp(at), "p": price, "s": _coins(quote.ask_size if is_buy else quote.bid_size),
        "tks": "B" if is_buy else "S", "i": int(at.timestamp()),
    }  # fmt: skip


def _quote(coins: CoinPrices, symbol: str, now: dt.datetime) -> dict[str, Any]:
    quote = coins.quote(symbol, now)
    return {
        "t": stamp(now.replace(microsecond=0)), "ap": quote.ask, "as": _coins(quote.ask_size),
        "bp": quote.bid, "bs": _coins(quote.bid_size),
    }  # fmt: skip


def _book(call: Call, symbol: str) -> dict[str, Any]:
    quote, tick = call.world.coins.quote(symbol, call.now), _tick(call, symbol)
    step = max((quote.ask * STEP).quantize(tick), tick)
    return {
        "t": stamp(call.now.replace(microsecond=0)),
        "b": [level for level in _levels(quote, "bid", -step) if level["p"] > 0],
        "a": _levels(quote, "ask", step),
    }


def _levels(quote: Quote, side: str, step: Decimal) -> list[dict[str, Decimal]]:
    price, size = getattr(quote, side), getattr(quote, f"{side}_size")
    return [{"p": price + n * step, "s": _coins(size * (n + 1))} for n in range(LEVELS)]


def _tick(call: Call, symbol: str) -> Decimal:
    increments = call.world.asset(symbol).increments
    assert increments is not None
    return increments.price


def _bar(bar: Bar) -> dict[str, Any]:
    return {**bar_view(bar), "v": _coins(bar.volume)}


def _coins(billionths: int) -> Decimal:
    return Decimal(billionths) / COIN
