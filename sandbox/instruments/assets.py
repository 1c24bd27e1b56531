"""The list of US equities and ETFs that can be traded, read from assets.csv.

Columns: symbol, name, exchange (Alpaca's code), price (USD level on PRICES_ON), flags (words, below).
"""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import msgspec

from sandbox.instruments.optionable import OPTIONABLE

ASSETS_FILE = Path(__file__).with_name("assets.csv")
PRICES_ON = date(2026, 8, 21)
"""The date of the list's prices. ETF levels are estimates; inactive symbols keep their last price."""

FLAGS = {
    "adr": "depositary receipt of a foreign company",
    "etf": "exchange-traded fund",
    "halted": "active but not tradable: positions can only be closed",
    "htb": "hard to borrow",
    "inactive": "no longer listed",
    "leveraged": "leveraged, inverse or volatility fund",
    "nofrac": "whole shares only",
    "noshort": "cannot be sold short",
    "ptp": "publicly traded partnership without a withholding exception",
    "volatile": "moves far more than most shares",
}

# Ids that Alpaca's public samples show; the others are made from the symbol.
KNOWN_IDS = {
    "A": "7595a8d2-68a6-46d7-910c-6b1958491f5c",
    "AAPL": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
}
ID_NAMESPACE = uuid5(NAMESPACE_DNS, "assets.sandbox")

# Annual standard deviation of log returns, by the first flag that is set.
VOLATILITIES = (("volatile", 0.85), ("leveraged", 0.60), ("etf", 0.16), ("adr", 0.30))
VOLATILITY = 0.32


class Increments(msgspec.Struct, frozen=True, kw_only=True):
    """Of a crypto pair: the least order (coins), and the steps of quantities (coins) and prices (USD)."""

    min_order_size: Decimal
    trade: Decimal
    price: Decimal


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One row of GET /v1/assets (attribute asset_class is the API's "class"), with its price process' scale.

    base_price is USD, 2 dp (4 dp below $1; of a pair in its own increments); volatility is the yearly
    standard deviation of log returns; only pairs have increments.
    """

    id: str
    symbol: str
    name: str
    exchange: str
    asset_class: str = "us_equity"
    status: str
    tradable: bool
    marginable: bool
    shortable: bool
    easy_to_borrow: bool
    fractionable: bool
    attributes: list[str]
    base_price: Decimal
    volatility: float
    increments: Increments | None = None


@cache
def load_assets() -> list[Asset]:
    """All assets, sorted by symbol. Raises ValueError on an unknown flag or a repeated symbol."""
    with ASSETS_FILE.open(newline="", encoding="utf-8") as file:
        assets = [make_asset(**row) for row in csv.DictReader(file)]
    symbols = [asset.symbol for asset in assets]
    if len(set(symbols)) != len(symbols):
        raise ValueError("a symbol is listed twice in assets.csv")
    return sorted(assets, key=lambda asset: asset.symbol)


def make_asset(symbol: str, name: str, exchange: str, price: str, flags: str) -> Asset:
    """One row of the file. Raises ValueError on an unknown flag."""
    words = set(flags.split())
    if unknown := words - FLAGS.keys():
        raise ValueError(f"{symbol}: unknown flags {sorted(unknown)}")
    active = "inactive" not in words
    tradable = active and "halted" not in words
    shortable = tradable and "noshort" not in words
    fractionable = tradable and "nofrac" not in words
    return Asset(
        id=KNOWN_IDS.get(symbol) or str(uuid5(ID_NAMESPACE, symbol)),
        symbol=symbol,
        name=name,
        exchange=exchange,
        status="active" if active else "inactive",
        tradable=tradable,
        marginable=tradable and "volatile" not in words,
        shortable=shortable,
        easy_to_borrow=shortable and "htb" not in words,
        fractionable=fractionable,
        attributes=list(_attributes(symbol, words, fractionable)),
        base_price=Decimal(price),
        volatility=next((value for flag, value in VOLATILITIES if flag in words), VOLATILITY),
    )


def _attributes(symbol: str, words: set[str], fractionable: bool) -> Iterator[str]:
    if "ptp" in words:
        yield "ptp_no_exception"
    if fractionable:
        yield "fractional_eh_enabled"
    if symbol in OPTIONABLE:
        yield "has_options"
    if fractionable:
        yield "overnight_tradable"
