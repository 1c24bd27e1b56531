from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import link_bank, open_account, trading_account, transfer
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually

PATH = "/v1/instant_funding"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
TRANSMITTER = {
    "originator_full_name": "Jane Doe",
    "originator_country": "USA",
    "originator_bank_name": "Bank XYZ",
}


def number_of(sandbox: SandboxProcess, account_id: str) -> str:
    number: str = sandbox.get(f"/v1/accounts/{account_id}")["account_number"]
    return number


def fund(sandbox: SandboxProcess, account_id: str, *, key: str = "", **members: Any) -> Any:
    source = trading_account(sandbox, sandbox.firm_account_id)["account_number"]
    body = {
        "account_no": number_of(sandbox, account_id),
        "source_account_no": source,
        "amount": "100",
        **members,
    }
    return sandbox.request("POST", PATH, json=body, headers={"Idempotency-Key": key} if key else {})


def executed(sandbox: SandboxProcess, account_id: str, **members: Any) -> str:
    made: str = fund(sandbox, account_id, **members).json()["id"]
    eventually(lambda: sandbox.get(f"{PATH}/{made}")["status"] == "EXECUTED", what="the credit")
    return made


def settle(sandbox: SandboxProcess, *ids: str) -> Any:
    transfers = [{"instant_transfer_id": made, "transmitter_info": TRANSMITTER} for made in ids]
    return sandbox.request("POST", f"{PATH}/settlements", json={"transfers": transfers})


def test_credit_may_be_spent_but_not_withdrawn(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    made = executed(sandbox, account_id)

    balances = trading_account(sandbox, account_id)
    assert [balances[name] for name in ("cash", "buying_power", "memoposts")] == ["100"] * 3
    assert [balances[name] for name in ("cash_withdrawable", "equity")] == ["0"] * 2
    posted = sandbox.get("/v1/accounts/activities/MEM", params={"account_id": account_id})
    assert [(row["symbol"], row["net_amount"]) for row in posted] == [("INSTANTUSD", "100")]
    link_id = link_bank(sandbox, account_id)
    assert transfer(sandbox, account_id, link_id, direction="OUTGOING", amount="1").status_code == 403
    assert sandbox.request("DELETE", f"{PATH}/{made}").status_code == 204
    assert trading_account(sandbox, account_id)["cash"] == "0"
    assert sandbox.request("DELETE", f"{PATH}/{made}").status_code == 422


def test_settlement_replaces_the_credit_by_the_firms_cash(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    made = executed(sandbox, account_id, amount="40")

    settlement = settle(sandbox, made).json()

    assert (settlement["status"], settlement["total_amount"]) == ("PENDING", "40")
    path = f"{PATH}/settlements/{settlement['id']}"
    eventually(lambda: sandbox.get(path)["status"] == "COMPLETED", what="the settlement")
    balances = trading_account(sandbox, account_id)
    assert (balances["cash"], balances["memoposts"], balances["cash_withdrawable"]) == ("40", "0", "40")
    assert sandbox.get(f"{PATH}/{made}")["remaining_payable"] == "0"
    booked = sandbox.get("/v1/accounts/activities", params={"account_id": account_id})
    assert sum(Decimal(row["net_amount"]) for row in booked) == 40
    assert settle(sandbox, made).status_code == 422
    listed = sandbox.get(f"{PATH}/settlements", params={"statuses": "COMPLETED"})["settlements"]
    assert settlement["id"] in [row["id"] for row in listed]


def test_limits_count_what_is_not_settled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    made = executed(sandbox, account_id, amount="600")

    query = {"account_numbers": number_of(sandbox, account_id)}
    limits = sandbox.get(f"{PATH}/limits/accounts", params=query)[0]

    used = [limits[name] for name in ("amount_limit", "amount_in_use", "amount_available")]
    assert used == ["1000", "600", "400"]
    assert fund(sandbox, account_id, amount="400.01").status_code == 403
    assert Decimal(sandbox.get(f"{PATH}/limits")["amount_in_use"]) >= 600
    report = [row for row in sandbox.get(f"{PATH}/reports") if row["account_no"] == query["account_numbers"]]
    assert [row["total_amount_owed"] for row in report] == ["600"]
    assert sandbox.get(PATH, params={"status": "EXECUTED", "limit": 1})[0]["id"] == made


def test_same_key_is_one_credit(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    first, second = (fund(sandbox, account_id, key="i-" + account_id).json()["id"] for _ in range(2))

    assert first == second
    assert fund(sandbox, account_id, key="i-" + account_id, amount="1").status_code == 422


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount": "0"}, 422),
        ({"amount": "x"}, 422),
        ({"account_no": "1"}, 404),
        ({"source_account_no": None}, 422),
        ({"amount": "1000.01"}, 403),
    ],
)
def test_credit_with_invalid_value(sandbox: SandboxProcess, change: dict[str, Any], status: int) -> None:
    assert fund(sandbox, open_account(sandbox), **change).status_code == status


def test_unknown_credits_and_settlements(sandbox: SandboxProcess) -> None:
    assert sandbox.request("GET", f"{PATH}/{UNKNOWN}").status_code == 404
    assert sandbox.request("GET", f"{PATH}/settlements/{UNKNOWN}").status_code == 404
    assert settle(sandbox, UNKNOWN).status_code == 404
    assert sandbox.request("POST", f"{PATH}/settlements", json={"transfers": []}).status_code == 422


def test_unpaid_credit_is_taken_back_after_its_deadline(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("instant") / "state") as process:
        account_id = open_account(process)
        made = executed(process, account_id)

        process.advance(6 * 86_400)

        eventually(lambda: process.get(f"{PATH}/{made}")["status"] == "CANCELED", what="the end")
        assert trading_account(process, account_id)["cash"] == "0"
