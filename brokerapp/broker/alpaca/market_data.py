"""One method per endpoint of the Market Data API that this product uses.

Reference: https://docs.alpaca.markets/docs/about-market-data-api. Prices are USD. Symbols that the API does
not know are absent from its answers. Errors and Request IDs are as in `brokerapp.broker.alpaca.client`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from brokerapp.broker.alpaca.models import (
    Bar,
    BrokerModel,
    BySymbol,
    Quote,
    Snapshot,
)
from brokerapp.broker.alpaca.models.base import Text, read_by_symbol
from brokerapp.broker.alpaca.transport import Transport

Feed = Literal["iex", "sip", "delayed_sip", "overnight", "otc"]


class _QuoteReply(BrokerModel):
    quote: Quote


class _QuotesReply(BrokerModel):
    quotes: dict[str, Quote]


class _BarsReply(BrokerModel):
    bars: dict[str, list[Bar]] | None
    next_page_token: Text = ""


def _read_quote(body: Any, request_id: str) -> Quote:
    return Quote.from_reply(_QuoteReply.model_validate(body).quote, request_id)


def _read_quotes(body: Any, request_id: str) -> BySymbol[Quote]:
    return read_by_symbol(Quote, _QuotesReply.model_validate(body).quotes, request_id)


def _read_snapshots(body: Any, request_id: str) -> BySymbol[Snapshot]:
    members = body.get("snapshots") if isinstance(body, dict) else None
    return read_by_symbol(Snapshot, members, request_id)


def _read_bars(body: Any, request_id: str) -> BySymbol[list[Bar]]:
    reply = _BarsReply.model_validate(body)
    return BySymbol(reply.bars or {}, request_id=request_id, next_page_token=reply.next_page_token)


class MarketDataClient:
    """The Market Data API over a transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._send = transport.send

    def get_snapshots(self, symbols: Sequence[str], *, feed: Feed | None = None) -> BySymbol[Snapshot]:
        """GET /v2/stocks/snapshots: latest trade, quote and bars by symbol."""
        return self._send(
            "GET",
            "/v2/stocks/snapshots",
            partial(read_by_symbol, Snapshot),
            query={"symbols": tuple(symbols), "feed": feed},
        )

    def get_latest_quotes(self, symbols: Sequence[str], *, feed: Feed | None = None) -> BySymbol[Quote]:
        """GET /v2/stocks/quotes/latest by symbol."""
        return self._send(
            "GET", "/v2/stocks/quotes/latest", _read_quotes, query={"symbols": tuple(symbols), "feed": feed}
        )

    def get_latest_quote(self, symbol: str, *, feed: Feed | None = None) -> Quote:
        """GET /v2/stocks/{symbol}/quotes/latest."""
        return self._send(
            "GET",
            "/v2/stocks/{symbol}/quotes/latest",
            _read_quote,
            ids={"symbol": symbol},
            query={"feed": feed},
        )

    def get_bars(
        self,
        symbols: Sequence[str],
        timeframe: str,
        *,
        start: datetime | date | None = None,
        end: datetime | date | None = None,
        limit: int | None = None,
        adjustment: Literal["raw", "split", "dividend", "all"] | None = None,
        feed: Feed | None = None,
        page_token: str | None = None,
        sort: Literal["asc", "desc"] | None = None,
    ) -> BySymbol[list[Bar]]:
        """GET /v2/stocks/bars by symbol, one page; `next_page_token` of the result is "" on the last.

        `timeframe` is `5Min`, `1Hour`, `1Day` and the like. `start` and `end` are inclusive. `limit` (1,000,
        to 10,000) counts the bars of all symbols together, and pages are filled symbol by symbol.
        """
        params = {
            "symbols": tuple(symbols),
            "timeframe": timeframe,
            "start": start,
            "end": end,
            "limit": limit,
            "adjustment": adjustment,
            "feed": feed,
            "page_token": page_token,
            "sort": sort,
        }
        return self._send("GET", "/v2/stocks/bars", _read_bars, query=params)

    def get_crypto_snapshots(self, symbols: Sequence[str]) -> BySymbol[Snapshot]:
        """GET /v1beta3/crypto/us/snapshots by symbol, spelt with a slash (`BTC/USD`)."""
        return self._send(
            "GET", "/v1beta3/crypto/us/snapshots", _read_snapshots, query={"symbols": tuple(symbols)}
        )

    def get_option_snapshots(self, symbols: Sequence[str]) -> BySymbol[Snapshot]:
        """GET /v1beta1/options/snapshots by contract symbol; at most 100."""
        return self._send(
            "GET", "/v1beta1/options/snapshots", _read_snapshots, query={"symbols": tuple(symbols)}
        )
