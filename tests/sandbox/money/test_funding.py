from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import (
    BANK,
    apply,
    link_bank,
    open_account,
    trading_account,
    transfer,
    wait_for_transfer,
)
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually

UNDONE = {"cancel": "CANCELED", "reject": "REJECTED", "return": "RETURNED"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def funded(sandbox: SandboxProcess) -> tuple[str, str]:
    """An account with $1,000 and an approved link."""
    account_id = open_account(sandbox, cash="1000")
    return account_id, link_bank(sandbox, account_id)


def activities(sandbox: SandboxProcess, account_id: str) -> list[dict[str, Any]]:
    return sandbox.get("/v1/accounts/activities", params={"account_id": account_id})


def test_relationship_is_queued_then_approved(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    path = f"/v1/accounts/{account_id}/ach_relationships"

    created = sandbox.request("POST", path, json={**BANK, "nickname": "Main"}).json()

    assert (created["status"], created["nickname"]) == ("QUEUED", "Main")
    assert {name: created[name] for name in BANK} == BANK
    approved = eventually(lambda: sandbox.get(path, params={"statuses": "APPROVED"}))
    assert approved[0]["id"] == created["id"]
    assert sandbox.get(path, params={"statuses": "QUEUED,PENDING"}) == []


def test_second_relationship_is_refused_until_the_first_is_deleted(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    path = f"/v1/accounts/{account_id}/ach_relationships"
    link_id = sandbox.request("POST", path, json=BANK).json()["id"]

    second = sandbox.request("POST", path, json=BANK)
    assert (second.status_code, second.json()) == (
        409,
        {"code": 40910000, "message": "only one active ach relationship allowed"},
    )
    assert sandbox.request("DELETE", f"{path}/{link_id}").status_code == 204
    assert sandbox.get(path) == []
    assert sandbox.request("DELETE", f"{path}/{link_id}").status_code == 404
    assert sandbox.request("POST", path, json=BANK).status_code == 200


def test_relationship_by_processor_token_has_empty_numbers(sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{open_account(sandbox)}/ach_relationships"

    created = sandbox.request("POST", path, json={"processor_token": "processor-sandbox-1"}).json()

    assert (created["bank_account_type"], created["bank_account_number"], created["bank_routing_number"]) == (
        "",
    ) * 3


@pytest.mark.parametrize(
    "change",
    [
        {"account_owner_name": ""},
        {"bank_account_type": "checking"},
        {"bank_account_number": "12-34"},
        {"bank_account_number": "1" * 18},
        {"bank_routing_number": "12345678"},
        {"bank_routing_number": 121000358},
    ],
)
def test_relationship_with_invalid_value(sandbox: SandboxProcess, change: dict[str, Any]) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}/ach_relationships"

    reply = sandbox.request("POST", path, json={**BANK, **change})

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)


def test_deposit_passes_each_status_and_is_booked_once(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    link_id = link_bank(sandbox, account_id)

    created = transfer(sandbox, account_id, link_id, amount="1234.56").json()

    assert (created["status"], created["type"], created["amount"]) == ("QUEUED", "ach", "1234.56")
    assert trading_account(sandbox, account_id)["cash"] == "0"
    wait_for_transfer(sandbox, account_id, created["id"], "SENT_TO_CLEARING")
    assert trading_account(sandbox, account_id)["pending_transfer_in"] == "1234.56"
    wait_for_transfer(sandbox, account_id, created["id"], "COMPLETE")
    balances = trading_account(sandbox, account_id)
    assert (balances["cash"], balances["pending_transfer_in"]) == ("1234.56", "0")
    booked = activities(sandbox, account_id)
    assert [(row["activity_type"], row["net_amount"], row["transfer_id"]) for row in booked] == [
        ("CSD", "1234.56", created["id"])
    ]


def test_amount_as_number_and_with_three_places_is_echoed(
    sandbox: SandboxProcess, funded: tuple[str, str]
) -> None:
    assert transfer(sandbox, *funded, amount=1234.567).json()["amount"] == "1234.567"


def test_withdrawal_is_reserved_then_booked(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="500")
    link_id = link_bank(sandbox, account_id)

    created = transfer(sandbox, account_id, link_id, direction="OUTGOING", amount="200").json()

    balances = trading_account(sandbox, account_id)
    assert (balances["cash"], balances["cash_withdrawable"], balances["buying_power"]) == (
        "500",
        "300",
        "300",
    )
    assert transfer(sandbox, account_id, link_id, direction="OUTGOING", amount="300.01").status_code == 403
    wait_for_transfer(sandbox, account_id, created["id"], "COMPLETE")
    balances = trading_account(sandbox, account_id)
    assert (balances["cash"], balances["pending_transfer_out"]) == ("300", "0")
    assert activities(sandbox, account_id)[0]["net_amount"] == "-200"


def test_cancel_transfer_releases_what_it_held(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("slow") / "state", speed=100) as slow:
        account_id = open_account(slow, cash="500")
        link_id = link_bank(slow, account_id)
        created = transfer(slow, account_id, link_id, direction="OUTGOING", amount="500").json()
        path = f"/v1/accounts/{account_id}/transfers/{created['id']}"

        assert slow.request("DELETE", path).status_code == 204
        assert slow.get(f"/v1/accounts/{account_id}/transfers")[0]["status"] == "CANCELED"
        assert trading_account(slow, account_id)["cash_withdrawable"] == "500"
        assert slow.request("DELETE", path).status_code == 422


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"transfer_type": "card"}, "transfer_type must be either ach or wire"),
        ({"direction": "UP"}, "direction must be either incoming or outgoing"),
        ({"transfer_type": "wire"}, "cannot submit incoming wire transfer using this API"),
        (
            {"transfer_type": "wire", "direction": "OUTGOING"},
            "relationship_id should be empty for wire transfer",
        ),
        (
            {"transfer_type": "wire", "direction": "OUTGOING", "relationship_id": None},
            "bank_id required for wire transfer",
        ),
        ({"bank_id": UNKNOWN}, "bank_id should be empty for ach transfer"),
        ({"additional_information": "rent"}, "only wire transfer type can provide additional information"),
        ({"amount": "0"}, "amount must be greater than 0.00"),
        ({"amount": "-5"}, "amount must be greater than 0.00"),
        ({"amount": "0.001"}, "deposit amount must be greater than or equal to 0.01"),
        ({"amount": "ten"}, "amount is not a valid number"),
        ({"amount": "1e5"}, "amount is not a valid number"),
        ({"amount": True}, "amount is not a valid number"),
        ({"amount": None}, "amount is required"),
        ({"relationship_id": UNKNOWN}, "invalid relationship_id"),
        ({"relationship_id": None}, "invalid relationship_id"),
    ],
)
def test_transfer_with_invalid_value(
    sandbox: SandboxProcess, funded: tuple[str, str], change: dict[str, Any], words: str
) -> None:
    reply = transfer(sandbox, *funded, **change)

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001), reply.text
    assert words in reply.json()["message"]


