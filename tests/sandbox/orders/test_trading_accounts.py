"""The trading account: margin, its configuration, and what none has."""

from decimal import Decimal

import pytest

from tests.sandbox.people import (
    buy,
    open_account,
    order,
    trading_account,
    trading_path,
)
from tests.sandbox_process import SandboxProcess


def test_margin_needs_the_agreement_and_equity(sandbox: SandboxProcess) -> None:
    signed = [
        {"agreement": name, "signed_at": "2026-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
        for name in ("customer_agreement", "margin_agreement")
    ]
    with_margin, cash_only = (
        open_account(sandbox, cash="2000", agreements=signed),
        open_account(sandbox, cash="2000"),
    )
    small = open_account(sandbox, cash="1999.99", agreements=signed)

    found = [trading_account(sandbox, account_id) for account_id in (with_margin, cash_only, small)]

    assert [(row["multiplier"], row["buying_power"]) for row in found] == [
        ("2", "4000"),
        ("1", "2000"),
        ("1", "1999.99"),
    ]
    buy(sandbox, with_margin, notional="3000")
    assert Decimal(trading_account(sandbox, with_margin)["cash"]) < 0
    assert order(sandbox, with_margin, notional="1100").status_code == 403


def test_configuration_is_kept_and_suspends_trading(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    path = trading_path(account_id, "/account/configurations")
    assert sandbox.get(path)["suspend_trade"] is False

    changed = sandbox.request(
        "PATCH", path, json={"suspend_trade": True, "dtbp_check": None, "pdt_check": "entry"}
    )

    assert (changed.status_code, changed.json()["suspend_trade"]) == (200, True)
    assert order(sandbox, account_id, notional="5").status_code == 403
    assert sandbox.request("PATCH", path, json={"suspend_trade": "yes"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "rest"), [("POST", "/positions/AAPL270115C00250000/exercise"), ("GET", "/limits")]
)
def test_what_no_account_has_is_not_found(sandbox: SandboxProcess, method: str, rest: str) -> None:
    account_id = open_account(sandbox)

    assert sandbox.request(method, trading_path(account_id, rest)).status_code == 404
