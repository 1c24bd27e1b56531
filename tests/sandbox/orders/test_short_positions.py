from decimal import Decimal
from typing import Any

import pytest

from sandbox.accounts.documents import statements
from sandbox.accounts.documents.pdf import render
from tests.sandbox.floor import Floor
from tests.sandbox.short_seller import amounts, check_all, cover, go_short, qty, seller

__all__ = ["seller"]


def journal(floor: Floor, symbol: str, qty: str) -> dict[str, Any]:
    """Shares of the firm, to the customer."""
    body = {
        "entry_type": "JNLS", "from_account": floor.broker.firm_account_id, "to_account": floor.account,
        "symbol": symbol, "qty": qty,
    }  # fmt: skip
    answer = floor.broker.request("POST", "/v1/journals", body)
    assert answer.status == 200, answer
    for _ in range(3):
        floor.broker.advance(5 * 86_400)
    read: dict[str, Any] = floor.broker.request("GET", f"/v1/journals/{answer.body['id']}").body
    assert read["status"] == "executed"
    return read


@pytest.mark.parametrize(
    ("params", "bought", "left"),
    [({}, "10", None), ({"qty": "4"}, "4", "-6"), ({"percentage": "25"}, "2", "-8")],
)
def test_closing_a_short_position_buys(
    seller: Floor, params: dict[str, str], bought: str, left: str | None
) -> None:
    go_short(seller)

    answer = seller.send("DELETE", "/positions/AAPL", **params)

    assert (answer.status, answer.body["side"], answer.body["qty"]) == (200, "buy", bought)
    seller.broker.advance(1)
    assert [row["qty"] for row in seller.get("/positions")] == ([left] if left else [])


@pytest.mark.parametrize("params", [{"qty": "11"}, {"percentage": "101"}, {"qty": "-1"}, {"qty": "x"}])
def test_closing_too_much_is_refused(seller: Floor, params: dict[str, str]) -> None:
    go_short(seller)

    assert seller.send("DELETE", "/positions/AAPL", **params).status in (403, 422)
    assert qty(seller) == "-10"


def test_closing_all_positions_sells_and_buys(seller: Floor) -> None:
    go_short(seller)
    cover(seller, qty="6", type="limit", limit_price="50", time_in_force="gtc")
    seller.order(symbol="MSFT", qty="5")

    answer = seller.send("DELETE", "/positions", cancel_orders="true")

    sides = {row["symbol"]: row["body"]["side"] for row in answer.body}
    assert (answer.status, sides) == (207, {"AAPL": "buy", "MSFT": "sell"})
    seller.broker.advance(1)
    assert seller.get("/positions") == []
    check_all(seller)


def test_open_short_sale_does_not_hinder_closing_when_it_is_canceled(seller: Floor) -> None:
    go_short(seller)
    seller.order(side="sell", qty="1", type="limit", limit_price="150", time_in_force="gtc")

    answer = seller.send("DELETE", "/positions", cancel_orders="true")

    assert [row["status"] for row in answer.body] == [200]


def test_short_seller_pays_the_dividend(seller: Floor) -> None:
    go_short(seller)
    cash = seller.balance("cash")
    body = {"account_id": seller.account, "symbol": "AAPL", "per_share": "0.255"}

    assert seller.broker.request("POST", "/_sandbox/scenarios/dividend", body).status == 200

    (paid,) = amounts(seller, "DIV")
    assert (paid["net_amount"], paid["qty"], paid["per_share_amount"]) == ("-2.55", "-10", "0.255")
    assert seller.balance("cash") == cash - Decimal("2.55")


def test_split_multiplies_what_is_owed(seller: Floor) -> None:
    go_short(seller)
    cover(seller, qty="10", type="limit", limit_price="50", time_in_force="gtc")
    body = {"account_id": seller.account, "symbol": "AAPL", "ratio": "0.25"}

    assert seller.broker.request("POST", "/_sandbox/scenarios/split", body).status == 200

    held = seller.get("/positions/AAPL")
    assert (held["qty"], held["qty_available"], held["avg_entry_price"]) == ("-2.5", "-2.5", "399.96")
    assert [row["qty"] for row in amounts(seller, "SPLIT")] == ["7.5"]
    seller.send("PATCH", "/account/configurations", {"fractional_trading": False})
    assert cover(seller, notional="100")["status"] == "filled", "a fraction is covered by a fraction"
    assert seller.send("DELETE", "/positions/AAPL").status == 200
    seller.broker.advance(1)
    assert seller.get("/positions") == []
    check_all(seller)


