"""Alpaca's Python SDK against the running process: market data."""

import datetime as dt

import pytest
from alpaca.data.enums import Adjustment
from alpaca.data.historical import ScreenerClient, StockHistoricalDataClient
from alpaca.data.requests import (
    MarketMoversRequest,
    MostActivesRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame

from tests.sandbox.contract import watch
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def data(sandbox: SandboxProcess) -> StockHistoricalDataClient:
    client = StockHistoricalDataClient(
        sandbox.key, sandbox.secret, use_basic_auth=True, url_override=sandbox.url
    )
    watch(client._session)
    return client


def test_stock_latest_trade_quote_and_bar(data: StockHistoricalDataClient) -> None:
    wanted = {"symbol_or_symbols": ["AAPL", "MSFT"]}
    trades = data.get_stock_latest_trade(StockLatestTradeRequest(**wanted))
    quotes = data.get_stock_latest_quote(StockLatestQuoteRequest(**wanted))
    bars = data.get_stock_latest_bar(StockLatestBarRequest(**wanted))

    assert set(trades) == set(quotes) == set(bars) == {"AAPL", "MSFT"}
    assert quotes["AAPL"].bid_price < quotes["AAPL"].ask_price


def test_stock_snapshot(data: StockHistoricalDataClient) -> None:
    snapshots = data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=["AAPL"]))

    assert snapshots["AAPL"].daily_bar.low <= snapshots["AAPL"].latest_trade.price


def test_stock_bars(data: StockHistoricalDataClient) -> None:
    wanted = StockBarsRequest(
        symbol_or_symbols=["AAPL", "MSFT"],
        timeframe=TimeFrame.Day,
        start=dt.datetime(2026, 9, 1, tzinfo=dt.UTC),
        end=dt.datetime(2026, 9, 30, tzinfo=dt.UTC),
        adjustment=Adjustment.ALL,
    )

    bars = data.get_stock_bars(wanted)

    assert [len(bars[symbol]) for symbol in ("AAPL", "MSFT")] == [29, 29]  # the market never closes


def test_most_actives_and_movers(sandbox: SandboxProcess) -> None:
    screener = ScreenerClient(sandbox.key, sandbox.secret, url_override=sandbox.url)
    watch(screener._session)

    assert len(screener.get_most_actives(MostActivesRequest(top=5)).most_actives) == 5
    assert screener.get_market_movers(MarketMoversRequest(top=3)).gainers
