"""Market clock, calendar and prices. Prices are USD.

Broker API, "Clock" and "Calendar"; Market Data API, "Stock pricing data"
(https://docs.alpaca.markets/docs/about-market-data-api).
"""

from pydantic import Field

from brokerapp.broker.alpaca.models.base import BrokerModel, Instant, Number


class Clock(BrokerModel):
    """Whether the market is open at `timestamp`, and when that changes next."""

    timestamp: Instant
    is_open: bool
    next_open: Instant
    next_close: Instant


class Trade(BrokerModel):
    """The last sale."""

    at: Instant = Field(alias="t")
    price: Number = Field(alias="p")


class Quote(BrokerModel):
    """Best bid and ask. A price of 0 means that there is no quote on that side."""

    at: Instant = Field(alias="t")
    ask_price: Number = Field(alias="ap")
    bid_price: Number = Field(alias="bp")


class Bar(BrokerModel):
    """What was traded in a time, of which its last price is used."""

    close: Number = Field(alias="c")


class Snapshot(BrokerModel):
    """The latest of everything for one symbol; any part may be missing."""

    latest_trade: Trade | None = Field(default=None, alias="latestTrade")
    latest_quote: Quote | None = Field(default=None, alias="latestQuote")
    prev_daily_bar: Bar | None = Field(default=None, alias="prevDailyBar")
