from typing import Any

import pytest

from tests.sandbox.people import buy, open_account, order, trading_account, trading_path
from tests.sandbox_process import SandboxProcess


def configure(sandbox: SandboxProcess, account_id: str, **changes: Any) -> Any:
    return sandbox.request("PATCH", trading_path(account_id, "/account/configurations"), json=changes)


def test_fractional_trading_off_forbids_buying_parts_of_shares(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1.5")
    configure(sandbox, account_id, fractional_trading=False)

    for size in ({"qty": "0.5"}, {"notional": "50"}):
        refused = order(sandbox, account_id, **size)
        assert (refused.status_code, refused.json()["code"]) == (403, 40310000)
    assert order(sandbox, account_id, qty="1").status_code == 200


def test_fraction_held_can_be_sold_with_fractional_trading_off(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1.5")
    configure(sandbox, account_id, fractional_trading=False)

    assert order(sandbox, account_id, qty="0.5", side="sell").status_code == 200


def test_options_level_is_the_lower_of_approved_and_configured(sandbox: SandboxProcess) -> None:
    signed = [
        {"agreement": name, "signed_at": "2021-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
        for name in ("customer_agreement", "options_agreement")
    ]
    account_id = open_account(sandbox, agreements=signed)
    body = {"level": 3, "fixtures": {"status": "APPROVED"}}
    sandbox.request("POST", f"/v1/accounts/{account_id}/options/approval", json=body)

    configure(sandbox, account_id, max_options_trading_level=1)

    account = trading_account(sandbox, account_id)
    assert (account["options_approved_level"], account["options_trading_level"]) == (3, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_margin_multiplier": "3"},
        {"max_margin_multiplier": 2},
        {"suspend_trade": 1},
        {"trade_confirm_email": "some"},
        {"max_options_trading_level": 4},
        {"max_options_trading_level": True},
        {"fractional_trading": "false"},
    ],
)
def test_configuration_refused(sandbox: SandboxProcess, changes: dict[str, Any]) -> None:
    account_id = open_account(sandbox)
    before = sandbox.get(trading_path(account_id, "/account/configurations"))

    assert configure(sandbox, account_id, **changes).status_code == 422
    assert sandbox.get(trading_path(account_id, "/account/configurations")) == before
