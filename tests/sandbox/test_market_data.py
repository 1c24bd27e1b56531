from typing import Any

import pytest

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
        with SandboxProcess(tmp_path_factory.mktemp("seed") / f"state{number}", seed=seed) as process:
            found.append(process.get("/v2/stocks/AAPL/bars", params=query)["bars"])

    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v2/stocks/snapshots", {}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL"}, 400),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "7Lunches"}, 400),
        ("/v2/stocks/AAPL/bars", {"timeframe": "1Day", "limit": "10001"}, 422),
        ("/v2/stocks/AAPL/bars", {"timeframe": "1Day", "page_token": "AAPL|x"}, 400),
        ("/v2/stocks/NOSUCH/snapshot", {}, 404),
    ],
)
def test_market_data_with_invalid_query(
    sandbox: SandboxProcess, path: str, params: dict[str, str], status: int
) -> None:
    assert sandbox.request("GET", path, params=params).status_code == status
