"""Alpaca's Python SDK against the running process: market data of crypto pairs."""

import datetime as dt

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import CryptoHistoricalDataClient, ScreenerClient
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestBarRequest,
    CryptoLatestOrderbookRequest,
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    CryptoQuoteRequest,
    CryptoSnapshotRequest,
    CryptoTradesRequest,
    MarketMoversRequest,
)
from alpaca.data.timeframe import TimeFrame

from tests.sandbox.contract import watch
from tests.sandbox_process import SandboxProcess

PAIRS = ["BTC/USD", "DOGE/USD"]
START = dt.datetime(2026, 9, 5, 12, 0, tzinfo=dt.UTC)  # a Saturday


@pytest.fixture(scope="module")
def data(sandbox: SandboxProcess) -> CryptoHistoricalDataClient:
    client = CryptoHistoricalDataClient(url_override=sandbox.url)
    watch(client._session)
    return client


def test_get_crypto_bars_has_every_day_of_the_week(data: CryptoHistoricalDataClient) -> None:
    end = START + dt.timedelta(days=6)
    wanted = CryptoBarsRequest(symbol_or_symbols=PAIRS, timeframe=TimeFrame.Day, start=START, end=end)

    bars = data.get_crypto_bars(wanted)

    assert [len(bars[symbol]) for symbol in PAIRS] == [6, 6]
    assert all(0 < bar.low <= bar.vwap <= bar.high and bar.volume > 0 for bar in bars["DOGE/USD"])


def test_get_crypto_quotes_pages_by_itself(data: CryptoHistoricalDataClient) -> None:
    end = START + dt.timedelta(seconds=9)
    wanted = CryptoQuoteRequest(symbol_or_symbols=PAIRS, start=START, end=end)

    quotes = data.get_crypto_quotes(wanted)

    assert [len(quotes[symbol]) for symbol in PAIRS] == [10, 10]
    assert all(quote.bid_price < quote.ask_price for quote in quotes["BTC/USD"])


def test_get_crypto_trades_on_a_saturday(data: CryptoHistoricalDataClient) -> None:
    end = START + dt.timedelta(seconds=4)

    trades = data.get_crypto_trades(CryptoTradesRequest(symbol_or_symbols="BTC/USD", start=START, end=end))

    assert [trade.timestamp for trade in trades["BTC/USD"]] == [
        START + dt.timedelta(seconds=n) for n in range(5)
    ]


def test_latest_trade_quote_and_bar(data: CryptoHistoricalDataClient) -> None:
    trades = data.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols=PAIRS))
    quotes = data.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols=PAIRS))
    bars = data.get_crypto_latest_bar(CryptoLatestBarRequest(symbol_or_symbols=PAIRS))

    assert set(trades) == set(quotes) == set(bars) == set(PAIRS)
    assert trades["BTC/USD"].size > 0
    assert quotes["DOGE/USD"].bid_price < quotes["DOGE/USD"].ask_price < 1


def test_get_crypto_latest_orderbook(data: CryptoHistoricalDataClient) -> None:
    wanted = CryptoLatestOrderbookRequest(symbol_or_symbols=["SHIB/USD"])

    book = data.get_crypto_latest_orderbook(wanted)["SHIB/USD"]

    bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert 0 < bids[0] < asks[0] < 0.001


def test_get_crypto_snapshot(data: CryptoHistoricalDataClient) -> None:
    snapshot = data.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols=["ETH/USD"]))["ETH/USD"]

    assert snapshot.daily_bar.low <= snapshot.latest_trade.price <= snapshot.daily_bar.high
    assert snapshot.previous_daily_bar.timestamp < snapshot.daily_bar.timestamp


def test_credentials_are_accepted_and_wrong_ones_are_not(sandbox: SandboxProcess) -> None:
    wanted = CryptoLatestTradeRequest(symbol_or_symbols="BTC/USD")
    right = CryptoHistoricalDataClient(sandbox.key, sandbox.secret, url_override=sandbox.url)
    wrong = CryptoHistoricalDataClient(sandbox.key, "wrong", url_override=sandbox.url)

    assert right.get_crypto_latest_trade(wanted)
    with pytest.raises(APIError):
        wrong.get_crypto_latest_trade(wanted)


def test_market_movers_of_crypto(sandbox: SandboxProcess) -> None:
    screener = ScreenerClient(sandbox.key, sandbox.secret, url_override=sandbox.url)
    watch(screener._session)

    movers = screener.get_market_movers(MarketMoversRequest(market_type="crypto", top=30))

    assert len(movers.gainers) + len(movers.losers) > 10
    assert all("/USD" in mover.symbol for mover in [*movers.gainers, *movers.losers])
