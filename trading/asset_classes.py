"""What differs between classes of assets: when they trade, how much, how they are spelt, where prices are.

One object per class; code asks it and never compares words. A further class is a further object here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol

from brokerapp.accounts.capabilities import Capability
from brokerapp.broker.alpaca.market_data import BarsWanted, MarketDataClient
from brokerapp.broker.alpaca.models import Bar, BySymbol, Snapshot
from brokerapp.units.market_time import NEW_YORK
from trading import legality
from trading.fees import Fee, Rates, fees_on_sale
from trading.legality import OrderRules
from trading.order_types import TimeInForce

DAY_ENDS = time(20)
"""New York, when the extended session ends and day orders with it."""
GTC_LASTS = timedelta(days=90)
"""Broker API, "Orders": good-till-canceled orders are canceled after 90 days."""
SATURDAY = 5


class Clock(Protocol):
    """A market clock."""

    is_open: bool


def _no_fees(qty: Decimal, proceeds: Decimal, day: date, rates: Mapping[str, Rates]) -> list[Fee]:
    return []


@dataclass(frozen=True)
class AssetClass:
    """One class of assets. `word` is Alpaca's; `unit` what one of it is called."""

    word: str
    unit: str
    keeps_market_hours: bool
    qty_decimals: int
    takes_dollars: bool
    """Whether an order may be for an amount of USD."""
    smallest_order: Decimal
    """USD; 0 if there is none. The broker refuses less: "cost basis must be >= minimal amount of order"."""
    fetch_snapshots: Callable[[MarketDataClient, Sequence[str]], BySymbol[Snapshot]]
    """The data endpoint: snapshots by `symbol`, spelt as in orders."""
    fetch_bars: Callable[[MarketDataClient, Sequence[str], BarsWanted], BySymbol[list[Bar]]]
    """The data endpoint: one page of price bars by `symbol`."""
    orders: OrderRules
    """Which orders it takes."""
    capability: Capability | None = None
    """What an account must be able to do besides, to buy; what is held can be sold."""
    fees_on_sale: Callable[[Decimal, Decimal, date, Mapping[str, Rates]], list[Fee]] = _no_fees
    """What is charged on a sale, by quantity, proceeds (USD), day and rates, as far as it is known before."""
    has_corporate_actions: bool = False
    """Whether dividends, splits and the like are announced for it."""
    feed: str = ""
    """The feed of its prices; "" where there are several and settings.MARKET_DATA_FEED chooses."""
    spell: Callable[[str], str] = str.upper
    """The spelling of orders and prices for any spelling that the broker uses."""
    spellings: Callable[[str], tuple[str, ...]] = lambda symbol: (symbol,)
    """Every spelling that the broker uses of what is spelled so, first that of orders and prices."""

    @property
    def units(self) -> str:
        """What several of it are called."""
        return f"{self.unit}s"

    def is_closed(self, clock: Clock | None) -> bool:
        """Whether its market is known to be closed."""
        return self.keeps_market_hours and clock is not None and not clock.is_open

    def over_at(self, time_in_force: str, sent_at: datetime) -> datetime:
        """By when an order sent at that instant is over whatever became of it, without a margin.

        Without a calendar: a holiday counts as a day of trading.
        """
        if time_in_force == TimeInForce.GTC:
            return sent_at + GTC_LASTS
        if not self.keeps_market_hours:
            return sent_at + timedelta(days=1)
        day = sent_at.astimezone(NEW_YORK)
        if day.time() >= DAY_ENDS:
            day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        return datetime.combine(day.date(), DAY_ENDS, NEW_YORK).astimezone(UTC)


def _spell_pair(symbol: str) -> str:
    """`BTC/USD` for `BTCUSD`: positions have no slash, orders and prices have one. People write `BTC-USD`."""
    symbol = symbol.upper().replace("-", "/")
    if "/" in symbol:
        return symbol
    for quoted in ("USDT", "USDC", "USD", "BTC"):
        if symbol.endswith(quoted) and symbol != quoted:
            return f"{symbol.removesuffix(quoted)}/{quoted}"
    return symbol


def _spellings_of_pair(symbol: str) -> tuple[str, ...]:
    spelled = _spell_pair(symbol)
    return (spelled, spelled.replace("/", ""))


US_EQUITY = AssetClass(
    word="us_equity",
    unit="share",
    keeps_market_hours=True,
    qty_decimals=9,
    takes_dollars=True,
    smallest_order=Decimal("1.00"),
    fetch_snapshots=lambda client, symbols: client.get_snapshots(symbols),
    fetch_bars=lambda client, symbols, wanted: client.get_bars(symbols, wanted),
    orders=legality.SHARES,
    fees_on_sale=fees_on_sale,
    has_corporate_actions=True,
)
CRYPTO = AssetClass(
    word="crypto",
    unit="coin",
    keeps_market_hours=False,
    qty_decimals=9,
    takes_dollars=True,
    smallest_order=Decimal("10.00"),
    fetch_snapshots=lambda client, symbols: client.get_crypto_snapshots(symbols),
    fetch_bars=lambda client, symbols, wanted: client.get_crypto_bars(symbols, wanted),
    feed="crypto",
    orders=legality.COINS,
    capability=Capability.CRYPTO,
    spell=_spell_pair,
    spellings=_spellings_of_pair,
)
US_OPTION = AssetClass(
    word="us_option",
    unit="contract",
    keeps_market_hours=True,
    qty_decimals=0,
    takes_dollars=False,
    smallest_order=Decimal(0),
    fetch_snapshots=lambda client, symbols: client.get_option_snapshots(symbols),
    fetch_bars=lambda client, symbols, wanted: client.get_option_bars(symbols, wanted),
    feed="options",
    orders=legality.CONTRACTS,
    capability=Capability.OPTIONS,
)

ASSET_CLASSES = {each.word: each for each in (US_EQUITY, CRYPTO, US_OPTION)}
OFFERED = (US_EQUITY,)
"""What people can find and trade here."""


def offered_words() -> list[str]:
    """Alpaca's words for what is offered."""
    return [each.word for each in OFFERED]


def is_offered(word: str) -> bool:
    """Whether the class that Alpaca calls so can be traded here; a word that we do not know cannot."""
    return word in offered_words()


def asset_class_of(word: str) -> AssetClass:
    """The class that Alpaca calls so; of a word that we do not know, as a US equity behaves."""
    return ASSET_CLASSES.get(word, US_EQUITY)
