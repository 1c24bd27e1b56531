"""The market data API on the same port, from the price process that fills orders too."""

import datetime as dt
from typing import Any

from sandbox.data.common import (
    bar_view,
    data_endpoint,
    read_bars,
    read_pages,
    stamp,
    symbol_of,
    symbols_of,
)
from sandbox.state.api import Call
from sandbox.state.world import World

SIP, TAPE = "V", "C"
REGULAR, NO_RESUME = "R", "Z"
"""Conditions of a quote (UTP plan, UQDF): the second while trading is halted."""
Rows = list[tuple[dt.datetime, Any]]


@data_endpoint("/v2/stocks/snapshots")
def get_snapshots(call: Call) -> dict[str, Any]:
    """A map by symbol, without an envelope; unknown symbols are absent."""
    return {symbol: _snapshot(call.world, symbol, call.now) for symbol in symbols_of(call)}


@data_endpoint("/v2/stocks/trades/latest")
def get_latest_trades(call: Call) -> dict[str, Any]:
    return {"trades": {symbol: _trade(call.world, symbol, call.now) for symbol in symbols_of(call)}}


@data_endpoint("/v2/stocks/quotes/latest")
def get_latest_quotes(call: Call) -> dict[str, Any]:
    return {"quotes": {symbol: _quote(call.world, symbol, call.now) for symbol in symbols_of(call)}}


@data_endpoint("/v2/stocks/bars/latest")
def get_latest_bars(call: Call) -> dict[str, Any]:
    return {"bars": {symbol: _minute_bar(call.world, symbol, call.now) for symbol in symbols_of(call)}}


@data_endpoint("/v2/stocks/bars")
def get_bars(call: Call) -> dict[str, Any]:
    return _many(call, "bars")


@data_endpoint("/v2/stocks/trades")
def get_trades(call: Call) -> dict[str, Any]:
    """One trade for every second of a session."""
    return _many(call, "trades")


@data_endpoint("/v2/stocks/quotes")
def get_quotes(call: Call) -> dict[str, Any]:
    """One quote for every second of a session."""
    return _many(call, "quotes")


@data_endpoint("/v2/stocks/{symbol}/snapshot")
def get_snapshot(call: Call) -> dict[str, Any]:
    symbol = symbol_of(call)
    return {"symbol": symbol, **_snapshot(call.world, symbol, call.now)}


@data_endpoint("/v2/stocks/{symbol}/trades/latest")
def get_latest_trade(call: Call) -> dict[str, Any]:
    symbol = symbol_of(call)
    return {"symbol": symbol, "trade": _trade(call.world, symbol, call.now)}


@data_endpoint("/v2/stocks/{symbol}/quotes/latest")
def get_latest_quote(call: Call) -> dict[str, Any]:
    symbol = symbol_of(call)
    return {"symbol": symbol, "quote": _quote(call.world, symbol, call.now)}


@data_endpoint("/v2/stocks/{symbol}/bars/latest")
def get_latest_bar(call: Call) -> dict[str, Any]:
    symbol = symbol_of(call)
    return {"symbol": symbol, "bar": _minute_bar(call.world, symbol, call.now)}


@data_endpoint("/v2/stocks/{symbol}/bars")
def get_bars_of(call: Call) -> dict[str, Any]:
    return _one(call, "bars")


@data_endpoint("/v2/stocks/{symbol}/trades")
def get_trades_of(call: Call) -> dict[str, Any]:
    return _one(call, "trades")


@data_endpoint("/v2/stocks/{symbol}/quotes")
def get_quotes_of(call: Call) -> dict[str, Any]:
    return _one(call, "quotes")


def _many(call: Call, kind: str) -> dict[str, Any]:
    found, token = _history(call, kind, sorted(symbols_of(call)))
    return {kind: found, "next_page_token": token}


def _one(call: Call, kind: str) -> dict[str, Any]:
    symbol = symbol_of(call)
    found, token = _history(call, kind, [symbol])
    return {kind: found.get(symbol), "symbol": symbol, "next_page_token": token}


def _history(call: Call, kind: str, symbols: list[str]) -> tuple[dict[str, list[Any]], str | None]:
    prices = call.world.prices
    if kind == "bars":
        return read_bars(call, symbols, prices.bars, bar_view)
    show = _trade if kind == "trades" else _quote

    def read(symbol: str, low: dt.datetime, high: dt.datetime, most: int, descending: bool) -> Rows:
        seconds = prices.shares.seconds(low, high, most, descending=descending)
        return [(at, show(call.world, symbol, at)) for at in seconds]

    return read_pages(call, symbols, read)


def _snapshot(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    days = world.prices.bars(
        symbol, "1Day", now - dt.timedelta(days=8), now, now=now, descending=True, limit=2
    )
    return {
        "latestTrade": _trade(world, symbol, now),
        "latestQuote": _quote(world, symbol, now),
        "minuteBar": _minute_bar(world, symbol, now),
        "dailyBar": bar_view(days[0]) if days else None,
        "prevDailyBar": bar_view(days[1]) if len(days) > 1 else None,
    }


def _minute_bar(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    """The latest there is: over a closed weekend that of the last session's end."""
    return bar_view(world.prices.shares.minute_bar(symbol, now))


def _trade(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    at = now.replace(microsecond=0)
    return {
        "t": stamp(at), "x": SIP, "p": world.prices.trade(symbol, now), "s": 100, "c": ["@"], "z": TAPE,
        "i": int(at.timestamp()),
    }  # fmt: skip


def _quote(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    quote = world.prices.quote(symbol, now)
    condition = NO_RESUME if world.is_halted(symbol) else REGULAR
    return {
        "t": stamp(now.replace(microsecond=0)), "ax": SIP, "ap": quote.ask, "as": quote.ask_size, "bx": SIP,
        "bp": quote.bid, "bs": quote.bid_size, "c": [condition], "z": TAPE,
    }  # fmt: skip
