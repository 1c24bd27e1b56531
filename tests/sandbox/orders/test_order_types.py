"""Stops, trailing stops, auctions, extended hours, partial executions."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from sandbox.orders import execution
from sandbox.state.api import Refusal
from tests.sandbox.floor import Floor, floor

__all__ = ["floor"]
GTC = {"time_in_force": "gtc"}


def test_stop_sale_waits_for_its_price(floor: Floor) -> None:
    floor.hold("10")
    stop = floor.order(side="sell", qty="10", type="stop", stop_price="95", **GTC)
    assert (stop["status"], stop["stop_price"], stop["limit_price"]) == ("new", "95", None)

    floor.price("95.01")
    assert floor.read(stop["id"])["status"] == "new"
    floor.price("95")

    filled = floor.read(stop["id"])
    assert (filled["status"], filled["filled_avg_price"]) == ("filled", "94.99")


def test_stop_purchase_pays_no_more_than_its_collar(floor: Floor) -> None:
    stop = floor.order(qty="10", type="stop", stop_price="105", **GTC)
    assert floor.balance("buying_power") == 10_000 - 10 * Decimal("107.63"), "2.5 % above the stop, half up"

    floor.price("120")
    assert floor.read(stop["id"])["status"] == "new", "triggered, but above the collar"
    floor.price("106")

    assert floor.read(stop["id"])["filled_avg_price"] == "106.01"


def test_stop_limit_rests_as_a_limit_order_once_triggered(floor: Floor) -> None:
    floor.hold("1")
    order = floor.order(side="sell", qty="1", type="stop_limit", stop_price="95", limit_price="94", **GTC)

    floor.price("93")
    assert floor.read(order["id"])["status"] == "new"
    floor.price("96")

    assert floor.read(order["id"])["filled_avg_price"] == "95.99", (
        "above the stop again, and within the limit"
    )


@pytest.mark.parametrize(("trail", "stop"), [({"trail_price": "5"}, "115"), ({"trail_percent": "10"}, "108")])
def test_trailing_stop_follows_the_high(floor: Floor, trail: dict[str, str], stop: str) -> None:
    floor.hold("1")
    order = floor.order(side="sell", qty="1", type="trailing_stop", **trail, **GTC)
    assert order["hwm"] == "100"

    floor.price("120")
    floor.price("117")
    moved = floor.read(order["id"])
    assert (moved["status"], moved["hwm"], moved["stop_price"]) == ("new", "120", stop)
    floor.price(stop)

    assert floor.read(order["id"])["status"] == "filled"


def test_trailing_purchase_follows_the_low(floor: Floor) -> None:
    order = floor.order(qty="1", type="trailing_stop", trail_price="5", **GTC)

    floor.price("80")
    assert floor.read(order["id"])["stop_price"] == "85"
    floor.price("85")

    assert floor.read(order["id"])["filled_avg_price"] == "85.01"


@pytest.mark.parametrize(
    ("members", "status", "words"),
    [
        ({"type": "stop", "stop_price": "100"}, 422, "stop price must be greater than current price"),
        ({"type": "stop", "stop_price": "105", "limit_price": "1"}, 422, "stop orders require no limit"),
        ({"type": "stop_limit", "stop_price": "105"}, 422, "require both stop and limit price"),
        ({"type": "trailing_stop"}, 422, "must specify one of trail_price or trail_percent"),
        ({"type": "trailing_stop", "trail_price": "1", "trail_percent": "1"}, 422, "must specify one of"),
        ({"type": "trailing_stop", "trail_percent": "100"}, 422, "trail_percent must be > 0 and < 100"),
        ({"trail_price": "1"}, 422, "market orders must not have trail_price"),
        ({"type": "stop", "stop_price": "105", "time_in_force": "ioc"}, 422, "must be DAY or GTC orders"),
        ({"type": "trailing_stop", "trail_price": "1", "qty": "0.5"}, 422, "must be market, limit, stop, or"),
        ({"type": "stop", "stop_price": "105.001"}, 422, "invalid stop_price 105.001. sub-penny"),
        ({"order_class": "mleg"}, 422, "mleg orders are not enabled"),
        ({"order_class": "odd"}, 422, "invalid order_class"),
        ({"commission_type": "odd"}, 422, "invalid commission_type"),
        ({"symbol": "ABNB", "extended_hours": True, "type": "limit", "limit_price": "1",
          "time_in_force": "ioc"}, 422, "DAY or GTC limit orders"),
    ],
)  # fmt: skip
def test_order_refused(floor: Floor, members: dict[str, Any], status: int, words: str) -> None:
    answer = floor.place(**{"qty": "1", **members})

    assert answer.status == status, answer
    assert words in answer.body["message"]
    assert floor.balance("buying_power") == 10_000


def test_stop_beyond_the_market_names_both_prices(floor: Floor) -> None:
    answer = floor.place(qty="1", type="stop", stop_price="99", **GTC)

    assert (answer.body["market_price"], answer.body["stop_price"]) == ("100", "99")


def test_fractional_stop_is_a_day_order(floor: Floor) -> None:
    assert floor.order(qty="0.5", type="stop", stop_price="101")["status"] == "new"


@pytest.mark.parametrize(("tif", "hour", "minute"), [("opg", 9, 30), ("cls", 16, 0)])
def test_auction_orders_trade_at_the_auction(floor: Floor, tif: str, hour: int, minute: int) -> None:
    floor.broker.world.always_open = False
    floor.broker.advance(5 * 3600)  # the evening of a Monday, after 19:00 in New York
    floor.broker.advance(5 * 3600)
    placed = floor.place(qty="1", time_in_force=tif).body
    too_dear = floor.place(qty="1", time_in_force=tif, type="limit", limit_price="1").body

    floor.broker.advance(86_400)

    expires = dt.datetime.fromisoformat(placed["expires_at"]).astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert (expires.hour, expires.minute) == (hour, minute)
    assert floor.read(placed["id"])["filled_avg_price"] == "100", "no spread in an auction"
    assert floor.read(too_dear["id"])["status"] == "canceled"


def test_auction_order_that_comes_too_late_is_refused(floor: Floor) -> None:
    floor.broker.world.always_open = False

    answer = floor.place(qty="1", time_in_force="opg")

    assert (answer.status, answer.body["code"]) == (422, 42210000)
    assert floor.place(qty="1", time_in_force="cls").status == 200


def test_extended_hours_order_trades_before_the_open(floor: Floor) -> None:
    floor.broker.world.always_open = False
    floor.broker.advance(11 * 3600)  # past 20:00
    members = {"qty": "1", "type": "limit", "limit_price": "150"}
    extended, regular = (floor.place(**members, extended_hours=flag).body["id"] for flag in (True, False))

    floor.broker.advance(8 * 3600)  # past 04:00

    assert floor.read(extended)["status"] == "filled"
    assert floor.read(regular)["status"] == "accepted"


def test_gtc_order_expires_after_ninety_days(floor: Floor) -> None:
    order = floor.order(qty="1", type="limit", limit_price="1", **GTC)

    floor.broker.advance(91 * 86_400)

    assert floor.read(order["id"])["status"] == "expired"
    assert order["expires_at"].startswith("2027-04-04T20:00:00")
    assert floor.balance("buying_power") == 10_000


def test_partial_executions_add_up(floor: Floor) -> None:
    world = floor.broker.world
    order = floor.order(qty="10", type="limit", limit_price="90")
    row = world.store.orders.rows[order["id"]]

    execution.fill_part(world, row, Decimal("3"), world.clock.now())
    world.store.commit()
    part = floor.read(order["id"])
    assert (part["status"], part["filled_qty"], part["filled_avg_price"]) == ("partially_filled", "3", "90")
    assert floor.balance("buying_power") == 10_000 - 900
    floor.price("79.99")

    done = floor.read(order["id"])
    assert (done["status"], done["filled_qty"], done["filled_avg_price"]) == ("filled", "10", "83")
    fills = floor.broker.request(
        "GET", "/v1/accounts/activities/FILL", params={"account_id": floor.account}
    ).body
    assert [(fill["type"], fill["qty"], fill["cum_qty"], fill["leaves_qty"]) for fill in fills] == [
        ("fill", "7", "10", "0"),
        ("partial_fill", "3", "3", "7"),
    ]
    assert floor.balance("cash") == 10_000 - 270 - 560


def test_partly_filled_order_gives_back_the_rest_when_canceled(floor: Floor) -> None:
    world = floor.broker.world
    order = floor.order(qty="10", type="limit", limit_price="90")
    execution.fill_part(world, world.store.orders.rows[order["id"]], Decimal(4), world.clock.now())
    world.store.commit()

    assert floor.send("DELETE", f"/orders/{order['id']}").status == 204

    assert floor.balance("buying_power") == floor.balance("cash") == 10_000 - 360
    assert floor.get("/positions/AAPL")["qty_available"] == "4"


@pytest.mark.parametrize("qty", ["0", "11", "0.0000000001"])
def test_partial_execution_of_an_impossible_quantity(floor: Floor, qty: str) -> None:
    world = floor.broker.world
    order = floor.order(qty="10", type="limit", limit_price="90")

    with pytest.raises(Refusal):
        execution.fill_part(world, world.store.orders.rows[order["id"]], Decimal(qty), world.clock.now())


def test_estimation_places_nothing(floor: Floor) -> None:
    body = {"symbol": "AAPL", "notional": "40", "side": "buy", "type": "market", "time_in_force": "day"}

    answer = floor.send("POST", "/orders/estimation", body)

    assert (answer.body["qty"], answer.body["filled_avg_price"]) == ("0.399960003", "100.01")
    assert floor.get("/orders", status="all") == []
    assert floor.balance("buying_power") == 10_000
    assert floor.send("POST", "/orders/estimation", {**body, "notional": "99999"}).status == 403
