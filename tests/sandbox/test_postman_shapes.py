"""Requests as Alpaca's Postman collection makes them: its paths, its sample values, its spellings."""

from typing import Any

import pytest

from tests.sandbox.people import APPLICATION, apply, link_bank, open_account, wait_for_status
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def watchlist_id(sandbox: SandboxProcess, account_id: str) -> str:
    body = {"name": "Big Tech", "symbols": ["AAPL"]}
    return sandbox.request("POST", f"/v1/accounts/{account_id}/watchlists", json=body).json()["id"]


def test_sample_tax_id_is_accepted(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox, identity__tax_id="666-55-4321")["id"]

    wait_for_status(sandbox, account_id, "ACTIVE")


@pytest.mark.parametrize("tax_id", ["666-55-4322", "000-55-4321"])
def test_other_tax_ids_keep_the_rules(sandbox: SandboxProcess, tax_id: str) -> None:
    body = {**APPLICATION, "identity": {**APPLICATION["identity"], "tax_id": tax_id}}
    body["contact"] = {**APPLICATION["contact"], "email_address": "rules@example.com"}

    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 422


def test_account_is_closed_by_delete(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    assert sandbox.request("DELETE", f"/v1/accounts/{account_id}").status_code == 204
    assert sandbox.get(f"/v1/accounts/{account_id}")["status"] == "ACCOUNT_CLOSED"


def test_sample_bank_code_is_accepted(sandbox: SandboxProcess, account_id: str) -> None:
    body = {
        "name": "Bank XYZ",
        "bank_code": "123456789",
        "bank_code_type": "ABA",
        "account_number": "123456789abc",
    }

    reply = sandbox.request("POST", f"/v1/accounts/{account_id}/recipient_banks", json=body)

    assert (reply.status_code, reply.json()["bank_code"]) == (200, "123456789")


def test_transfer_without_timing(sandbox: SandboxProcess, account_id: str) -> None:
    body = {"transfer_type": "ach", "direction": "INCOMING", "amount": "500"}
    body["relationship_id"] = link_bank(sandbox, account_id)

    assert sandbox.request("POST", f"/v1/accounts/{account_id}/transfers", json=body).status_code == 200


def test_journal_below_the_limit_executes_whatever_its_fixture(
    sandbox: SandboxProcess, account_id: str
) -> None:
    body: dict[str, Any] = {"from_account": sandbox.firm_account_id, "to_account": account_id, "amount": "1"}
    body |= {"entry_type": "JNLC", "description": "test text /fixtures/status=rejected/fixtures/"}

    reply = sandbox.request("POST", "/v1/journals", json=body)

    assert (reply.status_code, reply.json()["status"]) == (200, "queued")


@pytest.mark.parametrize("names", [("start", "end"), ("start_date", "end_date")])
def test_documents_by_either_pair_of_dates(
    sandbox: SandboxProcess, account_id: str, names: tuple[str, str]
) -> None:
    start, end = names
    path = f"/v1/accounts/{account_id}/documents"
    sandbox.request(
        "POST", "/_sandbox/scenarios/document_published", json={"account_id": account_id}
    ).raise_for_status()

    assert len(sandbox.get(path, params={start: "2026-01-01", end: "2099-12-31"})) >= 1
    assert sandbox.get(path, params={start: "2020-01-01", end: "2020-12-31"}) == []


@pytest.mark.parametrize("status", ["ACTIVE", "active"])
def test_assets_by_status_in_any_case(sandbox: SandboxProcess, status: str) -> None:
    assert {asset["status"] for asset in sandbox.get("/v1/assets", params={"status": status})} == {"active"}


@pytest.mark.parametrize("nested", ["TRUE", "True", "true"])
def test_booleans_in_any_case(sandbox: SandboxProcess, account_id: str, nested: str) -> None:
    path = f"/v1/trading/accounts/{account_id}/orders"

    assert sandbox.get(path, params={"nested": nested}) == []


def test_no_boolean_is_refused(sandbox: SandboxProcess, account_id: str) -> None:
    path = f"/v1/trading/accounts/{account_id}/orders"
    reply = sandbox.request("GET", path, params={"nested": "yes"})

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)


@pytest.mark.parametrize("prefix", ["/v1/accounts", "/v1/trading/accounts"])
def test_watchlist_on_either_path(
    sandbox: SandboxProcess, account_id: str, watchlist_id: str, prefix: str
) -> None:
    assert sandbox.get(f"{prefix}/{account_id}/watchlists/{watchlist_id}")["name"] == "Big Tech"


def test_rebalancing_on_the_beta_path(sandbox: SandboxProcess) -> None:
    assert isinstance(sandbox.get("/v1/beta/rebalancing/portfolios"), list)


@pytest.mark.parametrize("path", ["trades", "journals/status", "journal/updates", "transfers/status"])
def test_legacy_streams(sandbox: SandboxProcess, path: str) -> None:
    reply = sandbox.request(
        "GET", f"/v1/events/{path}", params={"since": "2020-01-01", "until": "2020-01-02"}
    )

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