@pytest.mark.parametrize(
    ("sent", "left", "price"),
    [("0.1", "-0.9", "99.99"), ("0.4", "-0.6", "99.99"), ("1", None, ""), ("1.5", "0.5", "100")],
)
def test_journaled_shares_are_set_off_against_a_short(
    seller: Floor, sent: str, left: str | None, price: str
) -> None:
    customer, seller.account = seller.account, seller.broker.firm_account_id
    seller.hold("2")
    seller.account = customer
    go_short(seller, "1")
    order = cover(seller, qty="1", type="limit", limit_price="50", time_in_force="gtc")

    journal(seller, "AAPL", sent)

    assert seller.read(order["id"])["status"] == "canceled"
    found = [(row["qty"], row["qty_available"], row["avg_entry_price"]) for row in seller.get("/positions")]
    assert found == ([(left, left, price)] if left else [])
    check_all(seller)


def test_account_is_not_closed_while_it_is_short(seller: Floor) -> None:
    go_short(seller)

    answer = seller.broker.request("POST", f"/v1/accounts/{seller.account}/actions/close")

    assert (answer.status, answer.body["message"]) == (422, "account has open positions")


def test_history_and_statement_count_what_is_owed(seller: Floor) -> None:
    go_short(seller)
    seller.price("120")
    history = seller.get("/account/portfolio/history", period="1D", timeframe="1D")
    assert Decimal(str(history["equity"][-1])) == seller.balance("equity") == Decimal("9799.9")

    seller.broker.advance(40 * 86_400)

    path = f"/v1/accounts/{seller.account}/documents"
    (issued,) = seller.broker.request("GET", path, params={"type": "account_statement"}).body
    world = seller.broker.world
    account = world.store.accounts.rows[seller.account]
    (document,) = (
        each
        for each in statements.issued_documents(world, account, world.clock.now())
        if each.id == issued["id"]
    )
    contents = statements.contents(world, account, document)
    assert render("account_statement", contents).startswith(b"%PDF")
    assert [(row["qty"], row["market_value"]) for row in contents["positions"]] == [("-10", "-1200")]
    assert (contents["closing_cash"], contents["closing_equity"]) == ("10999.9", "9799.9")


def test_short_survives_a_restart(seller: Floor) -> None:
    go_short(seller)
    cover(seller, qty="4", type="limit", limit_price="50", time_in_force="gtc")
    before = seller.get("/positions")
    seller.broker.kill()
    seller.broker.start()
    seller.broker.world.prices = seller.prices  # type: ignore[assignment]
    seller.broker.world.clock.frozen_at = seller.broker.world.clock.now()

    assert seller.get("/positions") == before
    seller.price("49")
    assert qty(seller) == "-6"


@pytest.mark.parametrize("kind", ["full_rebalance", "invest_cash"])
def test_rebalancing_sells_nothing_short_and_leaves_a_short_alone(seller: Floor, kind: str) -> None:
    go_short(seller)
    seller.order(symbol="SPY", qty="20")
    weights = [
        {"type": "asset", "symbol": "AAPL", "percent": "50"},
        {"type": "asset", "symbol": "MSFT", "percent": "50"},
    ]
    body = {"account_id": seller.account, "type": kind, "weights": weights}
    run = seller.broker.request("POST", "/v1/rebalancing/runs", body).body

    for _ in range(20):
        seller.broker.advance(60)

    run = seller.broker.request("GET", f"/v1/rebalancing/runs/{run['id']}").body
    assert run["status"].startswith("COMPLETED")
    assert "AAPL" in [row["symbol"] for row in run["skipped_orders"]]
    found = {row["symbol"]: Decimal(row["qty"]) for row in seller.get("/positions")}
    assert found.pop("AAPL") == -10
    assert min(found.values()) > 0
    assert seller.balance("cash") >= 1500, "what stands behind the short is not invested"
    check_all(seller)
