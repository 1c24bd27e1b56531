from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.floor import Floor, floor
from tests.sandbox.people import application
from tests.sandbox.short_seller import balances, check_all, cover, go_short, qty, seller

__all__ = ["floor", "seller"]


# Position and balances


def test_short_position_is_negative(seller: Floor) -> None:
    go_short(seller)
    seller.price("102")

    held = seller.get("/positions/AAPL")

    names = ("qty", "qty_available", "side", "avg_entry_price", "cost_basis", "market_value", "unrealized_pl")
    assert [held[name] for name in names] == ["-10", "-10", "short", "99.99", "-999.9", "-1020", "-20.1"]
    assert held["unrealized_plpc"] == "-0.020102", "a loss, whatever the sign of the cost"
    assert (held["unrealized_intraday_pl"], held["unrealized_intraday_plpc"]) == ("-20.1", "-0.020102")


def test_short_held_over_night_gains_from_the_last_close(seller: Floor) -> None:
    go_short(seller)
    seller.broker.advance(86_400)
    seller.price("95")

    held = seller.get("/positions/AAPL")

    assert (held["unrealized_intraday_pl"], held["unrealized_intraday_plpc"]) == ("50", "0.05")
    assert balances(seller, "last_short_market_value", "last_long_market_value") == ["-1000", "0"]
    assert balances(seller, "last_equity", "last_initial_margin") == ["9999.9", "500"]


def test_short_sale_raises_the_cash_and_binds_half_of_its_value(seller: Floor) -> None:
    go_short(seller)

    cash, equity, power = balances(seller, "cash", "equity", "buying_power")
    assert (cash, equity) == ("10999.9", "9999.9")
    assert Decimal(power) == (Decimal(equity) - 500) * 2
    names = ("long_market_value", "short_market_value", "position_market_value", "initial_margin")
    assert balances(seller, *names) == ["0", "-1000", "-1000", "500"]
    assert balances(seller, "maintenance_margin") == ["300"], "30%"


@pytest.mark.parametrize(("price", "margin"), [("200", "600"), ("10", "50"), ("4", "40"), ("2", "25")])
def test_cheap_shorts_bind_more(seller: Floor, price: str, margin: str) -> None:
    go_short(seller)
    seller.price(price)

    assert balances(seller, "maintenance_margin") == [margin]


def test_long_and_short_positions_are_told_apart(seller: Floor) -> None:
    go_short(seller)
    seller.order(symbol="MSFT", qty="5")

    names = ("long_market_value", "short_market_value", "initial_margin", "maintenance_margin")
    assert balances(seller, *names) == ["500", "-1000", "750", "450"]
    rows = seller.broker.request("GET", "/v1/accounts/positions").body["positions"][seller.account]
    assert {row["symbol"]: row["side"] for row in rows} == {"AAPL": "short", "MSFT": "long"}
    check_all(seller)


@pytest.mark.parametrize("price", ["100", "50", "150"])
def test_proceeds_cannot_be_withdrawn_nor_journaled(seller: Floor, price: str) -> None:
    go_short(seller)
    seller.broker.advance(5 * 86_400)
    seller.price(price)

    withdrawable = seller.balance("cash_withdrawable")
    assert withdrawable == Decimal("10999.9") - max(Decimal("999.9"), 10 * Decimal(price)) - 5 * Decimal(
        price
    )
    body = {
        "entry_type": "JNLC", "from_account": seller.account, "to_account": seller.broker.firm_account_id,
    }  # fmt: skip
    too_much = seller.broker.request("POST", "/v1/journals", {**body, "amount": str(withdrawable + 1)})
    assert too_much.status == 403
    assert seller.broker.request("POST", "/v1/journals", {**body, "amount": str(withdrawable)}).status == 200


def test_gain_of_a_covered_short_settles_the_next_day(seller: Floor) -> None:
    go_short(seller)
    seller.price("90")

    cover(seller, qty="10")

    assert balances(seller, "cash", "cash_withdrawable") == ["10099.8", "10000"]
    seller.broker.advance(86_400)
    assert balances(seller, "cash_withdrawable") == ["10099.8"]


