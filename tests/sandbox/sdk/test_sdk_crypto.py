"""Alpaca's Python SDK against the running process: market data of crypto pairs, and trading them."""

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

import pytest
from alpaca.broker.client import BrokerClient
from alpaca.broker.requests import GetAccountActivitiesRequest, MarketOrderRequest, StopLimitOrderRequest
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
from alpaca.trading.enums import (
    AccountStatus,
    ActivityType,
    AssetClass,
    AssetExchange,
    OrderSide,
    OrderStatus,
    TimeInForce,
)
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetOrdersRequest,
    ReplaceOrderRequest,
)

from tests.sandbox.contract import watched
from tests.sandbox.people import buy, open_crypto_account
from tests.sandbox_process import SandboxProcess, eventually

PAIRS = ["BTC/USD", "DOGE/USD"]
START = dt.datetime(2026, 9, 5, 12, 0, tzinfo=dt.UTC)  # a Saturday


@pytest.fixture(scope="module")
def data(sandbox: SandboxProcess) -> Iterator[CryptoHistoricalDataClient]:
    with watched(lambda: CryptoHistoricalDataClient(url_override=sandbox.url)) as client:
        yield client


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
    with watched(lambda: ScreenerClient(sandbox.key, sandbox.secret, url_override=sandbox.url)) as screener:
        movers = screener.get_market_movers(MarketMoversRequest(market_type="crypto", top=30))

    assert len(movers.gainers) + len(movers.losers) > 10
    assert all("/USD" in mover.symbol for mover in [*movers.gainers, *movers.losers])


# Trading


@pytest.fixture(scope="module")
def coin_id(sandbox: SandboxProcess) -> str:
    return open_crypto_account(sandbox, cash="20000")


def test_assets_of_the_crypto_class(sdk: BrokerClient) -> None:
    pairs = sdk.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO))

    assert {pair.exchange for pair in pairs} == {AssetExchange.CRYPTO}
    bitcoin = sdk.get_asset("BTC%2FUSD")
    assert bitcoin in pairs
    assert (bitcoin.min_order_size, bitcoin.price_increment) == (0.00001, 0.01)


def test_buy_hold_and_close_coins(sdk: BrokerClient, coin_id: str) -> None:
    wanted = MarketOrderRequest(
        symbol="BTC/USD", notional=500, side=OrderSide.BUY, time_in_force=TimeInForce.GTC
    )

    order = sdk.submit_order_for_account(coin_id, wanted)
    eventually(lambda: filled(sdk, coin_id, order.id), what="a filled order")
    position = sdk.get_open_position_for_account(coin_id, "BTCUSD")
    closing = sdk.close_position_for_account(coin_id, "BTCUSD", ClosePositionRequest(percentage="100"))
    eventually(lambda: filled(sdk, coin_id, closing.id), what="a closed position")

    assert (order.symbol, order.asset_class) == ("BTC/USD", AssetClass.CRYPTO)
    assert (position.symbol, position.exchange) == ("BTCUSD", AssetExchange.CRYPTO)
    assert closing.time_in_force == TimeInForce.GTC
    assert "BTCUSD" not in {each.symbol for each in sdk.get_all_positions_for_account(coin_id)}


def test_a_stop_limit_order_is_listed_and_replaced(sdk: BrokerClient, coin_id: str) -> None:
    wanted = StopLimitOrderRequest(
        symbol="ETH/USD", qty=0.01, side=OrderSide.BUY, time_in_force=TimeInForce.GTC, stop_price=50_000,
        limit_price=60_000,
    )  # fmt: skip

    order = sdk.submit_order_for_account(coin_id, wanted)
    status = eventually(
        lambda: sdk.get_order_for_account_by_id(coin_id, order.id).status == "new", what="a new order"
    )
    new = sdk.replace_order_for_account_by_id(coin_id, order.id, ReplaceOrderRequest(limit_price=55_000))
    listed = sdk.get_orders_for_account(coin_id, GetOrdersRequest(symbols=["ETH/USD"]))

    assert status
    assert [(each.id, each.limit_price) for each in listed] == [(new.id, "55000")]
    sdk.cancel_order_for_account_by_id(coin_id, new.id)


def test_fees_are_activities(sdk: BrokerClient, sandbox: SandboxProcess, coin_id: str) -> None:
    buy(sandbox, coin_id, symbol="SOL/USD", qty="1", time_in_force="gtc")

    wanted = GetAccountActivitiesRequest(account_id=coin_id, activity_types=[ActivityType.CFEE])
    newest = sdk.get_account_activities(wanted)[0]

    assert (newest.symbol, newest.qty, newest.net_amount) == ("SOLUSD", -0.0025, 0)


def test_the_crypto_status_of_an_account(sdk: BrokerClient, coin_id: str) -> None:
    assert sdk.get_account_by_id(coin_id).crypto_status == AccountStatus.ACTIVE
    assert sdk.get_trade_account_by_id(coin_id).crypto_status == AccountStatus.ACTIVE


def filled(sdk: BrokerClient, account_id: str, order_id: UUID) -> bool:
    return sdk.get_order_for_account_by_id(account_id, order_id).status == OrderStatus.FILLED
