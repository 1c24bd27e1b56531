from typing import Any

import pytest

from tests.sandbox.people import apply, wait_for_status
from tests.sandbox_process import SandboxProcess

RESULTS: dict[str, Any] = {
    "provider_name": ["onfido"],
    "kyc": {
        "id": "CIP_ID_001",
        "applicant_name": "Jane Doe",
        "nationality": "USA",
        "tax_id": "666-55-4321",
        "approval_status": "approved",
        "approved_at": "2026-01-01T10:00:00Z",
    },
    "document": {"id": "CIP_ID_002", "result": "clear", "status": "complete"},
    "watchlist": {"id": "CIP_ID_003", "result": "consider", "status": "complete"},
}


def test_cip_is_kept_and_replaced(sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}/cip"
    assert sandbox.request("GET", path).status_code == 404

    first = sandbox.request("POST", path, json=RESULTS)
    sandbox.request("POST", path, json=RESULTS | {"provider_name": ["jumio", "alloy"]})

    kept = sandbox.get(path)
    assert (first.status_code, kept["id"]) == (200, first.json()["id"])
    assert kept["provider_name"] == ["jumio", "alloy"]
    assert kept["watchlist"]["result"] == "consider"
    assert "tax_id" not in kept["kyc"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"provider_name": None}, 422),
        ({"provider_name": ["google"]}, 422),
        ({"provider_name": [{}]}, 422),
        ({"kyc": "approved"}, 400),
        ({"document": {"result": "fine"}}, 422),
        ({"document": {"status": []}}, 422),
        ({"kyc": None, "document": None, "watchlist": None}, 422),
    ],
)
def test_cip_refused(sandbox: SandboxProcess, change: dict[str, Any], status: int) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}/cip"

    assert sandbox.request("POST", path, json=RESULTS | change).status_code == status
    assert sandbox.request("GET", path).status_code == 404


def test_onfido_outcome_sends_an_onboarding_account_to_review(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]
    sandbox.set_account_status(account_id, "ONBOARDING")
    path = f"/v1/accounts/{account_id}/onfido/sdk"
    token = sandbox.get(f"{path}/tokens", params={"referrer": "*", "platform": "web"})["token"]

    refused = sandbox.request("PATCH", path, json={"outcome": "USER_COMPLETED", "token": "a.b.c"})
    reply = sandbox.request("PATCH", path, json={"outcome": "USER_COMPLETED", "token": token})

    assert (refused.status_code, reply.status_code, token.count(".")) == (422, 200, 2)
    wait_for_status(sandbox, account_id, "ACTIVE")


def test_onfido_outcome_unknown(sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}/onfido/sdk"

    assert sandbox.request("PATCH", path, json={"outcome": ["DONE"], "token": ""}).status_code == 422
    assert sandbox.request("GET", f"{path}/tokens", params={"referrer": "x"}).status_code == 422