def test_transfer_over_another_accounts_link(sandbox: SandboxProcess, funded: tuple[str, str]) -> None:
    assert transfer(sandbox, open_account(sandbox), funded[1]).json()["message"] == "invalid relationship_id"


def test_withdrawal_above_cash_is_refused_and_changes_nothing(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10")
    link_id = link_bank(sandbox, account_id)

    reply = transfer(sandbox, account_id, link_id, direction="OUTGOING", amount="10.01")

    assert (reply.status_code, reply.json()["code"]) == (403, 40310000)
    assert "insufficient" in reply.json()["message"]
    assert sandbox.get(f"/v1/accounts/{account_id}/transfers") == []


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("INCOMING", "deposits are not permitted for this account"),
        ("OUTGOING", "withdrawals are not permitted for this account"),
    ],
)
def test_transfer_of_a_disabled_account(sandbox: SandboxProcess, direction: str, words: str) -> None:
    account_id = open_account(sandbox, cash="100")
    link_id = link_bank(sandbox, account_id)
    sandbox.set_account_status(account_id, "DISABLED")

    reply = transfer(sandbox, account_id, link_id, direction=direction)

    assert (reply.status_code, reply.json()["message"]) == (403, words)


def test_transfers_are_listed_newest_first_by_page(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    link_id = link_bank(sandbox, account_id)
    for amount in ("1", "2", "3"):
        transfer(sandbox, account_id, link_id, amount=amount)
    transfer(sandbox, account_id, link_id, amount="4", direction="OUTGOING")

    def amounts(**params: Any) -> list[str]:
        return [row["amount"] for row in sandbox.get(f"/v1/accounts/{account_id}/transfers", params=params)]

    assert amounts() == ["4", "3", "2", "1"]
    assert amounts(limit=2, offset=1) == ["3", "2"]
    assert amounts(direction="INCOMING", limit=1) == ["3"]
    assert amounts(offset=9) == []


@pytest.mark.parametrize("status", ["REJECTED", "CANCELED", "PENDING"])
def test_fixture_ends_a_transfer_elsewhere(
    sandbox: SandboxProcess, funded: tuple[str, str], status: str
) -> None:
    before = trading_account(sandbox, funded[0])["cash"]
    information = f"/fixtures/status={status}/fixtures/"

    created = transfer(sandbox, *funded, additional_information=information).json()

    wait_for_transfer(sandbox, funded[0], created["id"], status)
    if status != "PENDING":
        assert Decimal(trading_account(sandbox, funded[0])["cash"]) >= Decimal(before)


def test_returned_deposit_takes_the_cash_back_and_stops_trading(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    link_id = link_bank(sandbox, account_id)
    created = transfer(sandbox, account_id, link_id, amount="75").json()
    wait_for_transfer(sandbox, account_id, created["id"], "COMPLETE")

    sandbox.return_transfer(created["id"], reason="R01")

    returned = wait_for_transfer(sandbox, account_id, created["id"], "RETURNED")
    assert returned["reason"] == "R01"
    balances = trading_account(sandbox, account_id)
    assert (balances["cash"], balances["trading_blocked"]) == ("0", True)
    assert [row["net_amount"] for row in activities(sandbox, account_id)] == ["-75", "75"]


def test_firm_account_starts_with_50000(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("firm") / "state") as process:
        assert trading_account(process, process.firm_account_id)["cash"] == "50000"


def test_ira_says_year_or_withholding(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="500", account_type="ira", account_sub_type="traditional")
    link_id = link_bank(sandbox, account_id)

    paid = transfer(sandbox, account_id, link_id, ira={"tax_year": "2026"}).json()
    assert paid["ira"] == {"tax_year": "2026"}
    wanted = {"distribution_reason": "normal", "tax_withholding": {"fed_pct": "10", "state_pct": "2.5"}}
    taken = transfer(sandbox, account_id, link_id, direction="OUTGOING", amount="50", ira=wanted).json()
    assert taken["ira"] == {
        "distribution_reason": "normal",
        "fed_withholding_pct": "10",
        "fed_withholding_amount": "5",
        "state_withholding_pct": "2.5",
        "state_withholding_amount": "1.25",
    }
    refused = ({"tax_year": "soon"}, {"tax_year": None}, "2026")
    for ira in refused:
        assert transfer(sandbox, account_id, link_id, ira=ira).status_code == 422
    assert "ira is required" in transfer(sandbox, account_id, link_id).json()["message"]
    gift = {"distribution_reason": "gift"}
    assert transfer(sandbox, account_id, link_id, direction="OUTGOING", ira=gift).status_code == 422


def test_ira_of_another_account_type_is_refused(sandbox: SandboxProcess, funded: tuple[str, str]) -> None:
    assert transfer(sandbox, *funded, ira={"tax_year": "2026"}).status_code == 422


@pytest.mark.parametrize("action", UNDONE)
@pytest.mark.parametrize("direction", ["INCOMING", "OUTGOING"])
def test_completed_transfer_is_undone(sandbox: SandboxProcess, action: str, direction: str) -> None:
    account_id = open_account(sandbox, cash="1000")
    created = transfer(sandbox, account_id, link_bank(sandbox, account_id), direction=direction).json()
    wait_for_transfer(sandbox, account_id, created["id"], "COMPLETE")
    path = f"/_sandbox/transfers/{created['id']}/{action}"
    undone = sandbox.request("POST", path, json={"reason": "by mistake"}).json()

    assert (undone["status"], undone["reason"]) == (UNDONE[action], "by mistake")
    assert trading_account(sandbox, account_id)["cash"] == "1000"
    amounts = [
        Decimal(row["net_amount"]) for row in activities(sandbox, account_id) if row.get("transfer_id")
    ]
    assert sum(amounts) == 0
    assert len(amounts) == 2
    assert sandbox.request("POST", path).status_code == 422


def test_transfer_under_way_is_canceled_by_control(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    link_id, body = link_bank(sandbox, account_id), {"freeze": True}
    sandbox.request("POST", "/_sandbox/clock", json=body).raise_for_status()
    try:
        created = transfer(sandbox, account_id, link_id).json()
        sandbox.request("POST", f"/_sandbox/transfers/{created['id']}/cancel").raise_for_status()
    finally:
        sandbox.request("POST", "/_sandbox/clock", json={"resume": True}).raise_for_status()

    assert wait_for_transfer(sandbox, account_id, created["id"], "CANCELED")
    assert trading_account(sandbox, account_id)["cash"] == "1000"
