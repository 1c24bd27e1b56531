"""One method per endpoint of the Market Data API that this product uses.

Reference: https://docs.alpaca.markets/docs/about-market-data-api. Prices are USD. Symbols that the API does
not know are absent from its answers. Errors and Request IDs are as in `brokerapp.broker.alpaca.client`.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import requests

from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.alpaca.models import (
    Bar,
    BrokerModel,
    BySymbol,
    CorporateAction,
    MostActives,
    Movers,
    Page,
    Snapshot,
)
from brokerapp.broker.alpaca.models.base import Text, read_by_symbol, read_lists_by_symbol, read_page
from brokerapp.broker.alpaca.transport import Transport

logger = logging.getLogger(__name__)

PATHS = ("/v2/stocks", "/v1beta1/options", "/v1beta1/screener", "/v1beta3/crypto", "/v1/corporate-actions")
"""How the paths of this API begin, and none of the Broker API's."""
MOST_BARS = 10_000
"""Of one page."""
MOST_ACTIONS = 1000
"""Of one page."""
MAX_CALLS = 12
"""For one batch of symbols, some of which are refused."""
WRONG_REQUEST = (requests.codes.bad_request, requests.codes.unprocessable_entity)


class _BarsReply(BrokerModel):
    bars: dict[str, Any] | None
    next_page_token: Text = ""


def _read_snapshots(body: Any, request_id: str) -> BySymbol[Snapshot]:
    members = body.get("snapshots") if isinstance(body, dict) else None
    return read_by_symbol(Snapshot, members, request_id)


def _read_bars(body: Any, request_id: str) -> BySymbol[list[Bar]]:
    reply = _BarsReply.model_validate(body)
    found = read_lists_by_symbol(Bar, reply.bars or {}, request_id)
    found.next_page_token = reply.next_page_token
    return found


class _ActionsReply(BrokerModel):
    corporate_actions: dict[str, Any] | None
    next_page_token: Text = ""


@dataclass(frozen=True)
class ActionsPage:
    """A page of corporate actions; `next_page_token` is "" on the last one."""

    actions: Page[CorporateAction]
    next_page_token: str


def _read_actions(body: Any, request_id: str) -> ActionsPage:
    reply = _ActionsReply.model_validate(body)
    members = [
        {**member, "kind": kind} if isinstance(member, dict) else member
        for kind, listed in (reply.corporate_actions or {}).items()
        for member in _members(listed)
    ]
    return ActionsPage(read_page(CorporateAction, members, request_id), reply.next_page_token)


def _members(listed: Any) -> list[Any]:
    """Those of a list; what is no list is one that cannot be read."""
    if listed is None:
        return []
    return listed if isinstance(listed, list) else [None]


@dataclass(frozen=True)
class BarsWanted:
    """Which bars to ask for. The `next_page_token` of the answer is "" on the last page.

    `timeframe` is `5Min`, `1Hour`, `1Day` and the like; `start` is inclusive. `limit` (1 to 10,000) counts
    the bars of all symbols together, and pages are filled symbol by symbol.
    """

    timeframe: str
    start: datetime
    limit: int = MOST_BARS
    page_token: str | None = None


