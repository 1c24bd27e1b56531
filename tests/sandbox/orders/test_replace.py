from decimal import Decimal
from typing import Any

import pytest

from sandbox.orders import execution
from tests.sandbox.floor import Floor, floor

__all__ = ["floor"]
RESTING = {"qty": "10", "type": "limit", "limit_price": "90", "time_in_force": "gtc"}


def replace(floor: Floor, order: dict[str, Any], **members: Any) -> Any:
    return floor.send("PATCH", f"/orders/{order['id']}", members)


def test_replacing_order_takes_the_place_of_the_old_one(floor: Floor) -> None:
    old = floor.order(**RESTING)

    new = replace(floor, old, qty="5", limit_price="80", client_order_id="second").body

    assert (new["replaces"], new["status"], new["qty"], new["limit_price"]) == (
        old["id"],
        "accepted",
        "5",
        "80",
    )
    former = floor.read(old["id"])
    assert (former["status"], former["replaced_by"], former["qty"]) == ("replaced", new["id"], "10")
    assert former["replaced_at"] == new["submitted_at"]
    assert floor.balance("buying_power") == 10_000 - 400
    floor.price("79")
    assert floor.read(new["id"])["status"] == "filled"
    assert floor.balance("buying_power") == floor.balance("cash") == 10_000 - Decimal("79.01") * 5


def test_partly_filled_order_is_replaced_by_its_rest(floor: Floor) -> None:
    old, world = floor.order(**RESTING), floor.broker.world
    execution.fill_part(world, world.store.orders.rows[old["id"]], Decimal(4), world.clock.now())
    world.store.commit()

    assert replace(floor, old, qty="4").body["message"] == "qty must be > filled_qty"
    new = replace(floor, old, qty="6").body

    assert (new["qty"], new["filled_qty"]) == ("2", "0")
    assert floor.balance("buying_power") == 10_000 - 360 - 180


def test_leg_of_a_bracket_is_replaced_in_its_group(floor: Floor) -> None:
    exits = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}}
    entry = floor.order(qty="10", order_class="bracket", time_in_force="gtc", **exits)
    stop = entry["legs"][1]

    new = replace(floor, stop, stop_price="95").body
    floor.broker.advance(1)

    assert [leg["id"] for leg in floor.read(entry["id"])["legs"]] == [entry["legs"][0]["id"], new["id"]]
    floor.price("94")
    assert [leg["status"] for leg in floor.read(entry["id"])["legs"]] == ["canceled", "filled"]
    assert floor.get("/positions") == []


def test_entry_of_a_bracket_is_replaced_with_its_legs(floor: Floor) -> None:
    exits = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "80"}}
    old = floor.order(**RESTING, order_class="bracket", **exits)

    new = replace(floor, old, qty="7").body
    floor.price("89")

    order = floor.read(new["id"])
    assert (order["status"], [(leg["status"], leg["qty"]) for leg in order["legs"]]) == (
        "filled",
        [("new", "7"), ("new", "7")],
    )


def test_trail_is_replaced(floor: Floor) -> None:
    floor.hold("1")
    order = floor.order(side="sell", qty="1", type="trailing_stop", trail_price="5", time_in_force="gtc")
    floor.price("120")

    new = replace(floor, order, trail="10").body

    assert (new["trail_price"], new["hwm"], new["stop_price"]) == ("10", "120", "110")


@pytest.mark.parametrize(
    ("members", "status", "words"),
    [
        ({}, 422, "order parameters are not changed"),
        ({"qty": "10", "limit_price": "90", "time_in_force": "gtc"}, 422, "order parameters are not changed"),
        ({"client_order_id": "new"}, 422, "order parameters are not changed"),
        ({"client_order_id": "first", "qty": "1"}, 422, "client_order_id must be unique"),
        ({"qty": "1.5"}, 422, "qty of fractional orders cannot be replaced"),
        ({"qty": "-1"}, 422, "qty must be > 0"),
        ({"stop_price": "95"}, 422, "stop_price does not fit a limit order"),
        ({"trail": "1"}, 422, "trail does not fit a limit order"),
        ({"limit_price": "90.001"}, 422, "sub-penny increment"),
        ({"time_in_force": "soon"}, 422, "invalid time_in_force"),
        ({"notional": "5"}, 422, "notional can only be replaced for ipo orders"),
        ({"qty": "1000"}, 403, "insufficient buying power"),
    ],
)
def test_replacement_refused(floor: Floor, members: dict[str, Any], status: int, words: str) -> None:
    order = floor.order(**RESTING, client_order_id="first")

    answer = replace(floor, order, **members)

    assert answer.status == status, answer
    assert words in answer.body["message"]
    assert floor.read(order["id"]) == order
    assert floor.balance("buying_power") == 10_000 - 900


def test_order_in_another_state_is_not_replaced(floor: Floor) -> None:
    accepted = floor.place(**RESTING).body
    assert replace(floor, accepted, qty="1").body["message"] == "cannot replace order in accepted status"
    floor.broker.advance(1)
    replace(floor, accepted, qty="1")
    assert replace(floor, accepted, qty="2").body["message"] == "order already replaced"
    filled = floor.order(qty="1")
    assert replace(floor, filled, qty="2").body["message"] == "unable to replace order in current state"
    amount = floor.order(notional="5", type="limit", limit_price="90")
    assert replace(floor, amount, limit_price="91").body["message"] == "notional orders cannot be replaced"
