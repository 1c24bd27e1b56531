from decimal import Decimal
from typing import Any

import pytest

from sandbox.orders import execution
from tests.sandbox.floor import Floor, floor

__all__ = ["floor"]
EXITS = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90", "limit_price": "89"}}


def bracket(floor: Floor, **members: Any) -> dict[str, Any]:
    return floor.order(qty="10", order_class="bracket", time_in_force="gtc", **{**EXITS, **members})


def oco(floor: Floor) -> dict[str, Any]:
    floor.hold("10")
    return floor.order(side="sell", qty="10", type="limit", order_class="oco", time_in_force="gtc", **EXITS)


def statuses(floor: Floor, order: dict[str, Any]) -> list[str]:
    found = floor.read(order["id"])
    return [found["status"], *(leg["status"] for leg in found["legs"])]


def test_bracket_exits_are_held_until_the_entry_fills(floor: Floor) -> None:
    order = bracket(floor, type="limit", limit_price="95")
    assert statuses(floor, order) == ["new", "held", "held"]
    profit, loss = order["legs"]
    assert (profit["type"], profit["limit_price"], profit["side"]) == ("limit", "110", "sell")
    assert (loss["type"], loss["stop_price"], loss["limit_price"]) == ("stop_limit", "90", "89")
    assert {leg["order_class"] for leg in order["legs"]} == {"bracket"}

    floor.price("94")

    assert statuses(floor, order) == ["filled", "new", "new"]
    assert floor.get("/positions/AAPL")["qty_available"] == "0", "the exits reserve the shares once"


@pytest.mark.parametrize(
    ("price", "ends"), [("111", ["filled", "filled", "canceled"]), ("90", ["filled", "canceled", "filled"])]
)
def test_one_exit_cancels_the_other(floor: Floor, price: str, ends: list[str]) -> None:
    order = bracket(floor)

    floor.price(price)

    assert statuses(floor, order) == ends
    assert floor.get("/positions") == []
    assert floor.balance("buying_power") == floor.balance("cash")


@pytest.mark.parametrize(("price", "ends"), [("111", ["filled", "canceled"]), ("90", ["canceled", "filled"])])
def test_one_cancels_other(floor: Floor, price: str, ends: list[str]) -> None:
    order = oco(floor)
    assert statuses(floor, order) == ["new", "new"]
    assert order["limit_price"] == "110"

    floor.price(price)

    assert statuses(floor, order) == ends
    assert floor.get("/positions") == []


def test_partial_exit_shortens_the_other(floor: Floor) -> None:
    order, world = oco(floor), floor.broker.world
    stop = world.store.orders.rows[order["legs"][0]["id"]]

    execution.fill_part(world, stop, Decimal(4), world.clock.now())
    world.store.commit()

    assert floor.read(order["id"])["qty"] == "6"
    held = floor.get("/positions/AAPL")
    assert (held["qty"], held["qty_available"]) == ("6", "0")
    floor.price("111")
    assert statuses(floor, order) == ["filled", "canceled"]
    assert floor.get("/positions") == []


@pytest.mark.parametrize(
    ("exits", "kind"),
    [({"take_profit": {"limit_price": "110"}}, "limit"), ({"stop_loss": {"stop_price": "90"}}, "stop")],
)
def test_one_triggers_other(floor: Floor, exits: dict[str, Any], kind: str) -> None:
    order = floor.order(qty="1", order_class="oto", time_in_force="gtc", **exits)

    assert statuses(floor, order) == ["filled", "new"]
    assert order["legs"][0]["type"] == kind


def test_canceling_one_cancels_the_group(floor: Floor) -> None:
    unfilled = bracket(floor, type="limit", limit_price="95")
    held = unfilled["legs"][0]["id"]
    assert floor.send("DELETE", f"/orders/{held}").status == 422, "only with its parent"

    assert floor.send("DELETE", f"/orders/{unfilled['id']}").status == 204
    assert statuses(floor, unfilled) == ["canceled", "canceled", "canceled"]

    filled = bracket(floor)
    assert floor.send("DELETE", f"/orders/{filled['legs'][1]['id']}").status == 204
    assert statuses(floor, filled) == ["filled", "canceled", "canceled"]
    assert floor.get("/positions/AAPL")["qty_available"] == "10"


