import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import requests

from sandbox.instruments.crypto_pairs import load_pairs
from sandbox.prices.coins import CoinPrices
from tests.sandbox_process import SandboxProcess

COINS = CoinPrices(7, load_pairs())
SATURDAY = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)


def test_prices_move_at_night_and_on_weekends() -> None:
    hours = [COINS.trade("BTC/USD", SATURDAY + dt.timedelta(hours=n)) for n in range(48)]

    assert len(set(hours)) > 40
    assert COINS.trade("BTC/USD", SATURDAY) == CoinPrices(7, load_pairs()).trade("BTC/USD", SATURDAY)
    assert COINS.trade("BTC/USD", SATURDAY) != CoinPrices(8, load_pairs()).trade("BTC/USD", SATURDAY)


@pytest.mark.parametrize("pair", load_pairs(), ids=lambda pair: pair.symbol)
def test_quotes_lie_around_the_trade_on_the_pairs_increments(pair: Any) -> None:
    for hour in range(0, 2_000, 37):
        at = SATURDAY + dt.timedelta(hours=hour)
        quote, trade = COINS.quote(pair.symbol, at), COINS.trade(pair.symbol, at)
        assert 0 < quote.bid < quote.ask
        assert quote.bid <= trade <= quote.ask
        assert all(price % pair.increments.price == 0 for price in (quote.bid, quote.ask, trade))
        assert quote.bid_size > 0
        assert quote.ask_size > 0


def test_a_stablecoin_stays_near_its_dollar() -> None:
    prices = [COINS.trade("USDC/USD", SATURDAY + dt.timedelta(days=n)) for n in range(0, 900, 9)]

    assert all(Decimal("0.98") < price < Decimal("1.02") for price in prices)
    assert len(set(prices)) > 20


def test_bars_of_a_day_hold_its_minutes() -> None:
    start = dt.datetime(2026, 11, 21, 5, 0, tzinfo=dt.UTC)  # midnight in New York
    end = start + dt.timedelta(days=1, seconds=-1)

    (day,) = COINS.bars("SHIB/USD", "1Day", start, end)
    minutes = COINS.bars("SHIB/USD", "1Min", start, end)

    assert len(minutes) == 1_440
    assert (day.open, day.close) == (minutes[0].open, minutes[-1].close)
    assert day.high == max(bar.high for bar in minutes)
    assert day.volume == sum(bar.volume for bar in minutes)


def test_latest_needs_no_key_and_leaves_out_unknown_pairs(sandbox: SandboxProcess) -> None:
    url = f"{sandbox.url}/v1beta3/crypto/us/latest/quotes"

    reply = requests.get(url, params={"symbols": "BTC/USD,NOPE/USD,AAPL/USD,eth/usd"}, timeout=10)

    assert (reply.status_code, set(reply.json()["quotes"])) == (200, {"BTC/USD", "ETH/USD"})
    assert requests.get(f"{sandbox.url}/v2/stocks/AAPL/snapshot", timeout=10).status_code == 403


def test_bars_go_on_page_by_page(sandbox: SandboxProcess) -> None:
    query = {"symbols": "ETH/USD,BTC/USD", "timeframe": "1Hour", "start": "2026-09-05", "limit": "30"}
    query["end"] = "2026-09-06T00:00:00Z"
    seen: list[tuple[str, str]] = []
    token = {}
    while True:
        page = sandbox.get("/v1beta3/crypto/us/bars", params={**query, **token})
        seen += [(symbol, bar["t"]) for symbol, bars in page["bars"].items() for bar in bars]
        if page["next_page_token"] is None:
            break
        token = {"page_token": page["next_page_token"]}

    assert seen == sorted(set(seen))
    assert len(seen) == 2 * 25  # both ends are included


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("mars/latest/bars", {"symbols": "BTC/USD"}, "invalid location: mars"),
        ("us/latest/bars", {}, "symbols is required"),
        ("us/latest/trades", {"symbols": "BTCUSD"}, "invalid symbol: BTCUSD"),
        ("us/bars", {"symbols": "BTC/USD"}, "timeframe is required"),
        ("us/bars", {"symbols": "BTC/USD", "timeframe": "7Day"}, "invalid timeframe: 7Day"),
        ("us/quotes", {"symbols": "BTC/USD", "limit": "0"}, "limit"),
        ("us/trades", {"symbols": "BTC/USD", "page_token": "BTC/USD|x"}, "invalid page_token"),
    ],
)
def test_a_bad_parameter_is_a_400(
    sandbox: SandboxProcess, path: str, query: dict[str, str], message: str
) -> None:
    reply = sandbox.request("GET", f"/v1beta3/crypto/{path}", params=query)

    assert (reply.status_code, reply.json()["code"]) == (400, 40010000)
    assert message in reply.json()["message"]


def test_shares_have_no_crypto_data_nor_coins_stock_data(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/v2/stocks/snapshots", params={"symbols": "AAPL,BTC/USD,BTCUSD"}).keys() == {"AAPL"}
    assert sandbox.request("GET", "/v2/stocks/BTCUSD/snapshot").status_code == 404
