"""Positions: what they are worth, and closing them."""

from decimal import Decimal

from tests.sandbox.people import (
    buy,
    open_account,
    order,
    position,
    trading_path,
    wait_for_order,
)
from tests.sandbox_process import SandboxProcess, eventually


def test_position_is_worth_its_shares_at_the_last_price(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="3")

    held = position(sandbox, account_id)

    assert Decimal(held["market_value"]) == 3 * Decimal(held["current_price"])
    assert Decimal(held["cost_basis"]) == 3 * Decimal(held["avg_entry_price"])
    assert Decimal(held["unrealized_pl"]) == Decimal(held["market_value"]) - Decimal(held["cost_basis"])
    assert held["unrealized_intraday_pl"] == held["unrealized_pl"], (
        "bought today: today's gain is all the gain"
    )
    by_id = position(sandbox, account_id, held["asset_id"])
    assert by_id["symbol"] == "AAPL"


def test_positions_of_every_account(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1")

    everyone = sandbox.get("/v1/accounts/positions")

    assert [row["symbol"] for row in everyone["positions"][account_id]] == ["AAPL"]


def test_close_position_wholly_and_in_part(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="2")
    path = trading_path(account_id, "/positions/AAPL")

    half = sandbox.request("DELETE", path, params={"percentage": "50"}).json()
    assert (half["side"], half["qty"]) == ("sell", "1")
    wait_for_order(sandbox, account_id, half["id"], "filled")
    part = sandbox.request("DELETE", path, params={"qty": "0.25"}).json()
    wait_for_order(sandbox, account_id, part["id"], "filled")
    rest = sandbox.request("DELETE", path).json()
    assert rest["qty"] == "0.75"
    wait_for_order(sandbox, account_id, rest["id"], "filled")

    gone = sandbox.request("GET", path)
    assert (gone.status_code, gone.json()) == (404, {"code": 40410000, "message": "position does not exist"})
    assert sandbox.get(trading_path(account_id, "/positions")) == []


def test_close_all_positions_reports_each(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1")
    buy(sandbox, account_id, qty="1", symbol="MSFT")
    order(sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999")

    reply = sandbox.request("DELETE", trading_path(account_id, "/positions"))
    statuses = {row["symbol"]: row["status"] for row in reply.json()}
    assert (reply.status_code, statuses) == (207, {"AAPL": 403, "MSFT": 200})

    reply = sandbox.request(
        "DELETE", trading_path(account_id, "/positions"), params={"cancel_orders": "True"}
    )
    assert {row["status"] for row in reply.json()} <= {200, 403}
    eventually(lambda: not sandbox.get(trading_path(account_id, "/positions")), what="no position")


def test_close_all_leaves_no_order_behind_where_it_was_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="2")
    order(sandbox, account_id, side="sell", qty="2", type="limit", limit_price="900", time_in_force="gtc")

    rows = sandbox.request("DELETE", trading_path(account_id, "/positions")).json()

    assert [row["status"] for row in rows] == [403]
    orders = sandbox.get(trading_path(account_id, "/orders"), params={"status": "all"})
    assert [each["type"] for each in orders] == ["limit", "market"]


def test_part_of_a_whole_position_is_whole(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="3")
    path = trading_path(account_id, "/positions/AAPL")

    assert sandbox.request("DELETE", path, params={"percentage": "50"}).json()["qty"] == "1"
    assert sandbox.request("DELETE", path, params={"percentage": "0.5"}).status_code == 422
