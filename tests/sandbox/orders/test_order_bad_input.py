"""Odd values in every member of the bodies that trade: refused or taken, never a 500."""

from typing import Any

import pytest

from tests.sandbox.floor import Floor, floor
from tests.sandbox.test_bad_input import spoiled

__all__ = ["floor"]
BASE: dict[str, Any] = {"symbol": "AAPL", "qty": "1", "side": "buy", "time_in_force": "gtc"}
EXITS = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "80", "limit_price": "79"}}
BODIES: dict[str, dict[str, Any]] = {
    "bracket": {**BASE, "type": "limit", "limit_price": "90", "order_class": "bracket", **EXITS},
    "stop": {**BASE, "type": "stop", "stop_price": "120", "commission": "1", "commission_type": "qty"},
    "trailing": {**BASE, "type": "trailing_stop", "trail_percent": "5", "trail_price": None},
    "estimation": {**BASE, "type": "market", "time_in_force": "day"},
    "replace": {"qty": "2", "limit_price": "91", "time_in_force": "day", "client_order_id": "", "trail": None,
                "stop_price": None},
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_no_body_makes_a_500(floor: Floor, name: str) -> None:
    resting = floor.order(**BASE, type="limit", limit_price="90")
    method, path = "POST", "/orders"
    if name == "estimation":
        path = "/orders/estimation"
    failures = []
    for body in spoiled(BODIES[name]):
        if name == "replace":
            method, path = "PATCH", f"/orders/{resting['id']}"
        answer = floor.send(method, path, body)
        if answer.status >= 500 or (answer.status >= 400 and not answer.body.keys() >= {"code", "message"}):
            failures.append((body, answer))
        if name == "replace" and answer.status == 200:
            floor.broker.advance(1)
            resting = answer.body

    assert failures == []
    floor.send("DELETE", "/orders")
    assert floor.balance("buying_power") == floor.balance("cash")


ODD = ["x", "-1", "0", "9999-12-31", "0001-01-01", "\x00", "é", "1" * 40, "[]", "99A", "true"]


@pytest.mark.parametrize("path", ["/orders", "/account/portfolio/history", "/positions"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_query_makes_a_500(floor: Floor, method: str, path: str) -> None:
    names = (
        "period timeframe start end date_end pnl_reset cashflow_types intraday_reporting nested qty_above "
    )
    names += "qty_below asset_class subtag cancel_orders extended_hours after until limit"

    answers = [floor.send(method, path, **{name: odd}) for name in names.split() for odd in ODD]

    assert [answer for answer in answers if answer.status >= 500] == []
