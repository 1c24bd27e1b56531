"""The market data API on the same port, from the price process that fills orders too."""

import datetime as dt
from typing import Any

from sandbox.api import Call, Reply, encode_numbers, endpoint, malformed, not_found
from sandbox.bars import BadTimeframe, Bar
from sandbox.clock import NEW_YORK, market_date
from sandbox.world import World

MOST_BARS, DEFAULT_BARS = 10_000, 1_000
MOST_SYMBOLS = 500
SIP, TAPE = "V", "C"


@endpoint("GET", "/v2/stocks/snapshots")
def get_snapshots(call: Call) -> Reply:
    """A map by symbol, without an envelope; unknown symbols are absent."""
    return _numbers({symbol: _snapshot(call.world, symbol, call.now) for symbol in _symbols(call)})


@endpoint("GET", "/v2/stocks/trades/latest")
def get_latest_trades(call: Call) -> Reply:
    return _numbers({"trades": {symbol: _trade(call.world, symbol, call.now) for symbol in _symbols(call)}})


@endpoint("GET", "/v2/stocks/quotes/latest")
def get_latest_quotes(call: Call) -> Reply:
    return _numbers({"quotes": {symbol: _quote(call.world, symbol, call.now) for symbol in _symbols(call)}})


@endpoint("GET", "/v2/stocks/bars/latest")
def get_latest_bars(call: Call) -> Reply:
    return _numbers(
        {"bars": {symbol: _minute_bar(call.world, symbol, call.now) for symbol in _symbols(call)}}
    )


@endpoint("GET", "/v2/stocks/bars")
def get_bars(call: Call) -> Reply:
    """``limit`` counts over all symbols; sorted by symbol, then time."""
    bars, token = _bars(call, sorted(_symbols(call)))
    return _numbers({"bars": bars, "next_page_token": token})


@endpoint("GET", "/v2/stocks/{symbol}/snapshot")
def get_snapshot(call: Call) -> Reply:
    symbol = _symbol(call)
    return _numbers({"symbol": symbol, **_snapshot(call.world, symbol, call.now)})


@endpoint("GET", "/v2/stocks/{symbol}/trades/latest")
def get_latest_trade(call: Call) -> Reply:
    symbol = _symbol(call)
    return _numbers({"symbol": symbol, "trade": _trade(call.world, symbol, call.now)})


@endpoint("GET", "/v2/stocks/{symbol}/quotes/latest")
def get_latest_quote(call: Call) -> Reply:
    symbol = _symbol(call)
    return _numbers({"symbol": symbol, "quote": _quote(call.world, symbol, call.now)})


@endpoint("GET", "/v2/stocks/{symbol}/bars/latest")
def get_latest_bar(call: Call) -> Reply:
    symbol = _symbol(call)
    return _numbers({"symbol": symbol, "bar": _minute_bar(call.world, symbol, call.now)})


@endpoint("GET", "/v2/stocks/{symbol}/bars")
def get_bars_of(call: Call) -> Reply:
    symbol = _symbol(call)
    bars, token = _bars(call, [symbol])
    return _numbers({"bars": bars.get(symbol), "symbol": symbol, "next_page_token": token})


def _bars(call: Call, symbols: list[str]) -> tuple[dict[str, list[Any]], str | None]:
    """Bars by symbol and the token of the next page: ``SYMBOL|timestamp`` of the first bar left out."""
    timeframe = call.arg("timeframe")
    if not timeframe:
        raise malformed("timeframe is required")
    midnight = dt.datetime.combine(market_date(call.now), dt.time(0), NEW_YORK).astimezone(dt.UTC)
    start, end = call.instant("start") or midnight, call.instant("end") or call.now
    if len(call.arg("end")) == 10:  # a date: all of that day
        end += dt.timedelta(days=1, microseconds=-1)
    limit = call.number("limit", DEFAULT_BARS, 1, MOST_BARS)
    descending = call.arg("sort", "asc").lower() == "desc"
    first, _, from_instant = call.arg("page_token").partition("|")
    found: dict[str, list[Any]] = {}
    for symbol in symbols:
        if first and symbol < first:
            continue
        low, high = start, min(end, call.now)
        if symbol == first:
            edge = _edge(from_instant)
            low, high = (low, min(high, edge)) if descending else (max(low, edge), high)
        if limit == 0:
            return found, f"{symbol}|{(high if descending else low).isoformat()}"
        try:
            bars = call.world.prices.bars(
                symbol, timeframe, low, high, limit + 1, now=call.now, descending=descending
            )
        except BadTimeframe as error:
            raise malformed(f"invalid timeframe: {timeframe[:20]}") from error
        if len(bars) > limit:
            found[symbol] = [_bar(bar) for bar in bars[:limit]]
            return found, f"{symbol}|{bars[limit].timestamp.isoformat()}"
        if bars:
            found[symbol] = [_bar(bar) for bar in bars]
            limit -= len(bars)
    return found, None


def _edge(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError as error:
        raise malformed("invalid page_token") from error


def _snapshot(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    days = world.prices.bars(
        symbol, "1Day", now - dt.timedelta(days=8), now, now=now, descending=True, limit=2
    )
    return {
        "latestTrade": _trade(world, symbol, now),
        "latestQuote": _quote(world, symbol, now),
        "minuteBar": _minute_bar(world, symbol, now),
        "dailyBar": _bar(days[0]) if days else None,
        "prevDailyBar": _bar(days[1]) if len(days) > 1 else None,
    }


def _minute_bar(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    """The latest there is: over a closed weekend that of the last session's end."""
    return _bar(world.prices.minute_bar(symbol, now))


def _trade(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    at = now.replace(microsecond=0)
    return {
        "t": _stamp(at), "x": SIP, "p": world.prices.trade(symbol, now), "s": 100, "c": ["@"], "z": TAPE,
        "i": int(at.timestamp()),
    }  # fmt: skip


def _quote(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    quote = world.prices.quote(symbol, now)
    return {
        "t": _stamp(now.replace(microsecond=0)), "ax": SIP, "ap": quote.ask, "as": quote.ask_size, "bx": SIP,
        "bp": quote.bid, "bs": quote.bid_size, "c": ["R"], "z": TAPE,
    }  # fmt: skip


def _bar(bar: Bar) -> dict[str, Any]:
    return {
        "t": _stamp(bar.timestamp),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "n": bar.trade_count,
        "vw": bar.vwap,
    }


def _stamp(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _symbols(call: Call) -> list[str]:
    given = [symbol.upper() for symbol in call.args("symbols")]
    if not given:
        raise malformed("symbols is required")
    if len(given) > MOST_SYMBOLS:
        raise malformed("too many symbols")
    assets = (call.world.find_asset(symbol) for symbol in dict.fromkeys(given))
    return [asset.symbol for asset in assets if asset is not None]


def _symbol(call: Call) -> str:
    asset = call.world.find_asset(call.params["symbol"])
    if asset is None:
        raise not_found(f"symbol not found: {call.params['symbol'][:20]}")
    return asset.symbol


def _numbers(value: Any) -> Reply:
    """This API writes prices as JSON numbers."""
    return Reply(200, encode_numbers(value))
