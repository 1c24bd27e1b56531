"""Executions that are busted or corrected after they were reported."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.bookkeeping import check_books, check_replay, events_of, get, read_books
from tests.sandbox.floor import Floor, floor
from tests.sandbox.in_process import Answer

__all__ = ["floor"]
DEPOSITED = Decimal(10_000)
PART = {"type": "limit", "limit_price": "50", "time_in_force": "gtc"}


def play(floor: Floor, name: str, **options: Any) -> Answer:
    body = {"account_id": floor.account, **options}
    return floor.broker.request("POST", f"/_sandbox/scenarios/{name}", body)


def revised(floor: Floor, name: str, **options: Any) -> dict[str, Any]:
    """What the stream tells of a bust or correction, with the books checked after it."""
    answer = play(floor, name, **options)
    assert answer.status == 200, answer
    books = read_books(floor.broker, [floor.account, floor.broker.firm_account_id])
    check_books(books, floor.broker, deposited=DEPOSITED)
    check_replay(books, floor.broker)
    return trades(floor)[-1]


def trades(floor: Floor, path: str = "/v2/events/trades") -> list[dict[str, Any]]:
    now = get(floor.broker, "/_sandbox/clock")["now"]
    floor.broker.advance(0.002)  # a stream is over when its end has passed
    return events_of(floor.broker, path, now)


def test_bust_takes_a_buy_back(floor: Floor) -> None:
    floor.hold("10")
    (fill,) = [event for event in trades(floor) if event["event"] == "fill"]
    bust = revised(floor, "trade_bust")

    assert (bust["event"], bust["previous_execution_id"]) == ("trade_bust", fill["execution_id"])
    assert (bust["qty"], bust["price"], bust["position_qty"]) == ("-10", fill["price"], "0")
    assert bust["execution_id"] != fill["execution_id"]
    order = bust["order"]
    assert (order["status"], order["filled_qty"], order["filled_avg_price"]) == ("canceled", "0", None)
    assert floor.get("/positions") == []
    assert floor.balance("cash") == floor.balance("buying_power") == DEPOSITED
    fills = get(floor.broker, "/v1/accounts/activities/FILL", account_id=floor.account)
    assert [row["qty"] for row in fills] == ["-10", "10"]


def test_bust_of_one_of_two_buys_leaves_the_cost_of_the_other(floor: Floor) -> None:
    floor.hold("10")
    floor.price("50")
    floor.hold("10")
    revised(floor, "trade_bust")

    (position,) = floor.get("/positions")
    assert (position["qty"], position["avg_entry_price"]) == ("10", "100.01")


def test_bust_of_a_sale_brings_the_shares_back(floor: Floor) -> None:
    floor.hold("10")
    cash = floor.balance("cash")
    floor.order(side="sell", qty="10")
    bust = revised(floor, "trade_bust")

    assert (bust["qty"], bust["position_qty"]) == ("-10", "10")
    assert floor.balance("cash") == floor.balance("cash_withdrawable") == cash


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_bust_of_a_part_leaves_an_open_order_with_all_to_trade(floor: Floor, side: str) -> None:
    if side == "sell":
        floor.hold("10")
    power = floor.balance("buying_power")
    price = {"limit_price": "50" if side == "buy" else "150"}
    order = floor.order(side=side, qty="10", **{**PART, **price})
    reserved = floor.balance("buying_power")
    assert play(floor, "partial_fill", qty="4").status == 200
    bust = revised(floor, "trade_bust")

    assert (bust["order"]["status"], bust["order"]["filled_qty"]) == ("new", "0")
    assert floor.balance("buying_power") == reserved
    floor.price(price["limit_price"] + ".5" if side == "sell" else "49")
    filled = floor.read(order["id"])
    assert (filled["status"], filled["filled_qty"]) == ("filled", "10")
    assert (floor.balance("cash") > power) == (side == "sell")


def test_correct_changes_the_price(floor: Floor) -> None:
    floor.hold("10")
    correct = revised(floor, "trade_correct", price="90")

    assert (correct["event"], correct["qty"], correct["price"]) == ("trade_correct", "10", "90")
    order = correct["order"]
    assert (order["status"], order["filled_qty"], order["filled_avg_price"]) == ("filled", "10", "90")
    assert floor.balance("cash") == DEPOSITED - 900
    (position,) = floor.get("/positions")
    assert (position["qty"], position["avg_entry_price"]) == ("10", "90")


def test_correct_to_fewer_shares(floor: Floor) -> None:
    floor.hold("10")
    correct = revised(floor, "trade_correct", qty="4")

    assert (correct["order"]["status"], correct["order"]["filled_qty"]) == ("canceled", "4")
    assert correct["position_qty"] == "4"


def test_correct_changes_the_proceeds_to_come(floor: Floor) -> None:
    floor.hold("10")
    floor.order(side="sell", qty="10")
    settled = floor.balance("cash_withdrawable")
    revised(floor, "trade_correct", price="80")

    assert floor.balance("cash_withdrawable") == settled
    assert floor.balance("cash") == settled + 800


def test_revision_is_told_to_the_stream_of_activities(floor: Floor) -> None:
    floor.hold("10")
    revised(floor, "trade_correct", price="90")
    revised(floor, "trade_bust")
    shown = [e for e in trades(floor, "/v2beta1/events/activities") if e["activity_type"] == "FILL"]

    assert [each["details"]["execution_type"] for each in shown] == ["fill", "trade_correct", "trade_bust"]
    assert [each.get("previous_id") for each in shown] == [None, shown[0]["ref_id"], shown[1]["ref_id"]]
    assert [each["net_amount"] for each in shown] == ["-1000.1", "-900", "900"]


def test_execution_cannot_be_revised_twice_nor_without_its_shares(floor: Floor) -> None:
    floor.hold("10")
    (fill,) = [event for event in trades(floor) if event["event"] == "fill"]
    floor.order(side="sell", qty="4", type="limit", limit_price="200", time_in_force="gtc")
    held = play(floor, "trade_bust")
    floor.send("DELETE", "/orders")
    floor.broker.advance(1)
    revised(floor, "trade_bust", execution_id=fill["execution_id"])
    again = play(floor, "trade_bust", execution_id=fill["execution_id"])

    assert [held.body["message"], again.body["message"]] == [
        "the shares of the execution are no longer available",
        "the execution has been taken back already",
    ]
    assert play(floor, "trade_bust").status == 422


@pytest.mark.parametrize("options", [{}, {"price": "100.01"}, {"qty": "11"}, {"price": "-1"}])
def test_correction_that_makes_no_sense_is_refused(floor: Floor, options: dict[str, str]) -> None:
    floor.hold("10")
    assert play(floor, "trade_correct", **options).status == 422
