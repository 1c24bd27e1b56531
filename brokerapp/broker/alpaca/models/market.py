"""Market clock, calendar and prices. Prices are USD.

Broker API, "Clock" and "Calendar"; Market Data API, "Stock pricing data"
(https://docs.alpaca.markets/docs/about-market-data-api).
"""

import datetime as dt
from datetime import date, time
from typing import Any
from uuid import UUID

from pydantic import AliasChoices, Field

from brokerapp.broker.alpaca.models.base import (
    BrokerModel,
    Instant,
    MaybeDate,
    MaybeNumber,
    Number,
    Page,
    Text,
    Word,
)


class Clock(BrokerModel):
    """Whether the market is open at `timestamp`, and when that changes next."""

    timestamp: Instant
    is_open: bool
    next_open: Instant
    next_close: Instant


class MarketDay(BrokerModel):
    """A day of trading: New York's date, and its clocks' time at the open and at the close."""

    day: date = Field(alias="date")
    opens: time = Field(alias="open")
    closes: time = Field(alias="close")


class Trade(BrokerModel):
    """The last sale."""

    at: Instant = Field(alias="t")
    price: Number = Field(alias="p")


HALTS = {"A": frozenset("DIJKMPQSVXZ"), "B": frozenset("DIJKMPQSVXZ"), "C": frozenset("Z")}
"""Conditions of a quote while trading is halted, by tape (CQS of the CTA plan, UQDF of the UTP plan)."""


class Quote(BrokerModel):
    """Best bid and ask, sizes in shares. A price of 0 means that there is no quote on that side."""

    at: Instant = Field(alias="t")
    ask_price: Number = Field(alias="ap")
    ask_size: MaybeNumber = Field(default=None, alias="as")
    bid_price: Number = Field(alias="bp")
    bid_size: MaybeNumber = Field(default=None, alias="bs")
    conditions: Any = Field(default=None, alias="c")
    tape: Any = Field(default=None, alias="z")

    @property
    def is_halted(self) -> bool:
        """Whether a condition says that trading is halted; feeds of one exchange may have none."""
        if not isinstance(self.conditions, list) or not isinstance(self.tape, str):
            return False
        return any(code in HALTS.get(self.tape, ()) for code in self.conditions if isinstance(code, str))


class Bar(BrokerModel):
    """Open, high, low, close, volume (shares) from `at` on; daily bars start at New York midnight."""

    at: Instant = Field(alias="t")
    open: Number = Field(alias="o")
    high: Number = Field(alias="h")
    low: Number = Field(alias="l")
    close: Number = Field(alias="c")
    volume: Number = Field(alias="v")


class DailyBar(BrokerModel):
    """A day within a snapshot: a figure that is missing hides none of the others, nor the price."""

    open: MaybeNumber = Field(default=None, alias="o")
    high: MaybeNumber = Field(default=None, alias="h")
    low: MaybeNumber = Field(default=None, alias="l")
    close: MaybeNumber = Field(default=None, alias="c")
    volume: MaybeNumber = Field(default=None, alias="v")


class Snapshot(BrokerModel):
    """The latest of everything for one symbol; any part may be missing."""

    latest_trade: Trade | None = Field(default=None, alias="latestTrade")
    latest_quote: Quote | None = Field(default=None, alias="latestQuote")
    daily_bar: DailyBar | None = Field(default=None, alias="dailyBar")
    prev_daily_bar: DailyBar | None = Field(default=None, alias="prevDailyBar")


class Screened(BrokerModel):
    """A member of a list that the data API ranks."""

    symbol: Word


class MostActives(BrokerModel):
    """The stocks traded most, largest first."""

    most_actives: Page[Screened] = Field(default_factory=Page)
    last_updated: Instant


class Movers(BrokerModel):
    """The stocks whose price rose and fell most since the previous close, largest first."""

    gainers: Page[Screened] = Field(default_factory=Page)
    losers: Page[Screened] = Field(default_factory=Page)
    last_updated: Instant


class CorporateAction(BrokerModel):
    """A dividend, split, merger or the like, announced or done; `kind` is the list that it came in.

    `rate` is USD per share of dividends and cash mergers, and shares per share of dividends in shares;
    `new_rate` shares come for `old_rate`. `ex_date` is the first day without a claim to it or, where there is
    none, the day it takes effect.
    """

    id: UUID
    kind: Word = ""
    symbol: Word = Field(
        validation_alias=AliasChoices("symbol", "source_symbol", "acquiree_symbol", "old_symbol")
    )
    new_symbol: Text = Field(default="", validation_alias=AliasChoices("new_symbol", "acquirer_symbol"))
    ex_date: dt.date = Field(validation_alias=AliasChoices("ex_date", "effective_date", "process_date"))
    record_date: MaybeDate = None
    payable_date: MaybeDate = None
    rate: MaybeNumber = Field(default=None, validation_alias=AliasChoices("rate", "cash_rate"))
    old_rate: MaybeNumber = Field(
        default=None, validation_alias=AliasChoices("old_rate", "source_rate", "acquiree_rate")
    )
    new_rate: MaybeNumber = Field(default=None, validation_alias=AliasChoices("new_rate", "acquirer_rate"))
