from decimal import Decimal

import pytest

from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.broker.alpaca.market_data import MarketDataClient
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID

HEADERS = {"X-Request-ID": REQUEST_ID}
QUOTE = {
    "t": "2026-03-02T15:00:00.123456789Z",
    "ap": 190.02,
    "as": 100,
    "bp": 190.0,
    "bs": 0,
    "ax": "V",
    "c": ["R"],
}
BAR = {
    "t": "2026-03-02T05:00:00Z",
    "o": 1.1,
    "h": 2.2,
    "l": 0.3,
    "c": 1.7,
    "v": 56457696,
    "n": 3,
    "vw": 1.743391,
}


@pytest.fixture
def market(transport):
    return MarketDataClient(transport)


def test_get_snapshots_reads_numbers_exactly(market, broker):
    broker.get(
        f"{BASE}/v2/stocks/snapshots",
        body='{"AAPL": {"latestTrade": {"t": "2026-03-02T15:00:00Z", "p": 0.10000000000000001}}, "TSLA": {}}',
        headers=HEADERS,
    )

    found = market.get_snapshots(["AAPL", "TSLA"])

    assert broker.calls[0].request.params == {"symbols": "AAPL,TSLA"}
    assert found["AAPL"].latest_trade.price == Decimal("0.10000000000000001")
    assert found["TSLA"].latest_trade is None
    assert found.request_id == found["AAPL"].request_id == REQUEST_ID


def test_get_latest_quotes_reads_the_envelope(market, broker):
    broker.get(f"{BASE}/v2/stocks/quotes/latest", json={"quotes": {"AAPL": QUOTE}}, headers=HEADERS)

    found = market.get_latest_quotes(["AAPL"], feed="iex")

    assert (found["AAPL"].ask_price, found["AAPL"].bid_price) == (Decimal("190.02"), Decimal(190))
    assert broker.calls[0].request.params == {"symbols": "AAPL", "feed": "iex"}


def test_get_latest_quote_reads_one(market, broker):
    broker.get(
        f"{BASE}/v2/stocks/BRK.B/quotes/latest", json={"symbol": "BRK.B", "quote": QUOTE}, headers=HEADERS
    )

    quote = market.get_latest_quote("BRK.B")

    assert quote.ask_size == 100
    assert quote.request_id == REQUEST_ID


def test_get_latest_quote_without_a_quote_is_unreadable(market, broker):
    broker.get(f"{BASE}/v2/stocks/AAPL/quotes/latest", json={"symbol": "AAPL"})

    with pytest.raises(BrokerOutcomeUnknown, match="quote: missing"):
        market.get_latest_quote("AAPL")


def test_get_bars_gives_a_page_and_the_token_of_the_next(market, broker):
    broker.get(
        f"{BASE}/v2/stocks/bars", json={"bars": {"AAPL": [BAR]}, "next_page_token": "n"}, headers=HEADERS
    )
    broker.get(f"{BASE}/v2/stocks/bars", json={"bars": None, "next_page_token": None}, headers=HEADERS)

    first = market.get_bars(["AAPL"], "1Day", adjustment="split")
    last = market.get_bars(["AAPL"], "1Day", page_token=first.next_page_token)

    assert first["AAPL"][0].vwap == Decimal("1.743391")
    assert first.next_page_token == "n"
    assert (dict(last), last.next_page_token, last.request_id) == ({}, "", REQUEST_ID)