class MarketDataClient:
    """The Market Data API over a transport; latest share prices come from `stock_feed` (`iex`, `sip`, …)."""

    def __init__(self, transport: Transport, *, stock_feed: str = "") -> None:
        self.transport = transport
        self.stock_feed = stock_feed
        self._send = transport.send

    def get_snapshots(self, symbols: Sequence[str]) -> BySymbol[Snapshot]:
        """GET /v2/stocks/snapshots: latest trade, quote and bars by symbol.

        Where the API refuses the batch for a symbol, the others are asked for again without it, in at most
        `MAX_CALLS` calls. Symbols that were `refused`, or not reached, are absent and counted as
        `unreadable`. Raises `BrokerRejected` if none is left.
        """
        found: BySymbol[Snapshot] = BySymbol({})
        refusal: BrokerRejected | None = None
        batches, calls = [list(symbols)], 0
        while batches and calls < MAX_CALLS:
            # The largest first: most symbols are good, and are not to wait for the search of a bad one.
            batch, calls = batches.pop(batches.index(max(batches, key=len))), calls + 1
            try:
                part = self._snapshots(batch)
            except BrokerRejected as error:
                if error.http_status not in WRONG_REQUEST:
                    raise
                refusal, rest = error, _without_culprit(batch, error.message)
                batches += rest
                found.refused += sorted(set(batch).difference(*rest))
                continue
            found.update(part)
            found.request_id, found.unreadable = part.request_id, found.unreadable + part.unreadable
        found.unreadable += len(found.refused) + sum(map(len, batches))
        if refusal is not None:
            if not found.request_id:
                raise refusal
            logger.warning("%d of %d symbols were refused: %s", found.unreadable, len(symbols), refusal)
        return found

    def _snapshots(self, symbols: Sequence[str]) -> BySymbol[Snapshot]:
        return self._send(
            "GET",
            "/v2/stocks/snapshots",
            partial(read_by_symbol, Snapshot),
            query={"symbols": tuple(symbols), **({"feed": self.stock_feed} if self.stock_feed else {})},
        )

    def get_bars(self, symbols: Sequence[str], wanted: BarsWanted) -> BySymbol[list[Bar]]:
        """GET /v2/stocks/bars by symbol, one page, adjusted for splits; shares."""
        return self._bars("/v2/stocks/bars", symbols, wanted, adjustment="split")

    def get_crypto_bars(self, symbols: Sequence[str], wanted: BarsWanted) -> BySymbol[list[Bar]]:
        """GET /v1beta3/crypto/us/bars by symbol, spelt with a slash (`BTC/USD`); one page."""
        return self._bars("/v1beta3/crypto/us/bars", symbols, wanted)

    def get_option_bars(self, symbols: Sequence[str], wanted: BarsWanted) -> BySymbol[list[Bar]]:
        """GET /v1beta1/options/bars by contract symbol; one page."""
        return self._bars("/v1beta1/options/bars", symbols, wanted)

    def _bars(
        self, path: str, symbols: Sequence[str], wanted: BarsWanted, **options: str
    ) -> BySymbol[list[Bar]]:
        query = {"symbols": tuple(symbols), **asdict(wanted), **options}
        return self._send("GET", path, _read_bars, query=query)

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

    def get_most_actives(self, top: int) -> MostActives:
        """GET /v1beta1/screener/stocks/most-actives by volume; at most 100."""
        path = "/v1beta1/screener/stocks/most-actives"
        return self._send("GET", path, MostActives.from_reply, query={"by": "volume", "top": top})

    def get_movers(self, top: int) -> Movers:
        """GET /v1beta1/screener/stocks/movers; at most 50 either way."""
        path = "/v1beta1/screener/stocks/movers"
        return self._send("GET", path, Movers.from_reply, query={"top": top})

    def get_corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date, page_token: str | None = None
    ) -> ActionsPage:
        """GET /v1/corporate-actions of symbols, by the day they are processed, both ends included.

        One page of at most 1,000.
        """
        query = {
            "symbols": tuple(symbols),
            "start": start,
            "end": end,
            "limit": MOST_ACTIONS,
            "page_token": page_token,
        }
        return self._send("GET", "/v1/corporate-actions", _read_actions, query=query)


def _without_culprit(batch: list[str], message: str) -> list[list[str]]:
    """What to ask for after a refusal: all but the symbols it names or, if it names none, each half."""
    named = set(re.findall(r"[^\s,;:\"'()\[\]]+", message))
    rest = [symbol for symbol in batch if symbol not in named and symbol + "." not in named]
    if len(rest) < len(batch):
        return [rest] if rest else []
    if len(batch) == 1:
        return []
    middle = len(batch) // 2
    return [batch[middle:], batch[:middle]]
