"""Market data of option contracts, from the model that fills their orders too."""

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Any

from sandbox.data.common import bar_view, data_endpoint, read_bars, read_pages, stamp
from sandbox.data.contracts import days_of, filtered
from sandbox.instruments.option_contracts import Contract, expirations
from sandbox.state.api import Call, malformed, not_found
from sandbox.state.world import World

MOST_CONTRACTS = 100
EXCHANGE, TRADE_CONDITION, QUOTE_CONDITION = "C", "I", "A"
FEEDS = ("", "opra", "indicative")


@data_endpoint("/v1beta1/options/bars")
def get_option_bars(call: Call) -> dict[str, Any]:
    found, token = read_bars(call, sorted(_symbols(call)), call.world.prices.bars, bar_view)
    return {"bars": found, "next_page_token": token}


@data_endpoint("/v1beta1/options/trades")
def get_option_trades(call: Call) -> dict[str, Any]:
    """One trade for every second of a session."""

    def read(symbol: str, low: dt.datetime, high: dt.datetime, most: int, descending: bool) -> list[Any]:
        contract = call.world.options.find(symbol, call.now)
        assert contract is not None
        high = min(high, contract.expires_at - dt.timedelta(seconds=1))
        seconds = call.world.prices.shares.seconds(low, high, most, descending=descending)
        return [(at, _trade(call.world, symbol, at)) for at in seconds]

    found, token = read_pages(call, sorted(_symbols(call)), read)
    return {"trades": found, "next_page_token": token}


@data_endpoint("/v1beta1/options/quotes/latest")
def get_latest_option_quotes(call: Call) -> dict[str, Any]:
    return {"quotes": {symbol: _quote(call.world, symbol, call.now) for symbol in _symbols(call)}}


@data_endpoint("/v1beta1/options/trades/latest")
def get_latest_option_trades(call: Call) -> dict[str, Any]:
    return {"trades": {symbol: _trade(call.world, symbol, call.now) for symbol in _symbols(call)}}


@data_endpoint("/v1beta1/options/snapshots")
def get_option_snapshots(call: Call) -> dict[str, Any]:
    token = call.arg("page_token")
    return _snapshots(call, (symbol for symbol in sorted(_symbols(call)) if symbol >= token))


@data_endpoint("/v1beta1/options/snapshots/{underlying_symbol}")
def get_option_chain(call: Call) -> dict[str, Any]:
    """Of all contracts on a share that have not expired. Raises a 404 for a share without options."""
    _check_feed(call)
    asset = call.world.find_asset(call.params["underlying_symbol"])
    if asset is None or "has_options" not in asset.attributes:
        raise not_found(f"symbol not found: {call.params['underlying_symbol'][:20]}")
    found = filtered(call, [asset.symbol], days_of(call, expirations(call.now)))
    return _snapshots(call, (contract.symbol for contract in found))


def _snapshots(call: Call, symbols: Iterable[str]) -> dict[str, Any]:
    """One page, in order; with ``updated_since`` none at all when nothing has traded since."""
    limit, since = call.number("limit", 100, 1, 1_000), call.instant("updated_since")
    if since and since > call.now:
        symbols = ()
    page = list(itertools.islice(symbols, limit + 1))
    following = page[limit] if len(page) > limit else None
    return {
        "snapshots": {symbol: _snapshot(call.world, symbol, call.now) for symbol in page[:limit]},
        "next_page_token": following,
    }


def _snapshot(world: World, symbol: str, now: dt.datetime) -> dict[str, Any]:
    """Members that there are: no volatility explains every price."""
    view: dict[str, Any] = {
        "latestTrade": _trade(world, symbol, now),
        "latestQuote": _quote(world, symbol, now),
        "minuteBar": bar_view(world.prices.options.minute_bar(symbol, now)),
    }
    days = world.prices.bars(
        symbol, "1Day", now - dt.timedelta(days=8), now, now=now, descending=True, limit=2
    )
    for name, bar in zip(("dailyBar", "prevDailyBar"), days, strict=False):
        view[name] = bar_view(bar)
    if found := world.prices.options.greeks(symbol, now):
        volatility, greeks = found
        view["impliedVolatility"] = volatility
        view["greeks"] = {name: getattr(greeks, name) for name in greeks.__struct_fields__}
    return view


def _symbols(call: Call) -> list[str]:
    """The listed ones of ``symbols``, in the order given."""
    _check_feed(call)
    given = list(dict.fromkeys(symbol.upper() for symbol in call.args("symbols")))
    if not given:
        raise malformed("symbols is required")
    if len(given) > MOST_CONTRACTS:
        raise malformed("too many symbols")
    contracts: list[Contract | None] = [call.world.options.find(symbol, call.now) for symbol in given]
    return [contract.symbol for contract in contracts if contract is not None]


def _check_feed(call: Call) -> None:
    if call.arg("feed") not in FEEDS:
        raise malformed("invalid feed")


def _trade(world: World, symbol: str, at: dt.datetime) -> dict[str, Any]:
    return {
        "t": stamp(at), "x": EXCHANGE, "p": world.prices.trade(symbol, at), "s": 1, "c": TRADE_CONDITION,
    }  # fmt: skip


def _quote(world: World, symbol: str, at: dt.datetime) -> dict[str, Any]:
    quote = world.prices.quote(symbol, at)
    return {
        "t": stamp(at), "ax": EXCHANGE, "ap": quote.ask, "as": quote.ask_size, "bx": EXCHANGE,
        "bp": quote.bid, "bs": quote.bid_size, "c": QUOTE_CONDITION,
    }  # fmt: skip
