"""The scenarios, over HTTP: what each does to the account, and what it says when it cannot."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.people import (
    apply,
    link_bank,
    open_account,
    order,
    trading_account,
    trading_path,
    transfer,
    wait_for_order,
    wait_for_status,
    wait_for_transfer,
)
from tests.sandbox.people import buy as bought
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually

SCENARIOS = "/_sandbox/scenarios"
FAR_BELOW = {"type": "limit", "limit_price": "1.00"}


def play(sandbox: SandboxProcess, name: str, account_id: str = "", **options: Any) -> requests.Response:
    body = {"account_id": account_id, **options}
    return sandbox.request("POST", f"{SCENARIOS}/{name}", json=body)


def played(sandbox: SandboxProcess, name: str, account_id: str = "", **options: Any) -> str:
    reply = play(sandbox, name, account_id, **options)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["result"])


def activities(sandbox: SandboxProcess, account_id: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get(
        "/v1/accounts/activities", params={"account_id": account_id, "activity_types": kind}
    )
    return found


def statuses_of_order(sandbox: SandboxProcess, order_id: str) -> list[str]:
    text = sandbox.request(
        "GET", "/v2/events/trades", params={"since": "2020-01-01", "until": sandbox.info()["now"]}
    ).text
    lines = [line for line in text.splitlines() if order_id in line]
    return [line.partition('"event":"')[2].partition('"')[0] for line in lines]


def test_every_scenario_is_listed_with_its_fields(sandbox: SandboxProcess) -> None:
    listed = {each["name"]: each for each in sandbox.get(SCENARIOS)}

    assert set(listed) >= {
        "kyc_action_required", "kyc_approve", "kyc_reject", "ach_return", "partial_fill", "fill",
        "cancel_fill_race", "halt", "resume", "dividend", "split", "journal_correction",
        "document_published", "dropped_stream", "event_fault",
    }  # fmt: skip
    assert "W8BEN_CORRECTION" in listed["kyc_action_required"]["fields"][0]["choices"]


def test_action_required_with_reasons_then_approve(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    played(sandbox, "kyc_action_required", account_id, reasons=["PEP", "TAX_IDENTIFICATION"])
    asked = sandbox.get(f"/v1/accounts/{account_id}")
    played(sandbox, "kyc_approve", account_id)
    active = wait_for_status(sandbox, account_id, "ACTIVE")

    assert asked["status"] == "ACTION_REQUIRED"
    assert asked["kyc_results"]["indeterminate"] == {"PEP": {}, "TAX_IDENTIFICATION": {}}
    assert active["kyc_results"]["accept"] == {"PEP": {}, "TAX_IDENTIFICATION": {}}


def test_reject_ends_the_application(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]
    played(sandbox, "kyc_reject", account_id, reasons=["OTHER"])

    assert sandbox.get(f"/v1/accounts/{account_id}")["status"] == "REJECTED"
    assert play(sandbox, "kyc_approve", account_id).status_code == 422


def test_ach_return_completes_first_and_takes_the_money_back(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    created = transfer(sandbox, account_id, link_bank(sandbox, account_id), amount="40").json()
    said = played(sandbox, "ach_return", account_id, reason="R02 account closed")

    assert said == "Transfer of $40 is returned: R02 account closed."
    wait_for_transfer(sandbox, account_id, created["id"], "RETURNED")
    assert trading_account(sandbox, account_id)["cash"] == "100"
    assert play(sandbox, "ach_return", account_id).status_code == 422


def test_partial_fill_then_fill(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    placed = order(sandbox, account_id, qty="10", **FAR_BELOW).json()
    path = trading_path(account_id, f"/orders/{placed['id']}")

    played(sandbox, "partial_fill", account_id, qty="4")
    part = sandbox.get(path)
    played(sandbox, "fill", account_id)
    whole = sandbox.get(path)

    assert (part["status"], part["filled_qty"]) == ("partially_filled", "4")
    assert (whole["status"], whole["filled_qty"], whole["filled_avg_price"]) == ("filled", "10", "1")
    assert trading_account(sandbox, account_id)["cash"] == "90"
    assert play(sandbox, "fill", account_id).status_code == 422


def test_cancel_fill_race_ends_filled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    placed = order(sandbox, account_id, qty="10", **FAR_BELOW).json()
    wait_for_order(sandbox, account_id, placed["id"], "new")
    played(sandbox, "cancel_fill_race", account_id)

    assert statuses_of_order(sandbox, placed["id"]) == ["accepted", "new", "pending_cancel", "fill"]
    assert sandbox.get(trading_path(account_id, "/positions/AAPL"))["qty"] == "10"


def test_change_fill_race_ends_filled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    placed = order(sandbox, account_id, qty="10", **FAR_BELOW).json()
    wait_for_order(sandbox, account_id, placed["id"], "new")
    played(sandbox, "change_fill_race", account_id)

    assert statuses_of_order(sandbox, placed["id"]) == ["accepted", "new", "pending_replace", "fill"]
    late = sandbox.request("PATCH", trading_path(account_id, f"/orders/{placed['id']}"), json={"qty": "11"})
    assert late.status_code == 422


def test_halted_symbol_takes_orders_and_fills_them_when_resumed(tmp_path: Path) -> None:
    with process_at(tmp_path / "state") as process:
        account_id = open_account(process, cash="1000")
        played(process, "halt", symbol="AAPL")
        process.kill()
        process.start()
        placed = order(process, account_id, notional="100").json()
        wait_for_order(process, account_id, placed["id"], "new")
        other = bought(process, account_id, symbol="MSFT", notional="100")
        assert (other["status"], play(process, "resume", symbol="MSFT").status_code) == ("filled", 422)

        played(process, "resume", symbol="AAPL")
        wait_for_order(process, account_id, placed["id"], "filled")


def test_dividend_is_paid_on_the_shares_held(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10000")
    bought(sandbox, account_id, qty="3")
    before = Decimal(trading_account(sandbox, account_id)["cash"])
    played(sandbox, "dividend", account_id, symbol="AAPL", per_share="0.255")

    assert Decimal(trading_account(sandbox, account_id)["cash"]) - before == Decimal("0.77")
    (paid,) = activities(sandbox, account_id, "DIV")
    assert (paid["symbol"], paid["qty"], paid["per_share_amount"]) == ("AAPL", "3", "0.255")
    assert play(sandbox, "dividend", account_id, symbol="MSFT").status_code == 422
    span = {"period": "1W", "timeframe": "1D"}  # its first minutes in the market may be still to come
    history = sandbox.get(trading_path(account_id, "/account/portfolio/history"), params=span)
    assert min(history["equity"]) >= 0


@pytest.mark.parametrize(("ratio", "qty"), [("2", "6"), ("0.5", "1.5")])
def test_split_keeps_the_cost_and_cancels_open_orders(sandbox: SandboxProcess, ratio: str, qty: str) -> None:
    account_id = open_account(sandbox, cash="10000")
    bought(sandbox, account_id, qty="3")
    path = trading_path(account_id, "/positions/AAPL")
    before = sandbox.get(path)
    selling = order(sandbox, account_id, side="sell", qty="3", type="limit", limit_price="99999").json()
    played(sandbox, "split", account_id, symbol="AAPL", ratio=ratio)
    after = sandbox.get(path)

    assert (after["qty"], after["qty_available"]) == (qty, qty)
    assert Decimal(after["cost_basis"]) == pytest.approx(Decimal(before["cost_basis"]), abs=Decimal("0.01"))
    wait_for_order(sandbox, account_id, selling["id"], "canceled")
    assert len(activities(sandbox, account_id, "SPLIT")) == 1


def test_journal_correction_replaces_the_amount(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    body = {"entry_type": "JNLC", "from_account": sandbox.firm_account_id, "to_account": account_id,
            "amount": "25"}  # fmt: skip
    sandbox.request("POST", "/v1/journals", json=body).raise_for_status()
    eventually(lambda: trading_account(sandbox, account_id)["cash"] == "25", what="the journal")
    played(sandbox, "journal_correction", account_id, amount="20.50")

    assert trading_account(sandbox, account_id)["cash"] == "20.5"


@pytest.mark.parametrize("kind", ["account_statement", "trade_confirmation"])
def test_published_document_can_be_downloaded(sandbox: SandboxProcess, kind: str) -> None:
    account_id = open_account(sandbox, cash="1000")
    bought(sandbox, account_id, notional="50")
    for _ in range(2):
        played(sandbox, "document_published", account_id, type=kind)
    (issued,) = sandbox.get(f"/v1/accounts/{account_id}/documents", params={"type": kind})

    reply = sandbox.request("GET", f"/v1/accounts/{account_id}/documents/{issued['id']}/download")
    assert reply.content.startswith(b"%PDF")


def test_dropped_stream_cuts_every_open_stream(sandbox: SandboxProcess) -> None:
    streams = [
        sandbox.request("GET", path, stream=True, timeout=(2, 5)).iter_lines()
        for path in ("/v2/events/trades", "/v1/events/accounts/status")
    ]
    for lines in streams:
        next(lines)
    played(sandbox, "dropped_stream")

    for lines in streams:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(lines)
    assert sandbox.get("/_sandbox/faults") == []


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("kyc_action_required", {"reasons": ["NOSUCH"]}), ("deposit", {"amount": "-5"}),
        ("deposit", {"amount": "x"}), ("halt", {"symbol": "NOSUCH"}), ("fill", {}), ("partial_fill", {}),
        ("fill", {"order_id": "x"}), ("split", {"symbol": "AAPL"}), ("silent_stream", {"seconds": "-1"}),
        ("event_fault", {"how": "x"}), ("document_published", {"type": "x"}), ("ach_return", {}),
        ("reject_transfer", {}), ("complete_transfer", {"transfer_id": {}}), ("journal_correction", {}),
    ],
)  # fmt: skip
def test_scenario_that_cannot_be_is_refused(
    sandbox: SandboxProcess, name: str, options: dict[str, Any]
) -> None:
    account_id = open_account(sandbox)
    before = sandbox.get(f"/v1/accounts/{account_id}")

    assert play(sandbox, name, account_id, **options).status_code == 422
    assert sandbox.get(f"/v1/accounts/{account_id}") == before


@pytest.mark.parametrize("account_id", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_scenario_of_an_account_needs_one(sandbox: SandboxProcess, account_id: str) -> None:
    assert play(sandbox, "kyc_approve", account_id).status_code == 422


def test_unknown_scenario_and_firm_account(sandbox: SandboxProcess) -> None:
    assert play(sandbox, "nosuch").status_code == 404
    assert play(sandbox, "kyc_reject", sandbox.firm_account_id).status_code == 422


def cash_of(activity: dict[str, Any]) -> Decimal:
    if "net_amount" in activity:
        return Decimal(activity["net_amount"])
    value = (Decimal(activity["qty"]) * Decimal(activity["price"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return -value if activity["side"] == "buy" else value


def test_past_gives_a_new_account_months_that_add_up(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    played(sandbox, "past", account_id, months="14", amount="600")

    account, history = trading_account(sandbox, account_id), []
    for kind in ("FILL", "CSD", "CSW", "DIV"):
        history += activities(sandbox, account_id, kind)
    assert Decimal(account["cash"]) == sum(map(cash_of, history))
    values = sandbox.get(
        f"{trading_path(account_id)}/account/portfolio/history", params={"period": "2A", "timeframe": "1D"}
    )
    assert len(values["timestamp"]) > 250
    assert values["equity"][0] > 0
    everyones = sandbox.get("/v1/accounts/activities", params={"direction": "asc"})
    assert everyones[0]["account_id"] == account_id


def test_past_only_of_an_account_in_which_nothing_happened(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    sandbox.deposit(account_id, "1")
    assert play(sandbox, "past", account_id).status_code == 422
