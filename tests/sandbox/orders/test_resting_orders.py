"""Orders that rest: limits, what they hold, lists of them, and cancelling."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import (
    buy,
    open_account,
    order,
    trading_account,
    trading_path,
    wait_for_order,
)
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def cents(value: Decimal) -> Decimal:
    return round(value, 2)


def test_limit_order_fills_when_the_price_allows(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    ask = Decimal(str(sandbox.get("/v2/stocks/AAPL/quotes/latest")["quote"]["ap"]))
    limit = str(cents(ask * Decimal("1.05")))

    filled = buy(sandbox, account_id, qty="1", type="limit", limit_price=limit)

    assert Decimal(filled["filled_avg_price"]) <= Decimal(limit)
    assert (
        trading_account(sandbox, account_id)["buying_power"] == trading_account(sandbox, account_id)["cash"]
    )


def test_limit_order_rests_until_it_expires(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("limit") / "state") as process:
        account_id = open_account(process, cash="5000")
        day = order(process, account_id, qty="1", type="limit", limit_price="1").json()
        gtc = order(process, account_id, qty="1", type="limit", limit_price="1", time_in_force="gtc").json()
        wait_for_order(process, account_id, day["id"], "new")

        process.advance(7 * 86_400)

        wait_for_order(process, account_id, day["id"], "expired")
        assert process.get(trading_path(account_id, f"/orders/{gtc['id']}"))["status"] == "new"
        assert trading_account(process, account_id)["buying_power"] == "4999"


def test_fill_or_kill_that_cannot_fill_is_canceled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")

    placed = order(sandbox, account_id, qty="1", type="limit", limit_price="1", time_in_force="fok").json()

    wait_for_order(sandbox, account_id, placed["id"], "canceled")


def test_open_orders_hold_cash(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    first = order(sandbox, account_id, qty="1", type="limit", limit_price="80", time_in_force="gtc").json()

    assert trading_account(sandbox, account_id)["buying_power"] == "20"
    assert order(sandbox, account_id, notional="20.01").status_code == 403

    sandbox.request("DELETE", trading_path(account_id, f"/orders/{first['id']}")).raise_for_status()
    assert trading_account(sandbox, account_id)["buying_power"] == "100"


def test_cancel_order(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    resting = order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()
    path = trading_path(account_id, f"/orders/{resting['id']}")

    assert sandbox.request("DELETE", path).status_code == 204
    assert sandbox.get(path)["status"] == "canceled"
    again = sandbox.request("DELETE", path)
    assert (again.status_code, again.json()["code"]) == (422, 42210000)
    assert again.json()["message"] == 'order is already in "canceled" state'
    assert sandbox.request("DELETE", trading_path(account_id, f"/orders/{UNKNOWN}")).status_code == 404


def test_order_of_another_account_is_not_found(sandbox: SandboxProcess) -> None:
    owner, stranger = open_account(sandbox, cash="100"), open_account(sandbox)
    placed = order(sandbox, owner, notional="5").json()

    assert sandbox.request("GET", trading_path(stranger, f"/orders/{placed['id']}")).status_code == 404


def test_list_orders_filters(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    first = buy(sandbox, account_id, notional="10")
    second = buy(sandbox, account_id, notional="10", symbol="MSFT")
    third = order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in sandbox.get(trading_path(account_id, "/orders"), params=params)]

    assert ids() == [third["id"]]
    assert ids(status="closed") == [second["id"], first["id"]]
    assert ids(status="all") == [third["id"], second["id"], first["id"]]
    assert ids(status="all", direction="asc", limit=2) == [first["id"], second["id"]]
    assert ids(status="all", symbols="MSFT,IBM") == [second["id"]]
    assert ids(status="all", after=first["submitted_at"], until=third["submitted_at"]) == [second["id"]]
    assert ids(status="all", side="sell") == []
    for bad in (
        {"status": "odd"},
        {"limit": "501"},
        {"limit": "x"},
        {"direction": "up"},
        {"nested": "maybe"},
    ):
        assert sandbox.request("GET", trading_path(account_id, "/orders"), params=bad).status_code == 422


def test_cancel_all_orders(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    ids = {order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()["id"] for _ in range(2)}

    reply = sandbox.request("DELETE", trading_path(account_id, "/orders"))

    assert reply.status_code == 207
    assert {row["id"] for row in reply.json()} == ids
    assert trading_account(sandbox, account_id)["buying_power"] == "5000"
