"""Most active stocks, movers, codes of exchanges and conditions, and news (there is none)."""

import heapq
from decimal import Decimal
from typing import Any

from sandbox.data.common import data_endpoint, stamp
from sandbox.instruments.assets import Asset
from sandbox.instruments.crypto_pairs import load_pairs
from sandbox.state.api import Call, malformed

PERCENT_PLACES = Decimal("0.01")
EXCHANGES = {
    "A": "NYSE American (AMEX)", "B": "NASDAQ OMX BX", "C": "National Stock Exchange", "D": "FINRA ADF",
    "E": "Market Independent", "H": "MIAX", "I": "International Securities Exchange", "J": "Cboe EDGA",
    "K": "Cboe EDGX", "L": "Long Term Stock Exchange", "M": "Chicago Stock Exchange",
    "N": "New York Stock Exchange", "P": "NYSE Arca", "Q": "NASDAQ OMX", "S": "NASDAQ Small Cap",
    "T": "NASDAQ Int", "U": "Members Exchange", "V": "IEX", "W": "CBOE", "X": "NASDAQ OMX PSX",
    "Y": "Cboe BYX", "Z": "Cboe BZX",
}  # fmt: skip
CONDITIONS = {
    "trade": {"@": "Regular Sale", "F": "Intermarket Sweep", "I": "Odd Lot Trade", "T": "Form T"},
    "quote": {"R": "Regular, two-sided open", "C": "Closing quote", "O": "Opening quote"},
}


@data_endpoint("/v1beta1/screener/stocks/most-actives")
def get_most_actives(call: Call) -> dict[str, Any]:
    """Of the latest session so far, by shares or by number of trades."""
    by, top = call.arg("by", "volume"), call.number("top", 10, 1, 100)
    if by not in ("volume", "trades"):
        raise malformed("invalid by: must be volume or trades")
    found = []
    for asset in _stocks(call):
        volume, trades = call.world.prices.shares.traded(asset.symbol, call.now)
        found.append({"symbol": asset.symbol, "volume": volume, "trade_count": trades})
    key = "volume" if by == "volume" else "trade_count"
    return {
        "most_actives": heapq.nlargest(top, found, key=lambda row: row[key]),
        "last_updated": stamp(call.now),
    }


@data_endpoint("/v1beta1/screener/{market_type}/movers")
def get_movers(call: Call) -> dict[str, Any]:
    """Change since the previous close (of coins: since midnight), largest first on either side."""
    market, top = call.params["market_type"], call.number("top", 10, 1, 50)
    if market not in ("stocks", "crypto"):
        raise malformed("invalid market_type: must be stocks or crypto")
    listed = _stocks(call) if market == "stocks" else load_pairs()
    moves = [_move(call, asset.symbol) for asset in listed]
    risen = [move for move in moves if move["change"] > 0]
    fallen = [move for move in moves if move["change"] < 0]
    return {
        "gainers": heapq.nlargest(top, risen, key=_percent),
        "losers": heapq.nsmallest(top, fallen, key=_percent),
        "market_type": market,
        "last_updated": stamp(call.now),
    }


@data_endpoint("/v2/stocks/meta/exchanges")
def get_exchanges(call: Call) -> dict[str, str]:
    return EXCHANGES


@data_endpoint("/v2/stocks/meta/conditions/{ticktype}")
def get_conditions(call: Call) -> dict[str, str]:
    if call.params["ticktype"] not in CONDITIONS:
        raise malformed("invalid ticktype: must be trade or quote")
    if call.arg("tape") not in ("A", "B", "C"):
        raise malformed("invalid tape: must be A, B or C")
    return CONDITIONS[call.params["ticktype"]]


@data_endpoint("/v1beta1/news")
def get_news(call: Call) -> dict[str, Any]:
    call.number("limit", 10, 1, 50)
    call.instant("start"), call.instant("end")
    return {"news": [], "next_page_token": None}


def _stocks(call: Call) -> list[Asset]:
    return [asset for asset in call.world.all_assets if asset.asset_class == "us_equity"]


def _move(call: Call, symbol: str) -> dict[str, Any]:
    price = call.world.prices.trade(symbol, call.now)
    before = call.world.prices.previous_close(symbol, call.now)
    change = price - before
    percent = (100 * change / before).quantize(PERCENT_PLACES)
    return {"symbol": symbol, "price": price, "change": change, "percent_change": percent}


def _percent(move: dict[str, Any]) -> Decimal:
    percent: Decimal = move["percent_change"]
    return percent
