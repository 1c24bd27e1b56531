from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from trading import price_rules
from trading.models import Asset
from trading.order_spec import OrderSpec

LAST = Decimal(100)
EXITS = {"take_profit_price": Decimal(110), "stop_loss_price": Decimal(90)}


def order(**values: Any) -> OrderSpec:
    given: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, str) and value[0].isdigit() else value
        for name, value in values.items()
    }
    return OrderSpec(**{"asset": Asset(id=uuid4(), symbol="AAPL"), "side": "BUY", "qty": Decimal(2), **given})


def bracket(**values: Any) -> OrderSpec:
    return order(order_class="BRACKET", **{**EXITS, **values})


@pytest.mark.parametrize(
    ("ticket", "field"),
    [
        (order(type="LIMIT", limit_price="100.005"), "limit_price"),
        (order(type="LIMIT", limit_price="0.50005"), "limit_price"),
        (order(type="STOP", stop_price="100"), "stop_price"),
        (order(type="STOP", stop_price="100", side="SELL"), "stop_price"),
        (order(type="STOP_LIMIT", stop_price="99.99", limit_price="120"), "stop_price"),
        (order(type="TRAILING_STOP", trail_percent="100"), "trail"),
        (order(type="TRAILING_STOP", trail_price="100", side="SELL"), "trail"),
        (bracket(take_profit_price="100"), "take_profit_price"),
        (bracket(stop_loss_price="100"), "stop_loss_price"),
        (bracket(stop_loss_limit_price="90.01"), "stop_loss_limit_price"),
        (bracket(type="LIMIT", limit_price="115"), "take_profit_price"),
        (bracket(type="LIMIT", limit_price="90"), "stop_loss_price"),
        (order(order_class="OCO", type="LIMIT", side="SELL", **{**EXITS, "take_profit_price": "100"}),
         "take_profit_price"),
    ],
)  # fmt: skip
def test_problem_names_the_price_that_cannot_be(ticket: OrderSpec, field: str) -> None:
    found = price_rules.problem(ticket, LAST)

    assert found
    assert found[0] == field


@pytest.mark.parametrize(
    "ticket",
    [
        order(),
        order(type="LIMIT", limit_price="0.5001"),
        order(type="LIMIT", limit_price="150"),
        order(type="STOP", stop_price="100.01"),
        order(type="STOP", stop_price="99.99", side="SELL"),
        order(type="TRAILING_STOP", trail_percent="0.1"),
        order(type="TRAILING_STOP", trail_price="120"),
        bracket(take_profit_price="100.01", stop_loss_price="99.99", stop_loss_limit_price="99.99"),
        bracket(type="LIMIT", limit_price="95", take_profit_price="95.01"),
    ],
)
def test_problem_is_none(ticket: OrderSpec) -> None:
    assert price_rules.problem(ticket, LAST) is None


def test_problem_without_a_price_leaves_the_side_of_the_market_to_the_broker() -> None:
    assert price_rules.problem(order(type="STOP", stop_price="1"), None) is None


@pytest.mark.parametrize(
    ("ticket", "likely", "highest"),
    [
        (order(), "101", "101"),
        (order(type="LIMIT", limit_price="95"), "95", "95"),
        (order(type="LIMIT", limit_price="120"), "101", "120"),
        (order(type="LIMIT", limit_price="90", side="SELL"), "101", "101"),
        (order(type="STOP", stop_price="110"), "110", "112.75"),
        (order(type="STOP", stop_price="40"), "40", "41.6"),
        (order(type="TRAILING_STOP", trail_percent="10"), "110", "112.75"),
        (order(type="TRAILING_STOP", trail_price="5", side="SELL"), "95", "95"),
        (order(type="STOP_LIMIT", stop_price="110", limit_price="111"), "111", "111"),
        (order(order_class="OCO", type="LIMIT", side="SELL", **EXITS), "110", "110"),
    ],
)
def test_likely_and_highest_price(ticket: OrderSpec, likely: str, highest: str) -> None:
    found = price_rules.likely_price(ticket, Decimal(101), LAST)

    assert found == Decimal(likely)
    assert price_rules.highest_price(ticket, Decimal(likely)) == Decimal(highest)
