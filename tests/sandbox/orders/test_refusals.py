"""Orders that are refused, and in which words."""

from typing import Any

import pytest

from tests.sandbox.people import (
    apply,
    buy,
    open_account,
    order,
    trading_path,
)
from tests.sandbox_process import SandboxProcess


@pytest.mark.parametrize(
    ("members", "status", "code", "words"),
    [
        ({"qty": None}, 422, 40010001, "qty or notional is required"),
        ({"qty": "1", "notional": "5"}, 422, 40010001, "only one of qty or notional is accepted"),
        ({"qty": "0"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "-1"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "1.1234567891"}, 422, 40010001, "qty must be limited to 9 decimal places"),
        ({"notional": "10.001"}, 422, 40010001, "notional value must be limited to 2 decimal places"),
        ({"notional": "0.99"}, 403, 40310000, "cost basis must be >= minimal amount of order 1"),
        ({"qty": "1", "side": "hold"}, 422, 40010001, "invalid side"),
        ({"qty": "1", "type": "magic"}, 422, 40010001, "invalid order type"),
        ({"qty": "1", "time_in_force": "soon"}, 422, 40010001, "invalid time_in_force"),
        ({"qty": "1", "type": "limit"}, 422, 40010001, "limit orders require a limit price"),
        ({"qty": "1", "type": "stop"}, 422, 40010001, "stop orders require a stop price"),
        ({"qty": "1", "limit_price": "5"}, 422, 40010001, "market orders require no stop or limit price"),
        ({"qty": "1", "type": "limit", "limit_price": "290.123"}, 422, 42210000, "sub-penny increment"),
        ({"qty": "1", "type": "stop", "stop_price": "5"}, 422, 42210000, "stop price must be greater than"),
        ({"qty": "1", "order_class": "bracket"}, 422, 42210000, "bracket orders require take_profit"),
        ({"qty": "0.5", "time_in_force": "gtc"}, 422, 42210000, "fractional orders must be DAY orders"),
        (
            {"qty": "1", "extended_hours": True},
            422,
            42210000,
            "extended hours order must be DAY or GTC limit orders",
        ),
        ({"qty": "1", "symbol": "NOSUCH"}, 422, 42210000, 'asset "NOSUCH" not found'),
        ({"qty": "1", "symbol": ""}, 422, 40010001, "symbol is required"),
        ({"qty": "1", "client_order_id": "x" * 129}, 422, 40010001, "no more than 128 characters"),
        ({"qty": "1", "side": "sell"}, 403, 40310000, "account is not allowed to short"),
        ({"qty": "0.5", "side": "sell"}, 422, 42210000, "fractional orders cannot be sold short"),
    ],
)
def test_order_refused(
    sandbox: SandboxProcess, members: dict[str, Any], status: int, code: int, words: str
) -> None:
    account_id = open_account(sandbox, cash="1000")

    reply = order(sandbox, account_id, **members)

    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert words in reply.json()["message"]
    assert sandbox.get(trading_path(account_id, "/orders"), params={"status": "all"}) == []


def test_order_above_buying_power_names_both_amounts(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")

    reply = order(sandbox, account_id, notional="100.01")

    assert (reply.status_code, reply.json()) == (
        403,
        {
            "code": 40310000,
            "message": "insufficient buying power",
            "buying_power": "100",
            "cost_basis": "100.01",
        },
    )


def test_sale_of_more_than_is_held_names_what_there_is(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    buy(sandbox, account_id, qty="1.5")
    order(sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999", time_in_force="gtc")

    reply = order(
        sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999", time_in_force="gtc"
    )

    assert (reply.status_code, reply.json()) == (
        403,
        {
            "code": 40310000,
            "message": "insufficient qty available for order (requested: 1, available: 0.5)",
            "available": "0.5",
            "existing_qty": "1.5",
            "held_for_orders": "1",
            "symbol": "AAPL",
        },
    )


def test_client_order_id_is_unique_within_an_account(sandbox: SandboxProcess) -> None:
    account_id, other = (open_account(sandbox, cash="1000") for _ in range(2))
    first = order(sandbox, account_id, notional="5", client_order_id="mine").json()

    again = order(sandbox, account_id, notional="5", client_order_id="mine")

    assert (again.status_code, again.json()["message"]) == (422, "client_order_id must be unique")
    assert order(sandbox, other, notional="5", client_order_id="mine").status_code == 200
    path = trading_path(account_id, "/orders:by_client_order_id")
    assert sandbox.get(path, params={"client_order_id": "mine"})["id"] == first["id"]
    assert sandbox.request("GET", path, params={"client_order_id": "other"}).status_code == 404


def test_opposite_orders_that_could_meet_are_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10000")
    buy(sandbox, account_id, qty="2")
    resting = order(
        sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9000", time_in_force="gtc"
    ).json()

    refused = order(sandbox, account_id, qty="1")
    assert (refused.status_code, refused.json()["existing_order_id"]) == (403, resting["id"])
    assert order(sandbox, account_id, qty="1", type="limit", limit_price="10").status_code == 200


@pytest.mark.parametrize("status", ["SUBMITTED", "REJECTED", "ACTION_REQUIRED"])
def test_order_of_an_account_that_is_not_active(sandbox: SandboxProcess, status: str) -> None:
    account_id = apply(sandbox, additional_information=f"/fixtures/status={status}/fixtures/")["id"]

    reply = order(sandbox, account_id, notional="5")

    assert (reply.status_code, reply.json()["message"]) == (403, "account not authorized to trade")
