"""The coins that can be traded against the US dollar, read from crypto_pairs.csv.

A pair's symbol has a slash ("BTC/USD"), no other symbol has one. Positions and fees are shown without it.
Columns: symbol, name, price (USD level on assets.PRICES_ON, an estimate), volatility (yearly standard
deviation of log returns), price_increment (USD), min_order_size (coins). Minima and increments are of the
vendor's magnitude, not its list.
"""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import uuid5

from sandbox.instruments.assets import ID_NAMESPACE, Asset, Increments

PAIRS_FILE = Path(__file__).with_name("crypto_pairs.csv")
TRADE_INCREMENT = Decimal("0.000000001")
# The id that the vendor's guide to crypto trading shows.
KNOWN_IDS = {"BTC/USD": "276e2673-764b-4ab6-a611-caf665ca6340"}


@cache
def load_pairs() -> list[Asset]:
    """All pairs, in the order of the list: by symbol."""
    with PAIRS_FILE.open(newline="", encoding="utf-8") as file:
        return [_pair(**row) for row in csv.DictReader(file)]


def coin_of(symbol: str) -> str:
    """The coin of a pair: BTC."""
    return symbol.partition("/")[0]


def _pair(
    symbol: str, name: str, price: str, volatility: str, price_increment: str, min_order_size: str
) -> Asset:
    return Asset(
        id=KNOWN_IDS.get(symbol) or str(uuid5(ID_NAMESPACE, symbol)),
        symbol=symbol,
        name=name,
        exchange="CRYPTO",
        asset_class="crypto",
        status="active",
        tradable=True,
        marginable=False,
        shortable=False,
        easy_to_borrow=False,
        fractionable=True,
        attributes=[],
        base_price=Decimal(price),
        volatility=float(volatility),
        increments=Increments(
            min_order_size=Decimal(min_order_size), trade=TRADE_INCREMENT, price=Decimal(price_increment)
        ),
    )
