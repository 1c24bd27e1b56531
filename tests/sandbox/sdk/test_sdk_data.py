"""Alpaca's Python SDK against the running process: market data."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from alpaca.data.enums import Adjustment
from alpaca.data.historical import OptionHistoricalDataClient, ScreenerClient, StockHistoricalDataClient
from alpaca.data.requests import (
    MarketMoversRequest,
    MostActivesRequest,
    OptionBarsRequest,
    OptionChainRequest,
    OptionLatestQuoteRequest,
    OptionLatestTradeRequest,
    OptionSnapshotRequest,
    OptionTradesRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame

from tests.sandbox.contract import watched
from tests.sandbox.process import now_of
from tests.sandbox_process import SandboxProcess


def client_of(sandbox: SandboxProcess, kind: Any, **options: Any) -> AbstractContextManager[Any]:
    return watched(lambda: kind(sandbox.key, sandbox.secret, url_override=sandbox.url, **options))


@pytest.fixture(scope="module")
def data(sandbox: SandboxProcess) -> Iterator[StockHistoricalDataClient]:
    with client_of(sandbox, StockHistoricalDataClient, use_basic_auth=True) as client:
        yield client


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
    with client_of(sandbox, ScreenerClient) as screener:
        assert len(screener.get_most_actives(MostActivesRequest(top=5)).most_actives) == 5
        assert screener.get_market_movers(MarketMoversRequest(top=3)).gainers


@pytest.fixture
def options(sandbox: SandboxProcess) -> Iterator[OptionHistoricalDataClient]:
    with client_of(sandbox, OptionHistoricalDataClient, use_basic_auth=True) as client:
        yield client


def test_option_chain_quotes_trades_snapshots_and_bars(
    sandbox: SandboxProcess, options: OptionHistoricalDataClient
) -> None:
    now = now_of(sandbox)
    chain = options.get_option_chain(
        OptionChainRequest(underlying_symbol="F", expiration_date_gte=(now + dt.timedelta(days=60)).date())
    )
    wanted = {"symbol_or_symbols": sorted(chain)[:2]}
    trades = options.get_option_latest_trade(OptionLatestTradeRequest(**wanted))
    quotes = options.get_option_latest_quote(OptionLatestQuoteRequest(**wanted))
    snapshots = options.get_option_snapshot(OptionSnapshotRequest(**wanted))
    minute = {"start": now - dt.timedelta(minutes=3), "end": now - dt.timedelta(minutes=2)}
    bars = options.get_option_bars(OptionBarsRequest(**wanted, timeframe=TimeFrame.Minute, **minute))
    ticks = options.get_option_trades(OptionTradesRequest(**wanted, **minute))

    assert len(chain) > 20
    assert set(trades) == set(quotes) == set(snapshots) == set(bars.data) == set(ticks.data)
    assert all(quotes[each].bid_price <= trades[each].price <= quotes[each].ask_price for each in trades)
    assert any(each.greeks and each.implied_volatility for each in chain.values())