def test_cancel_all_names_every_order_of_a_group(floor: Floor) -> None:
    order = oco(floor)

    answer = floor.send("DELETE", "/orders")

    assert answer.status == 207
    assert [row["id"] for row in answer.body] == [order["id"], order["legs"][0]["id"]]
    assert {row["body"]["status"] for row in answer.body} == {"canceled"}


def test_lists_roll_up_the_legs_when_nested(floor: Floor) -> None:
    order = bracket(floor, type="limit", limit_price="95")

    assert len(floor.get("/orders")) == 3
    assert all(row["legs"] is None for row in floor.get("/orders"))
    (row,) = floor.get("/orders", nested="true")
    assert [leg["id"] for leg in row["legs"]] == [leg["id"] for leg in order["legs"]]
    floor.price("94")
    assert len(floor.get("/orders", nested="true")) == 2, "their parent is no longer open"


def test_group_survives_a_restart(floor: Floor) -> None:
    order = bracket(floor)
    floor.broker.kill()
    floor.broker.start()
    floor.broker.world.prices = floor.prices  # type: ignore[assignment]
    floor.broker.world.clock.frozen_at = floor.broker.world.clock.now()

    floor.price("111")

    assert statuses(floor, order) == ["filled", "filled", "canceled"]


@pytest.mark.parametrize(
    ("members", "status", "words"),
    [
        ({"order_class": "bracket"}, 422, "bracket orders require take_profit.limit_price and stop_loss"),
        ({"order_class": "oto"}, 422, "oto orders require one of"),
        ({"order_class": "oto", **EXITS}, 422, "oto orders require one of"),
        ({"order_class": "oco", **EXITS}, 422, "oco orders must be limit orders"),
        ({"order_class": "bracket", **EXITS, "qty": "0.5"}, 422, "fractional orders must be simple orders"),
        ({"order_class": "bracket", **EXITS, "time_in_force": "ioc"}, 422, "bracket orders must be DAY"),
        ({"order_class": "bracket", **EXITS, "take_profit": {"limit_price": "100"}}, 422,
         "take_profit.limit_price must be >= base_price + 0.01"),
        ({"order_class": "bracket", **EXITS, "stop_loss": {"stop_price": "100"}}, 422,
         "stop_loss.stop_price must be <= base_price - 0.01"),
        ({"order_class": "bracket", **EXITS, "stop_loss": {"stop_price": "90", "limit_price": "91"}}, 422,
         "stop_loss.limit_price must be <= stop_loss.stop_price"),
        ({"order_class": "bracket", **EXITS, "type": "stop", "stop_price": "105"}, 422,
         "bracket orders must be market or limit orders"),
        ({"order_class": "bracket", **EXITS, "take_profit": "110"}, 422, "take_profit must be an object"),
        ({"order_class": "bracket", **EXITS, "side": "sell"}, 422, "bracket orders must be entry orders"),
        ({"order_class": "oco", "side": "sell", "type": "limit", **EXITS, "qty": "2"}, 403,
         "insufficient qty available"),
    ],
)  # fmt: skip
def test_group_refused(floor: Floor, members: dict[str, Any], status: int, words: str) -> None:
    floor.hold("1")

    answer = floor.place(**{"qty": "1", "time_in_force": "gtc", **members})

    assert answer.status == status, answer
    assert words in answer.body["message"]
    assert floor.get("/orders") == []


def test_every_order_of_a_group_ends_once(floor: Floor) -> None:
    order = bracket(floor, type="limit", limit_price="95")

    floor.send("DELETE", "/positions", cancel_orders="true")

    until = floor.broker.request("GET", "/_sandbox/clock").body["now"]
    floor.broker.advance(60)
    query = {"since": "2020-01-01", "until": until}
    stream = floor.broker.request("GET", "/v2/events/trades", params=query).body.decode()
    assert stream.count('"event":"canceled"') == 3
    assert statuses(floor, order) == ["canceled"] * 3
