"""Market orders: what they cost, and what is booked."""

import time
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import (
    buy,
    open_account,
    order,
    position,
    trading_account,
    trading_path,
    wait_for_order,
)
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess


def activities(sandbox: SandboxProcess, account_id: str) -> list[dict[str, Any]]:
    return sandbox.get("/v1/accounts/activities", params={"account_id": account_id})


@pytest.mark.parametrize("qty", ["1", "0.42", "0.123456789", 2, 1.5])
def test_market_buy_by_quantity(sandbox: SandboxProcess, qty: Any) -> None:
    account_id = open_account(sandbox, cash="5000")

    filled = buy(sandbox, account_id, qty=qty)

    assert (filled["qty"], filled["filled_qty"], filled["notional"]) == (str(qty), str(qty), None)
    cost = (Decimal(str(qty)) * Decimal(filled["filled_avg_price"])).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )
    balances = trading_account(sandbox, account_id)
    assert Decimal(balances["cash"]) == 5000 - cost
    assert balances["buying_power"] == balances["cash"], "nothing is held any more"
    held = position(sandbox, account_id)
    assert (held["qty"], held["qty_available"], held["avg_entry_price"]) == (
        str(qty),
        str(qty),
        filled["filled_avg_price"],
    )


def test_market_buy_by_amount_spends_no_more_than_it(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")

    filled = buy(sandbox, account_id, notional="250")

    assert (filled["notional"], filled["qty"]) == ("250", None)
    spent = 1000 - Decimal(trading_account(sandbox, account_id)["cash"])
    assert Decimal("249.99") <= spent <= 250
    worth = Decimal(filled["filled_qty"]) * Decimal(filled["filled_avg_price"])
    assert 0 <= 250 - worth < Decimal("0.000001")


def test_order_is_accepted_first(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")

    accepted = order(sandbox, account_id, qty="1").json()

    assert (accepted["status"], accepted["filled_qty"], accepted["order_class"]) == ("accepted", "0", "")
    nullable = (
        "filled_at",
        "filled_avg_price",
        "limit_price",
        "stop_price",
        "legs",
        "replaced_by",
        "canceled_at",
    )
    assert [accepted[name] for name in nullable] == [None] * len(nullable)


def test_sale_books_proceeds_that_cannot_be_withdrawn_yet(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    bought = buy(sandbox, account_id, qty="2")

    sold = buy(sandbox, account_id, side="sell", qty="0.5")

    balances = trading_account(sandbox, account_id)
    proceeds = Decimal(sold["filled_avg_price"]) / 2
    cost = Decimal(bought["filled_avg_price"]) * 2
    assert abs(Decimal(balances["cash"]) - (1000 - cost + proceeds)) <= Decimal("0.01")
    assert abs(Decimal(balances["cash_withdrawable"]) - (1000 - cost)) <= Decimal("0.01")
    assert balances["buying_power"] == balances["cash"]
    assert position(sandbox, account_id)["qty"] == "1.5"


def test_buys_fill_at_the_ask_and_sales_at_the_bid(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000000")
    quotes = []
    prices = []
    for side in ("buy", "sell"):
        quotes.append(sandbox.get("/v2/stocks/SPY/quotes/latest")["quote"])
        prices.append(Decimal(buy(sandbox, account_id, symbol="SPY", qty="1", side=side)["filled_avg_price"]))
        quotes.append(sandbox.get("/v2/stocks/SPY/quotes/latest")["quote"])

    # The second may have changed between the quote and the fill, not more than once.
    assert prices[0] in [Decimal(str(quote["ap"])) for quote in quotes[:2]]
    assert prices[1] in [Decimal(str(quote["bp"])) for quote in quotes[2:]]


def test_activities_add_up_to_the_cash(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="3000.55")
    for members in (
        {"qty": "0.333"},
        {"notional": "99.99"},
        {"symbol": "MSFT", "qty": "1"},
        {"qty": "0.1", "side": "sell"},
    ):
        buy(sandbox, account_id, **members)

    total = Decimal(0)
    for row in activities(sandbox, account_id):
        if row["activity_type"] == "FILL":
            amount = (Decimal(row["qty"]) * Decimal(row["price"])).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            total += amount if row["side"] == "sell" else -amount
        else:
            total += Decimal(row["net_amount"])

    assert total == Decimal(trading_account(sandbox, account_id)["cash"])


def test_order_while_the_market_is_closed_fills_at_the_next_open(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with process_at(tmp_path_factory.mktemp("real") / "state", market="real") as process:
        clock = process.get("/v1/clock")
        if clock["is_open"]:
            process.request(
                "POST", "/_sandbox/clock", json={"advance_to": clock["next_close"]}
            ).raise_for_status()
        account_id = open_account(process, cash="1000")
        placed = order(process, account_id, notional="100").json()
        time.sleep(0.3)
        assert process.get(trading_path(account_id, f"/orders/{placed['id']}"))["status"] == "accepted"
        process.kill()
        process.start()

        process.request("POST", "/_sandbox/clock", json={"advance_to": process.get("/v1/clock")["next_open"]})

        filled = wait_for_order(process, account_id, placed["id"], "filled")
        assert process.get("/v1/clock")["is_open"] is True
        assert filled["filled_at"] > placed["submitted_at"]
