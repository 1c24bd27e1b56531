"""One method per endpoint of the Market Data API that this product uses.

Reference: https://docs.alpaca.markets/docs/about-market-data-api. Prices are USD. Symbols that the API does
not know are absent from its answers. Errors and Request IDs are as in `brokerapp.broker.alpaca.client`.
"""

import logging
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import requests

from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.alpaca.models import BySymbol, Snapshot
from brokerapp.broker.alpaca.models.base import read_by_symbol
from brokerapp.broker.alpaca.transport import Transport

logger = logging.getLogger(__name__)

MAX_CALLS = 12
"""For one batch of symbols, some of which are refused."""
WRONG_REQUEST = (requests.codes.bad_request, requests.codes.unprocessable_entity)


def _read_snapshots(body: Any, request_id: str) -> BySymbol[Snapshot]:
    members = body.get("snapshots") if isinstance(body, dict) else None
    return read_by_symbol(Snapshot, members, request_id)


class MarketDataClient:
    """The Market Data API over a transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
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
            query={"symbols": tuple(symbols)},
        )

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
