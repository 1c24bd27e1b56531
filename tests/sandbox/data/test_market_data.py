from typing import Any

import pytest

from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess


def test_snapshots_are_a_map_without_unknown_symbols(sandbox: SandboxProcess) -> None:
    found = sandbox.get("/v2/stocks/snapshots", params={"symbols": "AAPL,NOSUCH,BRK.B"})

    assert set(found) == {"AAPL", "BRK.B"}
    snapshot = found["AAPL"]
    assert set(snapshot) == {"latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar"}
    assert snapshot["latestQuote"]["bp"] <= snapshot["latestTrade"]["p"] <= snapshot["latestQuote"]["ap"]
    assert snapshot["dailyBar"]["l"] <= snapshot["dailyBar"]["c"] <= snapshot["dailyBar"]["h"]


@pytest.mark.parametrize(("kind", "member"), [("trades", "trade"), ("quotes", "quote"), ("bars", "bar")])
def test_latest_of_one_and_of_many(sandbox: SandboxProcess, kind: str, member: str) -> None:
    one = sandbox.get(f"/v2/stocks/AAPL/{kind}/latest")
    many = sandbox.get(f"/v2/stocks/{kind}/latest", params={"symbols": "AAPL,MSFT"})

    assert one["symbol"] == "AAPL"
    assert set(one[member]) == set(many[kind]["AAPL"])
    assert set(many[kind]) == {"AAPL", "MSFT"}


def test_bars_by_page_are_the_same_as_at_once(sandbox: SandboxProcess) -> None:
    query = {"symbols": "MSFT,AAPL", "timeframe": "1Day", "start": "2026-09-01", "end": "2026-09-30"}
    whole = sandbox.get("/v2/stocks/bars", params=query)
    assert whole["next_page_token"] is None

    found: dict[str, list[Any]] = {}
    token = ""
    while token is not None:
        page = sandbox.get("/v2/stocks/bars", params={**query, "limit": 7, "page_token": token})
        assert sum(map(len, page["bars"].values())) <= 7
        for symbol, bars in page["bars"].items():
            found.setdefault(symbol, []).extend(bars)
        token = page["next_page_token"]

    assert found == whole["bars"]


@pytest.mark.parametrize("kind", ["trades", "quotes"])
def test_ticks_by_page_and_newest_first_are_the_same(sandbox: SandboxProcess, kind: str) -> None:
    span = {"start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:00:09Z"}

    whole = sandbox.get(f"/v2/stocks/{kind}", params={"symbols": "AAPL,MSFT", **span})[kind]
    assert {symbol: len(rows) for symbol, rows in whole.items()} == {"AAPL": 10, "MSFT": 10}
    first = sandbox.get(f"/v2/stocks/AAPL/{kind}", params={**span, "limit": 6, "sort": "desc"})
    token = first["next_page_token"]
    rest = sandbox.get(
        f"/v2/stocks/AAPL/{kind}", params={**span, "limit": 6, "sort": "desc", "page_token": token}
    )
    assert rest["next_page_token"] is None
    assert first[kind] + rest[kind] == whole["AAPL"][::-1]


def test_trades_lie_within_their_minute_bar(sandbox: SandboxProcess) -> None:
    span = {"start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:00:59Z"}

    prices = [row["p"] for row in sandbox.get("/v2/stocks/AAPL/trades", params=span)["trades"]]
    bar = sandbox.get("/v2/stocks/AAPL/bars", params={**span, "timeframe": "1Min"})["bars"][0]

    assert (prices[0], max(prices), min(prices), prices[-1]) == (bar["o"], bar["h"], bar["l"], bar["c"])


def test_most_actives_and_movers_are_sorted(sandbox: SandboxProcess) -> None:
    for by, key in (("volume", "volume"), ("trades", "trade_count")):
        found = sandbox.get("/v1beta1/screener/stocks/most-actives", params={"by": by, "top": 5})
        counts = [row[key] for row in found["most_actives"]]
        assert len(counts) == 5
        assert counts == sorted(counts, reverse=True)
    moved = sandbox.get("/v1beta1/screener/stocks/movers")
    gains, losses = ([row["percent_change"] for row in moved[side]] for side in ("gainers", "losers"))
    assert gains == sorted(gains, reverse=True)
    assert losses == sorted(losses)
    assert gains[-1] > 0 > losses[-1]


def test_codes_and_news(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/v2/stocks/meta/exchanges")["V"] == "IEX"
    assert "@" in sandbox.get("/v2/stocks/meta/conditions/trade", params={"tape": "A"})
    assert sandbox.get("/v1beta1/news", params={"symbols": "AAPL"}) == {"news": [], "next_page_token": None}


def test_bars_of_one_symbol_newest_first(sandbox: SandboxProcess) -> None:
    query = {"timeframe": "1Hour", "start": "2026-09-01T14:00:00Z", "end": "2026-09-01T19:00:00Z"}

    rising = sandbox.get("/v2/stocks/AAPL/bars", params=query)["bars"]
    falling = sandbox.get("/v2/stocks/AAPL/bars", params={**query, "sort": "desc"})["bars"]

    assert len(rising) > 3
    assert falling == rising[::-1]


def test_prices_come_from_the_seed(tmp_path_factory: pytest.TempPathFactory) -> None:
    query = {"timeframe": "1Day", "start": "2026-09-01", "end": "2026-09-10"}
    found = []
    for number, seed in enumerate((7, 7, 8)):
        with process_at(tmp_path_factory.mktemp("seed") / f"state{number}", seed=seed) as process:
            found.append(process.get("/v2/stocks/AAPL/bars", params=query)["bars"])

    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v2/stocks/snapshots", {}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL"}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "7Lunches"}, 400),
        ("/v2/stocks/AAPL/bars", {"timeframe": "1Day", "limit": "10001"}, 400),
        ("/v2/stocks/AAPL/bars", {"timeframe": "1Day", "page_token": "AAPL|x"}, 400),
        ("/v2/stocks/NOSUCH/snapshot", {}, 404),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", "start": "soon"}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", "adjustment": "splits"}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", "sort": "up"}, 400),
        ("/v2/stocks/trades", {"symbols": "AAPL", "feed": "cnn"}, 400),
        ("/v2/stocks/AAPL/quotes", {"currency": "EUR"}, 400),
        ("/v1beta1/screener/stocks/most-actives", {"by": "price"}, 400),
        ("/v1beta1/screener/stocks/movers", {"top": "51"}, 400),
        ("/v1beta1/screener/bonds/movers", {}, 400),
        ("/v2/stocks/meta/conditions/bar", {"tape": "A"}, 400),
        ("/v2/stocks/meta/conditions/trade", {}, 400),
    ],
)
def test_market_data_with_invalid_query(
    sandbox: SandboxProcess, path: str, params: dict[str, str], status: int
) -> None:
    assert sandbox.request("GET", path, params=params).status_code == status
