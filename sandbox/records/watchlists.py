"""Watchlists of an account: named lists of symbols, in the order they were added."""

import uuid
from typing import Any

from sandbox.data.reference import asset_view
from sandbox.state import rows
from sandbox.state.api import Call, Reply, endpoint, instant_text, invalid, not_found, unprocessable, uuid_of
from sandbox.state.world import World

LONGEST_NAME = 64
MOST_SYMBOLS = 200
# The vendor's collection reads single lists without /trading.
TRADING, PLAIN = "/v1/trading/accounts/{account_id}/watchlists", "/v1/accounts/{account_id}/watchlists"
ONE = "/{watchlist_id}"


@endpoint("GET", TRADING)
@endpoint("GET", PLAIN)
def list_watchlists(call: Call) -> list[dict[str, Any]]:
    """Without their assets, oldest first."""
    return [_short_view(watchlist) for watchlist in call.world.store.watchlists.of(call.account().id)]


@endpoint("POST", TRADING)
@endpoint("POST", PLAIN)
def create_watchlist(call: Call) -> dict[str, Any]:
    """``{name, symbols}``. 422 for a name in use or an unknown symbol."""
    account, body = call.account(), call.json_object()
    if body.get("name") is None:
        raise invalid("name is required")
    watchlist = rows.Watchlist(
        id=str(uuid.uuid4()),
        account_id=account.id,
        name=_checked_name(call, body["name"], None),
        created_at=call.now,
        updated_at=call.now,
        symbols=_symbols(call.world, body.get("symbols")),
    )
    call.world.store.add(watchlist)
    return watchlist_view(call.world, watchlist)


@endpoint("GET", TRADING + ONE)
@endpoint("GET", PLAIN + ONE)
def get_watchlist(call: Call) -> dict[str, Any]:
    return watchlist_view(call.world, _watchlist(call))


@endpoint("PUT", TRADING + ONE)
@endpoint("PUT", PLAIN + ONE)
def replace_watchlist(call: Call) -> dict[str, Any]:
    """The symbols given replace those of the list, and a name renames it; either may be left out."""
    watchlist, body = _changed(call), call.json_object()
    if body.get("name") is not None:
        watchlist.name = _checked_name(call, body["name"], watchlist)
    if body.get("symbols") is not None:
        watchlist.symbols = _symbols(call.world, body["symbols"])
    return watchlist_view(call.world, watchlist)


@endpoint("POST", TRADING + ONE)
@endpoint("POST", PLAIN + ONE)
def add_symbol(call: Call) -> dict[str, Any]:
    """``{symbol}`` at the end of the list. 404 for an unknown one, 422 for one that is there already."""
    watchlist, symbol = _changed(call), call.json_object().get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise invalid("symbol is required")
    asset = call.world.find_asset(symbol)
    if asset is None:
        raise not_found(f'asset "{symbol[:60]}" not found')
    if asset.symbol in watchlist.symbols:
        raise unprocessable(f'asset "{asset.symbol}" is already in the watchlist')
    watchlist.symbols = _within_limit([*watchlist.symbols, asset.symbol])
    return watchlist_view(call.world, watchlist)


@endpoint("DELETE", TRADING + ONE + "/{symbol:path}")
@endpoint("DELETE", PLAIN + ONE + "/{symbol:path}")
def remove_symbol(call: Call) -> dict[str, Any]:
    watchlist, symbol = _changed(call), call.params["symbol"]
    asset = call.world.find_asset(symbol)
    if asset is None or asset.symbol not in watchlist.symbols:
        raise not_found(f'asset "{symbol[:60]}" not found in the watchlist')
    watchlist.symbols = [other for other in watchlist.symbols if other != asset.symbol]
    return watchlist_view(call.world, watchlist)


@endpoint("DELETE", TRADING + ONE)
@endpoint("DELETE", PLAIN + ONE)
def delete_watchlist(call: Call) -> Reply:
    call.world.store.remove(_watchlist(call))
    return Reply(200)


def watchlist_view(world: World, watchlist: rows.Watchlist) -> dict[str, Any]:
    assets = [asset_view(world.asset(symbol)) for symbol in watchlist.symbols]
    return {**_short_view(watchlist), "assets": assets}


def _short_view(watchlist: rows.Watchlist) -> dict[str, Any]:
    return {
        "id": watchlist.id,
        "account_id": watchlist.account_id,
        "name": watchlist.name,
        "created_at": instant_text(watchlist.created_at),
        "updated_at": instant_text(watchlist.updated_at),
    }


def _watchlist(call: Call) -> rows.Watchlist:
    account, watchlist_id = call.account(), uuid_of(call.params["watchlist_id"])
    watchlist = call.world.store.watchlists.get(watchlist_id)
    if watchlist is None or watchlist.account_id != account.id:
        raise not_found("watchlist not found")
    return watchlist


def _changed(call: Call) -> rows.Watchlist:
    watchlist = call.world.store.edit(_watchlist(call))
    watchlist.updated_at = call.now
    return watchlist


def _checked_name(call: Call, name: Any, renamed: rows.Watchlist | None) -> str:
    """One to 64 printable characters, spaces included: the vendor's own samples have them."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise invalid("name is invalid")
    if len(name) > LONGEST_NAME:
        raise invalid(f"name must not be longer than {LONGEST_NAME}")
    for other in call.world.store.watchlists.of(call.account().id):
        if other is not renamed and other.name == name:
            raise unprocessable("watchlist name must be unique")
    return name


def _symbols(world: World, symbols: Any) -> list[str]:
    """Known symbols, each once, in the order given."""
    if symbols is None:
        return []
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise invalid("symbols must be a list of strings")
    found: dict[str, None] = {}
    for symbol in symbols:
        asset = world.find_asset(symbol)
        if asset is None:
            raise unprocessable(f'asset "{symbol[:60]}" not found')
        found[asset.symbol] = None
    return _within_limit(list(found))


def _within_limit(symbols: list[str]) -> list[str]:
    if len(symbols) > MOST_SYMBOLS:
        raise unprocessable(f"a watchlist holds no more than {MOST_SYMBOLS} symbols")
    return symbols
