"""What every endpoint of the market data API does alike: 400 for a bad parameter, JSON numbers, pages."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from sandbox.instruments.asset_classes import SHARES, asset_class_of
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.prices.bars import BadTimeframe, Bar
from sandbox.state.api import Call, Handler, Refusal, Reply, encode_numbers, endpoint, malformed, not_found

MOST_ROWS, DEFAULT_ROWS = 10_000, 1_000
MOST_SYMBOLS = 500
FEEDS = frozenset(("iex", "sip", "delayed_sip", "boats", "overnight", "otc"))
ADJUSTMENTS = frozenset(("raw", "split", "dividend", "spin-off", "all"))
# (symbol, from, to, most rows, newest first) -> rows in that order, each with its instant
Read = Callable[[str, dt.datetime, dt.datetime, int, bool], list[tuple[dt.datetime, Any]]]


def data_endpoint(path: str) -> Callable[[Handler], Handler]:
    """A GET of this API. It knows no 422, and writes prices as JSON numbers."""

    def mark(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def answer(call: Call) -> Reply:
            try:
                return Reply(200, encode_numbers(handler(call)))
            except Refusal as refusal:
                raise malformed(str(refusal)) if refusal.status == 422 else refusal from None

        return endpoint("GET", path)(answer)

    return mark


def read_pages(call: Call, symbols: list[str], read: Read) -> tuple[dict[str, list[Any]], str | None]:
    """Rows by symbol and the token of the next page: ``SYMBOL|timestamp`` of the first row left out.

    ``limit`` counts over all symbols; sorted by symbol, then time.
    """
    start, end = _range(call)
    limit = call.number("limit", DEFAULT_ROWS, 1, MOST_ROWS)
    sort = call.arg("sort", "asc").lower()
    if sort not in ("asc", "desc"):
        raise malformed("invalid sort: must be asc or desc")
    descending = sort == "desc"
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
        rows = read(symbol, low, high, limit + 1, descending)
        if rows:
            found[symbol] = [row for _, row in rows[:limit]]
        if len(rows) > limit:
            return found, f"{symbol}|{rows[limit][0].isoformat()}"
        limit -= len(rows)
    return found, None


def read_bars(
    call: Call, symbols: list[str], bars: Callable[..., list[Bar]], view: Callable[[Bar], dict[str, Any]]
) -> tuple[dict[str, list[Any]], str | None]:
    """``read_pages`` of the bars in the timeframe asked for. Raises a 400 for a bad or missing one."""
    timeframe = call.arg("timeframe")
    if not timeframe:
        raise malformed("timeframe is required")

    def read(symbol: str, low: dt.datetime, high: dt.datetime, most: int, descending: bool) -> list[Any]:
        found = bars(symbol, timeframe, low, high, most, now=call.now, descending=descending)
        return [(bar.timestamp, view(bar)) for bar in found]

    try:
        return read_pages(call, symbols, read)
    except BadTimeframe as error:
        raise malformed(f"invalid timeframe: {timeframe[:20]}") from error


def bar_view(bar: Bar) -> dict[str, Any]:
    """A bar with its members' one-letter names; prices and volume become JSON numbers."""
    return {
        "t": stamp(bar.timestamp),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "n": bar.trade_count,
        "vw": bar.vwap,
    }


def check_options(call: Call) -> None:
    """feed, currency and adjustment: known, though they change nothing here."""
    if call.arg("feed") and call.arg("feed") not in FEEDS:
        raise malformed("invalid feed")
    if call.arg("currency", "USD").upper() != "USD":
        raise malformed("invalid currency: only USD is available")
    if set(call.args("adjustment")) - ADJUSTMENTS:
        raise malformed("invalid adjustment")


def symbols_of(call: Call) -> list[str]:
    """The known shares of ``symbols``, in the order given."""
    check_options(call)
    found = (call.world.find_asset(symbol) for symbol in given_symbols(call))
    return [asset.symbol for asset in found if asset is not None and asset_class_of(asset.symbol) is SHARES]


def given_symbols(call: Call) -> list[str]:
    """Each once, in upper case. Raises a 400 for none or too many."""
    given = [symbol.upper() for symbol in call.args("symbols")]
    if not given:
        raise malformed("symbols is required")
    if len(given) > MOST_SYMBOLS:
        raise malformed("too many symbols")
    return list(dict.fromkeys(given))


def symbol_of(call: Call) -> str:
    """The symbol of the path. Raises a 404."""
    check_options(call)
    asset = call.world.find_asset(call.params["symbol"])
    if asset is None or asset_class_of(asset.symbol) is not SHARES:
        raise not_found(f"symbol not found: {call.params['symbol'][:20]}")
    return asset.symbol


def stamp(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _range(call: Call) -> tuple[dt.datetime, dt.datetime]:
    """Both included; from New York midnight to now by default."""
    midnight = dt.datetime.combine(market_date(call.now), dt.time(0), NEW_YORK).astimezone(dt.UTC)
    start, end = call.instant("start") or midnight, call.instant("end") or call.now
    if len(call.arg("end")) == 10:  # a date: all of that day
        end += dt.timedelta(days=1, microseconds=-1)
    return start, end


def _edge(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise malformed("invalid page_token") from error
