import pytest

from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess


def test_assets_are_many_and_complete(sandbox: SandboxProcess) -> None:
    assets = sandbox.get("/v1/assets", params={"status": "ACTIVE"})

    assert len(assets) >= 500
    assert {asset["status"] for asset in assets} == {"active"}
    assert {asset["exchange"] for asset in assets} <= {"NYSE", "NASDAQ", "ARCA", "AMEX", "BATS"}
    assert all(asset["name"] and asset["class"] == "us_equity" for asset in assets)


def test_asset_by_symbol_and_id(sandbox: SandboxProcess) -> None:
    by_symbol = sandbox.get("/v1/assets/AAPL")

    assert by_symbol["id"] == "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415"
    assert sandbox.get(f"/v1/assets/{by_symbol['id']}") == by_symbol
    assert sandbox.get("/v1/assets/BRK.B")["symbol"] == "BRK.B"
    assert sandbox.request("GET", "/v1/assets/BTC%2FEUR").status_code == 404


def test_crypto_pairs_by_every_name(sandbox: SandboxProcess) -> None:
    pairs = sandbox.get("/v1/assets", params={"asset_class": "crypto"})
    bitcoin = next(pair for pair in pairs if pair["symbol"] == "BTC/USD")

    assert len(pairs) == 24
    assert (bitcoin["class"], bitcoin["exchange"]) == ("crypto", "CRYPTO")
    assert (bitcoin["marginable"], bitcoin["shortable"], bitcoin["fractionable"]) == (False, False, True)
    assert (bitcoin["min_trade_increment"], bitcoin["price_increment"]) == ("0.000000001", "0.01")
    for name in ("BTC%2FUSD", "BTCUSD", "btcusd", bitcoin["id"]):
        assert sandbox.get(f"/v1/assets/{name}") == bitcoin
    assert not {"BTC/USD"} & {asset["symbol"] for asset in sandbox.get("/v1/assets")}


def test_assets_by_exchange_and_class(sandbox: SandboxProcess) -> None:
    assert {asset["exchange"] for asset in sandbox.get("/v1/assets", params={"exchange": "NYSE"})} == {"NYSE"}
    assert len(sandbox.get("/v1/assets", params={"exchange": "CRYPTO"})) == 0
    assert sandbox.request("GET", "/v1/assets", params={"status": "odd"}).status_code == 422


def test_calendar_has_holidays_and_half_days(sandbox: SandboxProcess) -> None:
    days = sandbox.get("/v1/calendar", params={"start": "2026-11-25", "end": "2026-11-30"})

    assert [day["date"] for day in days] == ["2026-11-25", "2026-11-27", "2026-11-30"]
    assert days[1] == {
        "date": "2026-11-27",
        "open": "09:30",
        "close": "13:00",
        "session_open": "0400",
        "session_close": "1700",
        "settlement_date": "2026-11-30",
    }


def test_calendar_by_settlement_date(sandbox: SandboxProcess) -> None:
    params = {"start": "2026-11-30", "end": "2026-11-30", "date_type": "SETTLEMENT"}

    assert [day["date"] for day in sandbox.get("/v1/calendar", params=params)] == ["2026-11-27"]


@pytest.mark.parametrize(
    "params", [{"start": "soon"}, {"start": "2026-02-02", "end": "2026-01-01"}, {"date_type": "LUNAR"}]
)
def test_calendar_with_invalid_query(sandbox: SandboxProcess, params: dict[str, str]) -> None:
    assert sandbox.request("GET", "/v1/calendar", params=params).status_code == 422


def test_clock_of_an_open_market(sandbox: SandboxProcess) -> None:
    clock = sandbox.get("/v1/clock")

    assert clock["is_open"] is True
    assert clock["timestamp"][-6:] in ("-05:00", "-04:00")
    assert sandbox.get("/v2/clock")["clocks"][0]["market"]["mic"] == "XNYS"


def test_clock_of_a_real_market_follows_the_sandbox_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("clock") / "state", market="real") as process:
        seen = []
        for _ in range(2):
            clock = process.get("/v1/clock")
            target = clock["next_close"] if clock["is_open"] else clock["next_open"]
            process.request("POST", "/_sandbox/clock", json={"advance_to": target}).raise_for_status()
            seen.append(process.get("/v1/clock")["is_open"] is not clock["is_open"])

        assert seen == [True, True]


def test_calendar_of_a_market(sandbox: SandboxProcess) -> None:
    found = sandbox.get("/v2/calendar/NYSE", params={"start": "2026-11-27", "end": "2026-11-27"})

    assert found["calendar"][0]["core_end"] == "2026-11-27T13:00:00-05:00"
    assert sandbox.request("GET", "/v2/calendar/MARS").status_code == 404
