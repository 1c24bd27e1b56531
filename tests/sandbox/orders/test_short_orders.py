from typing import Any

import pytest

from tests.sandbox.floor import Floor
from tests.sandbox.short_seller import amounts, check_all, cover, go_short, qty, seller

__all__ = ["seller"]
EXITS = {"take_profit": {"limit_price": "90"}, "stop_loss": {"stop_price": "110", "limit_price": "115"}}


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