def test_buying_power_is_never_negative(seller: Floor) -> None:
    go_short(seller, "150")
    for price in ("200", "1000"):
        seller.price(price)
        assert balances(seller, "buying_power", "non_marginable_buying_power") == ["0", "0"]
    assert seller.place(qty="1", symbol="MSFT").status == 403
    assert cover(seller, qty="150")["status"] == "filled", "covering needs no buying power"
    assert seller.balance("cash") < 0
    check_all(seller)


def test_proceeds_buy_nothing_once_the_margin_is_gone(seller: Floor) -> None:
    go_short(seller, "100")
    seller.price("181")

    account = seller.get("/account")

    assert (account["multiplier"], account["buying_power"], account["shorting_enabled"]) == ("1", "0", False)
    assert Decimal(account["cash"]) > 19_000


# Who may sell what short


def test_short_sale_needs_margin_and_two_thousand_dollars(seller: Floor, floor: Floor) -> None:
    assert balances(seller, "shorting_enabled") == [True]
    assert balances(floor, "shorting_enabled") == [False]
    poor = Floor(seller.broker.settings.state.parent / "poor", "1999", margin=True)
    for one in (floor, poor):
        refused = one.place(side="sell", qty="1")
        assert (refused.status, refused.body["code"]) == (403, 40310000)
        assert refused.body["message"] == "account is not allowed to short"
    poor.broker.stop()


@pytest.mark.parametrize("configuration", [{"no_shorting": True}, {"max_margin_multiplier": "1"}])
def test_configuration_forbids_short_sales(seller: Floor, configuration: dict[str, Any]) -> None:
    go_short(seller)
    seller.send("PATCH", "/account/configurations", configuration)

    assert balances(seller, "shorting_enabled") == [False]
    refused = seller.place(side="sell", qty="1")
    assert (refused.status, refused.body["message"]) == (403, "account is not allowed to short")
    assert cover(seller, qty="10")["status"] == "filled"


@pytest.mark.parametrize("kind", [{"account_type": "ira", "account_sub_type": "roth"}, {}])
def test_retirement_accounts_and_the_firm_sell_nothing_short(seller: Floor, kind: dict[str, str]) -> None:
    account = seller.broker.firm_account_id
    if kind:
        body = application(**kind)
        body["agreements"].append({**body["agreements"][0], "agreement": "margin_agreement"})
        account = seller.broker.request("POST", "/v1/accounts", body).body["id"]
        seller.broker.advance(60)
        seller.broker.advance(60)
        seller.broker.request("POST", f"/_sandbox/accounts/{account}/deposit", {"amount": "5000"})
    seller.account = account

    refused = seller.place(side="sell", qty="1")

    assert (refused.status, refused.body["message"]) == (403, "account is not allowed to short")


@pytest.mark.parametrize("symbol", ["CET", "BYND", "EPD"])
def test_asset_that_cannot_be_borrowed_is_not_sold_short(seller: Floor, symbol: str) -> None:
    refused = seller.place(symbol=symbol, side="sell", qty="1")

    assert (refused.status, refused.body["code"]) == (422, 42210000)
    assert refused.body["message"] == f'asset "{symbol}" cannot be sold short'


@pytest.mark.parametrize("size", [{"qty": "0.5"}, {"qty": "1.5"}, {"notional": "100"}])
def test_only_whole_shares_are_sold_short(seller: Floor, size: dict[str, str]) -> None:
    for _ in ("flat", "short"):
        refused = seller.place(side="sell", **size)
        assert (refused.status, refused.body["code"]) == (422, 42210000)
        assert refused.body["message"] == "fractional orders cannot be sold short"
        seller.place(side="sell", qty="1")
        seller.broker.advance(1)


def test_order_does_not_go_through_zero(seller: Floor) -> None:
    seller.hold("3")
    sale = seller.place(side="sell", qty="4")
    assert (sale.status, sale.body["message"]) == (
        403, "insufficient qty available for order (requested: 4, available: 3)",
    )  # fmt: skip
    seller.order(side="sell", qty="3")
    go_short(seller, "3")

    purchase = seller.place(side="buy", qty="4")

    assert purchase.status == 403
    assert purchase.body == {
        "code": 40310000, "symbol": "AAPL", "available": "3", "existing_qty": "-3", "held_for_orders": "0",
        "message": "insufficient qty available for order (requested: 4, available: 3)",
    }  # fmt: skip


