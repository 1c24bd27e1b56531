from typing import Any

import pytest

from tests.sandbox.people import buy, open_account
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def busy(sandbox: SandboxProcess) -> str:
    """An account with a deposit, five fills and a withdrawal, in this order."""
    account_id = open_account(sandbox, cash="5000")
    for _ in range(5):
        buy(sandbox, account_id, notional="10")
    sandbox.deposit(account_id, "-25")
    return account_id


def read(sandbox: SandboxProcess, account_id: str, path: str = "", **params: Any) -> list[dict[str, Any]]:
    return sandbox.get(f"/v1/accounts/activities{path}", params={"account_id": account_id, **params})


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [row["activity_type"] for row in rows]


def test_activities_newest_first(sandbox: SandboxProcess, busy: str) -> None:
    rows = read(sandbox, busy)

    assert kinds(rows) == ["CSW", *["FILL"] * 5, "CSD"]
    fill, deposit = rows[1], rows[-1]
    assert (fill["type"], fill["side"], fill["order_status"], fill["leaves_qty"]) == (
        "fill",
        "buy",
        "filled",
        "0",
    )
    assert (deposit["net_amount"], deposit["description"], deposit["status"]) == ("5000", "", "executed")
    assert kinds(read(sandbox, busy, direction="asc")) == kinds(rows)[::-1]


@pytest.mark.parametrize("direction", ["desc", "asc"])
def test_pages_hold_each_activity_once(sandbox: SandboxProcess, busy: str, direction: str) -> None:
    found: list[str] = []
    while True:
        token = {"page_token": found[-1]} if found else {}
        page = read(sandbox, busy, page_size=2, direction=direction, **token)
        if not page:
            break
        found += [row["id"] for row in page]

    assert found == [row["id"] for row in read(sandbox, busy, direction=direction)]


def test_activities_by_type_and_category(sandbox: SandboxProcess, busy: str) -> None:
    assert kinds(read(sandbox, busy, activity_types="CSD,CSW")) == ["CSW", "CSD"]
    assert kinds(read(sandbox, busy, activity_types=["CSD", "FILL"])) == ["FILL"] * 5 + ["CSD"]
    assert kinds(read(sandbox, busy, "/FILL", page_size=2)) == ["FILL", "FILL"]
    assert kinds(read(sandbox, busy, category="non_trade_activity")) == ["CSW", "CSD"]
    assert kinds(read(sandbox, busy, category="trade_activity")) == ["FILL"] * 5


def test_activities_of_an_order(sandbox: SandboxProcess, busy: str) -> None:
    fill = read(sandbox, busy)[1]

    assert [row["id"] for row in read(sandbox, busy, order_id=fill["order_id"])] == [fill["id"]]


def test_activities_between_instants(sandbox: SandboxProcess, busy: str) -> None:
    fills = read(sandbox, busy, "/FILL", direction="asc")
    first, last = fills[0]["transaction_time"], fills[-1]["transaction_time"]

    assert len(read(sandbox, busy, after=first, until=last)) == 3
    assert read(sandbox, busy, after="2999-01-01") == []
    assert len(read(sandbox, busy, date=read(sandbox, busy)[0]["date"])) == 7


def test_activities_of_the_whole_firm_hold_those_of_each_account(sandbox: SandboxProcess, busy: str) -> None:
    rows = sandbox.get("/v1/accounts/activities", params={"activity_types": "CSW"})

    assert busy in {row["account_id"] for row in rows}


@pytest.mark.parametrize(
    "params",
    [
        {"activity_types": "GIFT"},
        {"page_size": "101"},
        {"page_size": "0"},
        {"direction": "up"},
        {"page_token": "unknown"},
        {"date": "2026-01-01", "after": "2026-01-01"},
        {"category": "all"},
        {"category": "trade_activity", "activity_types": "FILL"},
        {"after": "yesterday"},
        {"account_id": "me"},
    ],
)
def test_activities_with_invalid_query(sandbox: SandboxProcess, params: dict[str, str]) -> None:
    reply = sandbox.request("GET", "/v1/accounts/activities", params=params)

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)
