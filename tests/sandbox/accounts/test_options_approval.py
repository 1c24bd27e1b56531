from typing import Any

import pytest

from tests.sandbox.people import open_account
from tests.sandbox_process import SandboxProcess, eventually

SIGNED = [
    {"agreement": name, "signed_at": "2021-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
    for name in ("customer_agreement", "options_agreement")
]
APPROVALS = "/v1/accounts/options/approvals"


def ask(sandbox: SandboxProcess, account_id: str, **body: Any) -> Any:
    return sandbox.request("POST", f"/v1/accounts/{account_id}/options/approval", json=body)


def test_level_is_granted_after_review(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, agreements=SIGNED)

    approval = ask(sandbox, account_id, level=2).json()

    assert (approval["requested_level"], approval["requester"]) == (2, "CORRESPONDENT")
    granted = eventually(
        lambda: sandbox.get(APPROVALS, params={"account_id": account_id, "status": "APPROVED"})[
            "options_approvals"
        ],
        what="the approval",
    )
    assert [(each["id"], each["approved_level"]) for each in granted] == [(approval["id"], 2)]


@pytest.mark.parametrize(
    ("fixtures", "status", "level"),
    [
        ({"status": "REJECTED"}, "REJECTED", 0),
        ({"status": "LOWER_LEVEL_APPROVED", "level": 1}, "LOWER_LEVEL_APPROVED", 1),
        ({"status": "LOWER_LEVEL_APPROVED"}, "LOWER_LEVEL_APPROVED", 2),
        ({"status": "PENDING"}, "PENDING", None),
    ],
)
def test_fixture_decides_the_answer(
    sandbox: SandboxProcess, fixtures: dict[str, Any], status: str, level: int | None
) -> None:
    account_id = open_account(sandbox, agreements=SIGNED)

    approval = ask(sandbox, account_id, level=3, fixtures=fixtures).json()

    assert (approval["status"], approval.get("approved_level")) == (status, level)
    again = ask(sandbox, account_id, level=3, fixtures=fixtures)
    assert again.status_code == (422 if status == "PENDING" else 200)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"level": 0},
        {"level": "2"},
        {"level": True},
        {"level": 2, "fixtures": {"status": "MAYBE"}},
        {"level": 2, "fixtures": {"level": 9}},
        {"level": 2, "fixtures": {"status": [], "level": []}},
    ],
)
def test_request_refused(sandbox: SandboxProcess, body: dict[str, Any]) -> None:
    account_id = open_account(sandbox, agreements=SIGNED)

    assert ask(sandbox, account_id, **body).status_code == 422
    assert sandbox.get(APPROVALS, params={"account_id": account_id})["options_approvals"] == []


def test_request_needs_the_agreement_and_the_kind_of_account(sandbox: SandboxProcess) -> None:
    plain = open_account(sandbox)
    retirement = open_account(sandbox, agreements=SIGNED, account_type="ira", account_sub_type="roth")

    assert ask(sandbox, plain, level=1).json()["message"] == "options_agreement is required"
    assert ask(sandbox, retirement, level=3).status_code == 422
    assert ask(sandbox, retirement, level=2).status_code == 200


def test_approvals_by_page(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, agreements=SIGNED)
    made = [ask(sandbox, account_id, level=3, fixtures={"status": "REJECTED"}).json()["id"] for _ in range(3)]
    params = {"account_id": account_id, "page_size": "2"}

    first = sandbox.get(APPROVALS, params=params)
    second = sandbox.get(APPROVALS, params={**params, "page_token": first["next_page_token"]})

    assert [each["id"] for each in first["options_approvals"] + second["options_approvals"]] == made[::-1]
    assert second["next_page_token"] is None