def test_covers_together_do_not_exceed_the_position(seller: Floor) -> None:
    go_short(seller)
    order = cover(seller, qty="6", type="limit", limit_price="50", time_in_force="gtc")

    assert seller.get("/positions/AAPL")["qty_available"] == "-4"
    refused = seller.place(side="buy", qty="5", type="limit", limit_price="50")
    assert (refused.status, refused.body["available"]) == (403, "4")
    assert refused.body["held_for_orders"] == "6"
    seller.send("DELETE", f"/orders/{order['id']}")
    assert seller.get("/positions/AAPL")["qty_available"] == "-10"


@pytest.mark.parametrize("size", [{"qty": "0.5"}, {"notional": "100"}])
def test_whole_short_is_not_covered_in_parts(seller: Floor, size: dict[str, str]) -> None:
    go_short(seller)

    refused = seller.place(side="buy", **size)

    assert (refused.status, refused.body["code"]) == (422, 42210000)


def test_purchase_and_short_sale_are_not_open_together(seller: Floor) -> None:
    low = {"side": "buy", "qty": "1", "type": "limit", "limit_price": "50", "time_in_force": "gtc"}
    high = {**low, "side": "sell", "limit_price": "150"}

    bought = seller.order(**low)
    refused = seller.place(**high)
    assert (refused.status, refused.body["message"]) == (
        403, "cannot open a short sell while a long buy order is open",
    )  # fmt: skip
    seller.send("DELETE", f"/orders/{bought['id']}")
    seller.order(**high)
    refused = seller.place(**low)
    assert (refused.status, refused.body["message"]) == (
        403, "cannot open a long buy while a short sell order is open",
    )  # fmt: skip


# Reservations


@pytest.mark.parametrize(
    ("members", "price"),
    [
        ({}, "103.0103"),
        ({"type": "limit", "limit_price": "101"}, "103.0103"),
        ({"type": "limit", "limit_price": "120"}, "120"),
        ({"type": "stop", "stop_price": "90", "time_in_force": "gtc"}, "103.0103"),
    ],
)
def test_short_sale_reserves_its_limit_or_three_percent_above_the_ask(
    seller: Floor, members: dict[str, Any], price: str
) -> None:
    answer = seller.place(side="sell", qty="100", **members)

    assert answer.status == 200, answer
    assert seller.balance("buying_power") == 20_000 - 100 * Decimal(price)
    seller.send("DELETE", "/orders")
    assert balances(seller, "buying_power") == ["20000"]


def test_short_sale_beyond_the_buying_power_is_refused(seller: Floor) -> None:
    refused = seller.place(side="sell", qty="195")

    assert (refused.status, refused.body["message"]) == (403, "insufficient buying power")
    assert (refused.body["buying_power"], refused.body["cost_basis"]) == ("20000", "20087.01")
    assert seller.place(side="sell", qty="194").status == 200


def test_order_to_cover_reserves_no_buying_power(seller: Floor) -> None:
    go_short(seller, "150")
    before = seller.balance("buying_power")

    answer = seller.place(side="buy", qty="150", type="limit", limit_price="99")

    assert answer.status == 200, answer
    assert seller.balance("buying_power") == before


def test_part_of_a_short_sale_keeps_the_rest_reserved(seller: Floor) -> None:
    order = seller.order(side="sell", qty="10", type="limit", limit_price="200", time_in_force="gtc")
    body = {"account_id": seller.account, "qty": "4"}
    assert seller.broker.request("POST", "/_sandbox/scenarios/partial_fill", body).status == 200

    assert (seller.read(order["id"])["status"], qty(seller)) == ("partially_filled", "-4")
    assert seller.balance("buying_power") == (seller.balance("equity") - 200) * 2 - 6 * 200
    seller.price("201")
    assert (seller.read(order["id"])["status"], qty(seller)) == ("filled", "-10")
    assert seller.get("/positions/AAPL")["avg_entry_price"] == "200.594", "4 at 200, 6 at 200.99"
    check_all(seller)
