import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from sandbox.instruments.assets import load_assets
from sandbox.instruments.option_contracts import (
    Listings,
    expirations,
    id_of,
    listed_on,
    parse,
    symbol_of_id,
    underlyings,
)
from sandbox.kernel import trading_calendar
from sandbox.prices.all import AllPrices
from tests.sandbox.process import now_of
from tests.sandbox_process import SandboxProcess

NOW = dt.datetime(2027, 1, 4, 15, 0, tzinfo=dt.UTC)
LISTINGS = Listings(AllPrices(1, load_assets()).trade)
CONTRACTS = "/v1/options/contracts"


def contracts_of(symbol: str, now: dt.datetime) -> set[str]:
    share = next(asset for asset in underlyings() if asset.symbol == symbol)
    found = LISTINGS.contracts(share, expirations(now), ("call", "put"), Decimal(0), Decimal(10**6))
    return {contract.symbol for contract in found}


# The rule


def test_parse_reads_an_occ_symbol() -> None:
    contract = parse("AAPL270115C00252500")

    assert contract is not None
    assert (contract.underlying.symbol, contract.kind, contract.strike) == ("AAPL", "call", Decimal("252.5"))
    assert contract.expires_at == dt.datetime(2027, 1, 15, 21, 0, tzinfo=dt.UTC)
    assert contract.name == "AAPL Jan 15 2027 252.5 Call"


@pytest.mark.parametrize(
    "symbol",
    [
        "AAPL", "AAPL270115X00250000", "AAPL270115C0025000", "AAPL270114C00250000", "AAPL271332C00250000",
        "AAPL270115C00000000", "NOSUCH270115C00250000", "AAPL270326C00250000", "aapl270115c00250000",
    ],
)  # fmt: skip
def test_parse_of_what_is_no_contract(symbol: str) -> None:
    """A Thursday, no date, no strike, no share with options, Good Friday ..."""
    assert parse(symbol) is None


def test_parse_knows_the_session_before_a_holiday() -> None:
    assert parse("AAPL270325C00250000") is not None


@pytest.mark.parametrize("symbol", ["F270115C00014000", "GOOGL300621P99999999", "A991231C00000001"])
def test_symbol_of_id_gives_back_the_symbol(symbol: str) -> None:
    assert symbol_of_id(id_of(symbol)) == symbol


def test_symbol_of_id_of_another_id() -> None:
    assert symbol_of_id("b0b6dd9d-8b9b-48a9-ba46-b9d54906e415") == ""
    assert symbol_of_id("b0b6dd9d-8b9b-88a9-ba46-b9d54906e415") == ""


def test_expirations_are_fridays_weekly_then_monthly() -> None:
    days = expirations(NOW)

    assert days[:3] == [dt.date(2027, 1, 8), dt.date(2027, 1, 15), dt.date(2027, 1, 22)]
    assert all(trading_calendar.session_on(day) for day in days)
    assert all(day.weekday() == 4 or day.weekday() == 3 for day in days)
    assert [(day.year, day.month) for day in days[-3:]] == [(2027, 7), (2027, 8), (2027, 9)]
    assert expirations(NOW, expired=True)[-1] == dt.date(2026, 12, 31)


def test_contracts_once_listed_stay_until_they_expire() -> None:
    before, after = contracts_of("AAPL", NOW), contracts_of("AAPL", NOW + dt.timedelta(days=30))

    gone = before - after
    assert gone
    assert all(contract.expires_at < NOW + dt.timedelta(days=30) for contract in map(parse, gone) if contract)
    assert all(LISTINGS.find(symbol, NOW + dt.timedelta(days=400)) for symbol in sorted(before)[::50])


def test_find_of_a_strike_off_the_grid_and_of_an_expiry_too_far() -> None:
    assert LISTINGS.find("AAPL270115C00301000", NOW) is None
    assert LISTINGS.find("AAPL270115C09000000", NOW) is None
    assert LISTINGS.find("AAPL280121C00300000", NOW) is None


def test_strikes_surround_the_price_at_listing() -> None:
    for symbol in ("AAPL", "F", "SPY", "LCID"):
        day = dt.date(2027, 1, 15)
        listed = dt.datetime.combine(listed_on(day), dt.time(21), dt.UTC)
        price = AllPrices(1, load_assets()).trade(symbol, listed)
        found = [parse(each) for each in contracts_of(symbol, NOW) if "270115C" in each]
        strikes = sorted(contract.strike for contract in found if contract)
        assert strikes[0] < price < strikes[-1]
        assert len(strikes) > 5


