"""Market clock, calendar and prices. Prices are USD.

Broker API, "Clock" and "Calendar"; Market Data API, "Stock pricing data"
(https://docs.alpaca.markets/docs/about-market-data-api).
"""

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from brokerapp.broker.alpaca.models.base import (
    BrokerModel,
    Instant,
    MaybeDate,
    MaybeNumber,
    Number,
)

NEW_YORK = ZoneInfo("America/New_York")


def _with_colon(value: object) -> object:
    if value == "":
        return None
    if isinstance(value, str) and len(value) == 4 and value.isdigit():
        return f"{value[:2]}:{value[2:]}"
    return value


MarketTime = Annotated[time, BeforeValidator(_with_colon)]
"""New York wall-clock time, sent as `09:30` or `0930`."""


class Clock(BrokerModel):
    """Whether the market is open at `timestamp`, and when that changes next."""

    timestamp: Instant
    is_open: bool
    next_open: Instant
    next_close: Instant


class CalendarDay(BrokerModel):
    """A trading day. `open` to `close` is the regular session, `session_…` the extended one (New York)."""

    date: date
    open: MarketTime
    close: MarketTime
    session_open: MarketTime | None = None
    session_close: MarketTime | None = None
    settlement_date: MaybeDate = None

    @property
    def opens_at(self) -> datetime:
        """The start of the regular session, UTC."""
        return datetime.combine(self.date, self.open, NEW_YORK).astimezone(UTC)

    @property
    def closes_at(self) -> datetime:
        """The end of the regular session, UTC; early on half days."""
        return datetime.combine(self.date, self.close, NEW_YORK).astimezone(UTC)


class Trade(BrokerModel):
    """The last sale: `price`, `size` in shares."""

    at: Instant = Field(alias="t")
    price: Number = Field(alias="p")
    size: MaybeNumber = Field(default=None, alias="s")


class Quote(BrokerModel):
    """Best bid and ask, sizes in shares. A price of 0 means that there is no quote on that side."""

    at: Instant = Field(alias="t")
    ask_price: Number = Field(alias="ap")
    ask_size: MaybeNumber = Field(default=None, alias="as")
    bid_price: Number = Field(alias="bp")
    bid_size: MaybeNumber = Field(default=None, alias="bs")


class Bar(BrokerModel):
    """Open, high, low, close, volume (shares) from `at` on; daily bars start at New York midnight."""

    at: Instant = Field(alias="t")
    open: Number = Field(alias="o")
    high: Number = Field(alias="h")
    low: Number = Field(alias="l")
    close: Number = Field(alias="c")
    volume: Number = Field(alias="v")
    trade_count: MaybeNumber = Field(default=None, alias="n")
    vwap: MaybeNumber = Field(default=None, alias="vw")


class Snapshot(BrokerModel):
    """The latest of everything for one symbol; any part may be missing."""

    latest_trade: Trade | None = Field(default=None, alias="latestTrade")
    latest_quote: Quote | None = Field(default=None, alias="latestQuote")
    minute_bar: Bar | None = Field(default=None, alias="minuteBar")
    daily_bar: Bar | None = Field(default=None, alias="dailyBar")
    prev_daily_bar: Bar | None = Field(default=None, alias="prevDailyBar")


class Screened(BrokerModel):
    """A member of a list that the data API ranks."""

    symbol: str


class MostActives(BrokerModel):
    """The stocks traded most, largest first."""

    most_actives: list[Screened] = []
    last_updated: Instant


class Movers(BrokerModel):
    """The stocks whose price rose and fell most since the previous close, largest first."""

    gainers: list[Screened] = []
    losers: list[Screened] = []
    last_updated: Instant
