"""The crypto side of accounts: its status, its events, and who may trade."""

from typing import Any

import pytest

from tests.sandbox.people import (
    APPLICATION,
    application,
    apply,
    buy,
    crypto_members,
    crypto_order,
    open_account,
    open_crypto_account,
    reviewed_account,
    trading_account,
    trading_path,
    wait_for_order,
    wait_for_status,
)
from tests.sandbox.streams.test_events import ACCOUNTS, replay
from tests.sandbox_process import SandboxProcess, eventually

CRYPTO = {**APPLICATION["agreements"][0], "agreement": "crypto_agreement"}
ENABLE = {"enabled_assets": ["us_equity", "crypto"], "agreements": [CRYPTO]}


def wait_for_crypto(sandbox: SandboxProcess, account_id: str, status: str) -> None:
    path = f"/v1/accounts/{account_id}"
    eventually(lambda: sandbox.get(path)["crypto_status"] == status, what=f"crypto {status}")


def crypto_steps(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = [event for event in events if "crypto_status_to" in event]
    return [(event["crypto_status_from"], event["crypto_status_to"]) for event in found]


def test_crypto_asked_for_at_once_becomes_active_with_the_account(sandbox: SandboxProcess) -> None:
    account_id = reviewed_account(sandbox, **crypto_members())

    events = replay(sandbox, ACCOUNTS, since="2020-01-01", id=account_id)

    assert crypto_steps(events) == [("", "SUBMITTED"), ("SUBMITTED", "APPROVED"), ("APPROVED", "ACTIVE")]
    assert trading_account(sandbox, account_id)["crypto_status"] == "ACTIVE"


def test_crypto_enabled_later_goes_its_own_way(sandbox: SandboxProcess) -> None:
    account_id = reviewed_account(sandbox)

    changed = sandbox.request("PATCH", f"/v1/accounts/{account_id}", json=ENABLE).json()
    wait_for_crypto(sandbox, account_id, "ACTIVE")

    assert (changed["status"], changed["crypto_status"]) == ("ACTIVE", "SUBMITTED")
    events = replay(sandbox, ACCOUNTS, since="2020-01-01", id=account_id)
    assert crypto_steps(events) == [("", "SUBMITTED"), ("SUBMITTED", "APPROVED"), ("APPROVED", "ACTIVE")]
    assert sum("status_to" in event for event in events) == 3


def test_a_review_of_changed_data_leaves_crypto_open(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox)

    moved = sandbox.request("PATCH", f"/v1/accounts/{account_id}", json={"contact": {"city": "Fresno"}})

    assert (moved.json()["status"], moved.json()["crypto_status"]) == ("ACCOUNT_UPDATED", "ACTIVE")


def test_crypto_enabled_during_a_review_becomes_active_after_it(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    body = {**ENABLE, "contact": {"city": "Fresno"}}
    changed = sandbox.request("PATCH", f"/v1/accounts/{account_id}", json=body).json()
    wait_for_crypto(sandbox, account_id, "ACTIVE")

    assert (changed["status"], changed["crypto_status"]) == ("ACCOUNT_UPDATED", "SUBMITTED")
    assert sandbox.get(f"/v1/accounts/{account_id}")["status"] == "ACTIVE"


def test_crypto_ends_with_the_account(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox)

    sandbox.set_account_status(account_id, "DISABLED")

    assert sandbox.get(f"/v1/accounts/{account_id}")["crypto_status"] == "DISABLED"


def test_an_account_of_a_fixture_keeps_its_crypto_status(sandbox: SandboxProcess) -> None:
    account = apply(sandbox, additional_information="/fixtures/status=REJECTED/fixtures/", **crypto_members())

    assert (account["status"], account["crypto_status"]) == ("REJECTED", "REJECTED")


def test_crypto_can_be_disabled_once_the_coins_are_sold(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox, cash="1000")
    path, without = f"/v1/accounts/{account_id}", {"enabled_assets": ["us_equity"]}
    buy(sandbox, account_id, symbol="BTC/USD", notional="100", time_in_force="gtc")

    refused = sandbox.request("PATCH", path, json=without)
    closing = sandbox.request("DELETE", trading_path(account_id, "/positions/BTCUSD")).json()
    wait_for_order(sandbox, account_id, closing["id"], "filled")
    changed = sandbox.request("PATCH", path, json=without)

    assert (refused.status_code, changed.status_code) == (422, 200)
    assert changed.json()["crypto_status"] == "INACTIVE"
    assert crypto_order(sandbox, account_id, notional="100").status_code == 422


@pytest.mark.parametrize("kind", ["ira", "custodial"])
def test_no_crypto_for_accounts_of_other_kinds(sandbox: SandboxProcess, kind: str) -> None:
    body = application(account_type=kind, **crypto_members())

    refused = sandbox.request("POST", "/v1/accounts", json=body)

    assert refused.status_code == 422
    assert "crypto is not available" in refused.json()["message"]


def test_an_account_without_crypto_trades_no_coins(sandbox: SandboxProcess, account_id: str) -> None:
    refused = crypto_order(sandbox, account_id, notional="100")

    assert (refused.status_code, refused.json()) == (
        422, {"code": 40010001, "message": "crypto orders not allowed for account"}
    )  # fmt: skip
    assert sandbox.get(trading_path(account_id, "/orders"), params={"status": "all"}) == []


def test_a_blocked_account_trades_no_coins(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox, cash="1000")
    wait_for_status(sandbox, account_id, "ACTIVE")
    sandbox.request("POST", f"/_sandbox/accounts/{account_id}/blocks", json={"trading_blocked": True})

    assert crypto_order(sandbox, account_id, notional="100").status_code == 403