# The endpoints


def listed(sandbox: SandboxProcess, **query: str) -> list[dict[str, Any]]:
    return sandbox.get(CONTRACTS, params=query)["option_contracts"]


def test_list_contracts_without_dates_ends_with_the_weekend(sandbox: SandboxProcess) -> None:
    today = now_of(sandbox).date()

    found = listed(sandbox, underlying_symbols="AAPL,SPY", limit="10000")

    assert {row["underlying_symbol"] for row in found} <= {"AAPL", "SPY"}
    assert all(dt.date.fromisoformat(row["expiration_date"]) <= today + dt.timedelta(days=8) for row in found)
    assert all(row["status"] == "active" and "deliverables" not in row for row in found)


def test_list_contracts_by_every_filter(sandbox: SandboxProcess) -> None:
    query = {"underlying_symbols": "AAPL", "expiration_date_gte": "2026-01-01", "limit": "10000"}
    every = listed(sandbox, **query)
    day = every[-1]["expiration_date"]
    middle = every[len(every) // 2]["strike_price"]

    found = listed(
        sandbox, **query, type="put", strike_price_lte=middle, expiration_date_lte=day, style="american"
    )

    expected = [
        row for row in every if row["type"] == "put" and Decimal(row["strike_price"]) <= Decimal(middle)
    ]
    assert found == expected != []
    assert listed(sandbox, underlying_symbols="AAPL", expiration_date=day, limit="10000") == [
        row for row in every if row["expiration_date"] == day
    ]
    assert listed(sandbox, **query, style="european") == listed(sandbox, **query, root_symbol="MSFT") == []
    assert listed(sandbox, **query, ppind="false") == []
    assert [row["symbol"] for row in every] == sorted(row["symbol"] for row in every)


def test_list_contracts_by_page_is_the_same_as_at_once(sandbox: SandboxProcess) -> None:
    query = {"underlying_symbols": "F,AAPL,C", "expiration_date_gte": "2026-01-01"}
    found, token = [], ""
    while token is not None:
        page = sandbox.get(CONTRACTS, params={**query, "limit": "700", "page_token": token})
        found += page["option_contracts"]
        token = page["next_page_token"]

    assert found == listed(sandbox, **query, limit="10000")


def test_list_contracts_that_have_expired(sandbox: SandboxProcess) -> None:
    found = listed(sandbox, underlying_symbols="AAPL", status="inactive", expiration_date_gte="2020-01-01")

    assert found
    assert {(row["status"], row["tradable"]) for row in found} == {("inactive", False)}


def test_list_contracts_with_deliverables(sandbox: SandboxProcess) -> None:
    found = listed(
        sandbox,
        underlying_symbols="AAPL",
        show_deliverables="true",
        expiration_date_gte="2026-01-01",
        limit="1",
    )

    assert found[0]["deliverables"][0] | {"symbol": "AAPL", "amount": "100"} == found[0]["deliverables"][0]


def test_get_contract_by_symbol_and_by_id(sandbox: SandboxProcess) -> None:
    first = listed(sandbox, underlying_symbols="AAPL", expiration_date_gte="2026-01-01", limit="1")[0]

    by_symbol = sandbox.get(f"{CONTRACTS}/{first['symbol']}")

    assert by_symbol == sandbox.get(f"{CONTRACTS}/{first['id']}")
    assert {name: by_symbol[name] for name in first} == first
    share = sandbox.get("/v1/assets/AAPL")
    assert by_symbol["underlying_asset_id"] == share["id"]
    assert "has_options" in share["attributes"]


@pytest.mark.parametrize(
    "wanted", ["AAPL", "AAPL270114C00250000", "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415", "AAPL990116C00250000"]
)
def test_get_contract_that_does_not_exist(sandbox: SandboxProcess, wanted: str) -> None:
    reply = sandbox.request("GET", f"{CONTRACTS}/{wanted}")

    assert (reply.status_code, reply.json()["message"]) == (404, f"option contract {wanted} not found")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "all"}, {"type": "straddle"}, {"style": "bermudan"}, {"limit": "0"}, {"limit": "10001"},
        {"expiration_date": "soon"}, {"strike_price_gte": "x"}, {"page_token": "x"},
        {"show_deliverables": "1"},
    ],
)  # fmt: skip
def test_list_contracts_with_a_bad_query(sandbox: SandboxProcess, query: dict[str, str]) -> None:
    reply = sandbox.request("GET", CONTRACTS, params=query)

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)
