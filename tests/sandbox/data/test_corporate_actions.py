import datetime as dt
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

PATH = "/v1/corporate_actions/announcements"
QUARTER = {"since": "2026-01-01", "until": "2026-03-31"}


def listed(sandbox: SandboxProcess, **params: str) -> list[dict[str, Any]]:
    return sandbox.get(PATH, params={"ca_types": "dividend,split", **QUARTER, **params})


def test_announcements_by_ex_date(sandbox: SandboxProcess) -> None:
    found = listed(sandbox)

    dates = [each["ex_date"] for each in found]
    assert dates == sorted(dates)
    assert (dates[0] >= "2026-01-01", dates[-1] <= "2026-03-31") == (True, True)
    assert {each["ca_type"] for each in found} == {"dividend", "split"}
    for each in found:
        assert each["declaration_date"] < each["ex_date"] <= each["payable_date"]
        assert (float(each["cash"]) > 0) == (each["ca_type"] == "dividend")
        assert (each["new_rate"] == each["old_rate"]) == (each["ca_type"] == "dividend")


def test_payer_announces_once_a_quarter(sandbox: SandboxProcess) -> None:
    first = listed(sandbox, ca_types="dividend")[0]

    following = listed(
        sandbox,
        ca_types="dividend",
        symbol=first["initiating_symbol"],
        since="2026-04-01",
        until="2026-06-30",
    )

    assert [each["cash"] for each in following] == [first["cash"]]
    by_cusip = listed(sandbox, ca_types="dividend", cusip=first["initiating_original_cusip"])
    assert [each["id"] for each in by_cusip] == [first["id"]]


def test_announcements_by_another_date(sandbox: SandboxProcess) -> None:
    first = listed(sandbox, ca_types="dividend")[0]
    day = first["declaration_date"]

    found = listed(sandbox, ca_types="dividend", since=day, until=day, date_type="declaration_date")

    assert first["id"] in [each["id"] for each in found]
    assert {each["declaration_date"] for each in found} == {day}


def test_ids_are_unique_and_can_be_read(sandbox: SandboxProcess) -> None:
    found = listed(sandbox)

    assert len({each["id"] for each in found}) == len(found)
    assert sandbox.get(f"{PATH}/{found[-1]['id']}") == found[-1]
    assert sandbox.request("GET", f"{PATH}/{'0' * 8}-0000-0000-0000-{'0' * 12}").status_code == 404
    assert sandbox.request("GET", f"{PATH}/none").status_code == 422


def test_ex_dates_are_trading_days(sandbox: SandboxProcess) -> None:
    sessions = {each["date"] for each in sandbox.get("/v1/calendar", params={"start": "2026-01-01"})}

    assert {each["ex_date"] for each in listed(sandbox)} <= sessions


@pytest.mark.parametrize(
    "params",
    [
        {"ca_types": ""},
        {"ca_types": "party"},
        {"since": ""},
        {"until": "soon"},
        {"until": "2025-12-31"},
        {"until": (dt.date(2026, 1, 1) + dt.timedelta(days=91)).isoformat()},
        {"date_type": "birthday"},
    ],
)
def test_announcements_refused(sandbox: SandboxProcess, params: dict[str, str]) -> None:
    query = {"ca_types": "dividend", **QUARTER, **params}

    assert sandbox.request("GET", PATH, params=query).status_code == 422


def test_announcements_far_away_are_empty(sandbox: SandboxProcess) -> None:
    assert listed(sandbox, since="0001-01-01", until="0001-02-01") == []
    assert listed(sandbox, since="9999-12-01", until="9999-12-31") == []
