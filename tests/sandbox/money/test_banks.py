from typing import Any

import pytest

from tests.sandbox.people import link_bank, open_account, trading_account, wait_for_transfer
from tests.sandbox.process import process_at
from tests.sandbox.streams.test_events import replay
from tests.sandbox_process import SandboxProcess, eventually

ABA = {"name": "Bank XYZ", "bank_code": "123456789", "bank_code_type": "ABA", "account_number": "123456789"}
BIC = {
    **ABA,
    "bank_code": "ABNANL2A",
    "bank_code_type": "BIC",
    "country": "NLD",
    "state_province": "Noord-Holland",
    "postal_code": "1012",
    "city": "Amsterdam",
    "street_address": "Dam 1",
}


def path_of(account_id: str, bank_id: str = "") -> str:
    return f"/v1/accounts/{account_id}/recipient_banks" + (f"/{bank_id}" if bank_id else "")


def create(sandbox: SandboxProcess, account_id: str, **members: Any) -> Any:
    return sandbox.request("POST", path_of(account_id), json={**ABA, **members})


def approved_bank(sandbox: SandboxProcess, account_id: str) -> str:
    bank_id = create(sandbox, account_id).json()["id"]
    eventually(lambda: sandbox.get(path_of(account_id), params={"status": "APPROVED"}), what="approval")
    return bank_id


def wire(sandbox: SandboxProcess, account_id: str, bank_id: str, **members: Any) -> Any:
    body = {"transfer_type": "wire", "bank_id": bank_id, "direction": "OUTGOING", "amount": "100", **members}
    return sandbox.request("POST", f"/v1/accounts/{account_id}/transfers", json=body)


def test_bank_is_approved_by_itself_and_has_an_empty_address(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    created = create(sandbox, account_id).json()

    assert {name: created[name] for name in ABA} == ABA
    assert (created["status"], created["country"], created["city"]) == ("QUEUED", "", "")
    params = {"status": "APPROVED", "bank_name": ABA["name"]}
    approved = eventually(lambda: sandbox.get(path_of(account_id), params=params), what="approval")
    assert approved[0]["id"] == created["id"]


def test_second_bank_is_refused_until_the_first_is_deleted(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    bank_id = create(sandbox, account_id).json()["id"]

    assert create(sandbox, account_id).status_code == 409
    assert sandbox.request("DELETE", path_of(account_id, bank_id)).status_code == 204
    assert sandbox.get(path_of(account_id)) == []
    assert sandbox.get(path_of(account_id), params={"status": "INACTIVE"})[0]["status"] == "CANCELED"
    assert sandbox.request("DELETE", path_of(account_id, bank_id)).status_code == 404


def test_foreign_bank_keeps_its_address_and_intermediaries(sandbox: SandboxProcess) -> None:
    extra = {"intermediary_bank1_bic": "CHASUS33"}

    created = create(sandbox, open_account(sandbox), **{**BIC, "extra_fields": extra}).json()

    assert {name: created[name] for name in BIC} == BIC
    assert created["extra_fields"] == extra


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"bank_code_type": "IBAN"},
        {"bank_code": "12345678"},
        {"bank_code": 123456789},
        {"account_number": ""},
        {"bank_code_type": "BIC", "bank_code": "ABNANL2A"},
        {**BIC, "postal_code": "10"},
        {**BIC, "bank_code": "ABN"},
        {"extra_fields": {"intermediary_bank1_bic": "x"}},
    ],
)
def test_bank_with_invalid_value(sandbox: SandboxProcess, change: dict[str, Any]) -> None:
    assert create(sandbox, sandbox.firm_account_id, **change).status_code == 400


def test_wire_fee_paid_by_the_user_comes_out_of_the_amount(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="500")
    bank_id = approved_bank(sandbox, account_id)

    created = wire(sandbox, account_id, bank_id, fee_payment_method="user", additional_information="rent")

    sent = created.json()
    assert (sent["requested_amount"], sent["fee"], sent["amount"]) == ("100", "25", "75")
    assert (sent["bank_id"], sent["additional_information"]) == (bank_id, "rent")
    assert "relationship_id" not in sent
    assert trading_account(sandbox, account_id)["cash_withdrawable"] == "400"
    wait_for_transfer(sandbox, account_id, sent["id"], "COMPLETE")
    booked = sandbox.get("/v1/accounts/activities", params={"account_id": account_id})
    assert {(row["activity_type"], row["net_amount"]) for row in booked[:2]} == {
        ("CSW", "-75"),
        ("FEE", "-25"),
    }
    assert trading_account(sandbox, account_id)["cash"] == "400"


def test_wire_fee_is_invoiced_by_default(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="500")

    sent = wire(sandbox, account_id, approved_bank(sandbox, account_id)).json()

    assert (sent["fee_payment_method"], sent["fee"], sent["amount"]) == ("invoice", "0", "100")


def test_wire_waits_for_its_bank_and_is_rejected_without_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with process_at(tmp_path_factory.mktemp("wires") / "state", speed=100) as slow:
        account_id = open_account(slow, cash="500")
        bank_id = create(slow, account_id).json()["id"]
        sent = wire(slow, account_id, bank_id).json()
        assert sent["status"] == "QUEUED"

        assert slow.request("DELETE", path_of(account_id, bank_id)).status_code == 204

        wait_for_transfer(slow, account_id, sent["id"], "REJECTED")
        assert trading_account(slow, account_id)["cash_withdrawable"] == "500"


def test_wire_over_another_accounts_bank_or_too_small_is_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="500")
    bank_id = approved_bank(sandbox, account_id)

    def refused(owner: str, **members: Any) -> str:
        reply = wire(sandbox, owner, bank_id, **members)
        assert (reply.status_code, reply.json()["code"]) == (422, 40010001)
        return reply.json()["message"]

    assert refused(open_account(sandbox, cash="500")) == "invalid bank_id"
    assert "greater than the fee" in refused(account_id, amount="25", fee_payment_method="user")
    link_id = link_bank(sandbox, account_id)
    assert "should be empty" in refused(account_id, relationship_id=link_id)


def test_funding_events_name_the_wire_bank(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    bank_id = approved_bank(sandbox, account_id)

    events = replay(sandbox, "/v2/events/funding/status", since="2020-01-01")

    assert [(e["entity_type"], e["status_to"]) for e in events if e["entity_id"] == bank_id] == [
        ("WireBank", "QUEUED"),
        ("WireBank", "SENT_TO_CLEARING"),
        ("WireBank", "APPROVED"),
    ]
