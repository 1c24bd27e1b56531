from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import statements
from sandbox.statement_pdf import render
from tests.sandbox.books import check_books, read_books
from tests.sandbox.floor import Floor, floor
from tests.sandbox.people import application

__all__ = ["floor"]
EXITS = {"take_profit": {"limit_price": "90"}, "stop_loss": {"stop_price": "110", "limit_price": "115"}}


@pytest.fixture
def seller(tmp_path: Path) -> Iterator[Floor]:
    """A customer with margin and 10,000 USD; everything is bid at 99.99, traded at 100, asked at 100.01."""
    found = Floor(tmp_path / "seller", margin=True)
    yield found
    found.broker.stop()


def go_short(floor: Floor, qty: str = "10") -> None:
    assert floor.order(side="sell", qty=qty)["status"] == "filled"


def cover(floor: Floor, **members: Any) -> dict[str, Any]:
    return floor.order(side="buy", **members)


def qty(floor: Floor) -> str:
    return str(floor.get("/positions/AAPL")["qty"])


def balances(floor: Floor, *names: str) -> list[str]:
    account = floor.get("/account")
    return [account[name] for name in names]


def amounts(floor: Floor, kind: str) -> list[dict[str, Any]]:
    answer = floor.broker.request("GET", "/v1/accounts/activities", params={"account_id": floor.account})
    return [row for row in answer.body if row["activity_type"] == kind]


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


def check_all(floor: Floor) -> None:
    books = read_books(floor.broker, [floor.account, floor.broker.firm_account_id])
    check_books(books, floor.broker, deposited=Decimal(10_000))


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
    poor = Floor(seller.broker._settings.state.parent / "poor", "1999", margin=True)
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


# Orders


@pytest.mark.parametrize(
    ("members", "price"),
    [
        ({"type": "limit", "limit_price": "90"}, "89"),
        ({"type": "stop", "stop_price": "110"}, "110"),
        ({"type": "stop_limit", "stop_price": "110", "limit_price": "112"}, "111"),
    ],
)
def test_resting_order_covers(seller: Floor, members: dict[str, str], price: str) -> None:
    go_short(seller)
    order = cover(seller, qty="4", time_in_force="gtc", **members)
    assert order["status"] == "new"

    seller.price(price)

    assert (seller.read(order["id"])["status"], qty(seller)) == ("filled", "-6")
    assert seller.get("/positions/AAPL")["avg_entry_price"] == "99.99", "what is left cost what it did"


def test_events_and_activities_of_a_short_sale(seller: Floor) -> None:
    go_short(seller)
    cover(seller, qty="4")

    until = seller.broker.request("GET", "/_sandbox/clock").body["now"]
    seller.broker.advance(60)
    query = {"since": "2020-01-01", "until": until}
    stream = seller.broker.request("GET", "/v2/events/trades", params=query).body.decode()
    assert '"position_qty":"-10"' in stream
    assert '"position_qty":"-6"' in stream
    assert [row["side"] for row in amounts(seller, "FILL")] == ["buy", "sell"]


def test_replaced_orders_reserve_anew(seller: Floor) -> None:
    sale = seller.order(side="sell", qty="10", type="limit", limit_price="150", time_in_force="gtc")
    replaced = seller.send("PATCH", f"/orders/{sale['id']}", {"qty": "20", "limit_price": "160"})
    assert replaced.status == 200, replaced
    assert seller.balance("buying_power") == 20_000 - 20 * 160
    seller.send("DELETE", "/orders")
    go_short(seller)

    order = cover(seller, qty="5", type="limit", limit_price="50", time_in_force="gtc")
    path = f"/orders/{order['id']}"
    assert seller.send("PATCH", path, {"qty": "11"}).status == 403
    assert seller.send("PATCH", path, {"qty": "10"}).status == 200
    assert seller.get("/positions/AAPL")["qty_available"] == "0"


@pytest.mark.parametrize(
    ("price", "ends"), [("89", ["filled", "filled", "canceled"]), ("110", ["filled", "canceled", "filled"])]
)
def test_bracket_of_a_short_sale(seller: Floor, price: str, ends: list[str]) -> None:
    order = seller.order(side="sell", qty="10", order_class="bracket", time_in_force="gtc", **EXITS)
    assert [leg["side"] for leg in order["legs"]] == ["buy", "buy"]
    assert (qty(seller), seller.get("/positions/AAPL")["qty_available"]) == ("-10", "0")

    seller.price(price)

    order = seller.read(order["id"])
    assert [order["status"], *(leg["status"] for leg in order["legs"])] == ends
    assert seller.get("/positions") == []
    check_all(seller)


@pytest.mark.parametrize(("price", "ends"), [("89", ["filled", "canceled"]), ("111", ["canceled", "filled"])])
def test_one_of_two_exits_covers(seller: Floor, price: str, ends: list[str]) -> None:
    go_short(seller)
    order = cover(seller, qty="10", type="limit", order_class="oco", time_in_force="gtc", **EXITS)
    assert (order["limit_price"], order["legs"][0]["limit_price"]) == ("90", "115")

    seller.price(price)

    order = seller.read(order["id"])
    assert [order["status"], order["legs"][0]["status"]] == ends
    assert seller.get("/positions") == []


def test_exits_are_for_no_more_than_is_left(seller: Floor) -> None:
    order = seller.order(
        side="sell", qty="10", type="limit", limit_price="105", order_class="bracket", time_in_force="gtc",
        take_profit={"limit_price": "90"}, stop_loss={"stop_price": "130"},
    )  # fmt: skip
    body = {"account_id": seller.account, "qty": "4", "order_id": order["id"]}
    assert seller.broker.request("POST", "/_sandbox/scenarios/partial_fill", body).status == 200
    cover(seller, qty="3", type="limit", limit_price="101")
    seller.price("106")

    order = seller.read(order["id"])

    assert ([leg["qty"] for leg in order["legs"]], qty(seller)) == (["7", "7"], "-7")
    assert seller.get("/positions/AAPL")["qty_available"] == "0"
    check_all(seller)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"take_profit": {"limit_price": "100"}}, "take_profit.limit_price must be <= base_price - 0.01"),
        ({"stop_loss": {"stop_price": "100"}}, "stop_loss.stop_price must be >= base_price + 0.01"),
        ({"stop_loss": {"stop_price": "110", "limit_price": "109"}},
         "stop_loss.limit_price must be >= stop_loss.stop_price"),
        ({"side": "buy"}, "bracket orders must be entry orders"),
        ({"order_class": "oco", "type": "limit"}, "oco orders must be exit orders"),
    ],
)  # fmt: skip
def test_group_refused(seller: Floor, members: dict[str, Any], words: str) -> None:
    go_short(seller, "1")

    body = {"side": "sell", "qty": "1", "order_class": "bracket", "time_in_force": "gtc", **EXITS, **members}
    answer = seller.place(**body)

    assert (answer.status, answer.body["message"]) == (422, words)
    assert seller.get("/orders") == []


def test_short_sale_is_estimated_without_being_placed(seller: Floor) -> None:
    body = {"symbol": "AAPL", "side": "sell", "qty": "5", "type": "market", "time_in_force": "day"}

    answer = seller.send("POST", "/orders/estimation", body)

    assert (answer.status, answer.body["filled_avg_price"]) == (200, "99.99")
    assert seller.get("/orders", status="all") == []


# Closing, corporate actions, journals, documents


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
