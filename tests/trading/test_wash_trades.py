from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from trading import wash_trades
from trading.models import Asset, Order
from trading.order_spec import OrderSpec

ASSET = Asset(id=uuid4(), symbol="AAPL")
EXITS = {"take_profit_price": Decimal(110), "stop_loss_price": Decimal(90)}


def limit(price: int, side: str = "BUY", **values: Any) -> dict[str, Any]:
    return {"side": side, "type": "LIMIT", "limit_price": Decimal(price), **values}


def spec(**values: Any) -> OrderSpec:
    return OrderSpec(**{"asset": ASSET, "side": "BUY", "qty": Decimal(1), **values})


def row(**values: Any) -> Order:
    return Order(**spec(**values).columns())


@pytest.mark.parametrize(
    ("ticket", "other", "meets"),
    [
        ({}, {"side": "SELL"}, True),
        ({}, limit(500, "SELL"), True),
        ({}, {}, False),
        (limit(100), limit(101, "SELL"), False),
        (limit(101), limit(101, "SELL"), True),
        (limit(100, "SELL"), limit(101), True),
        (limit(102, "SELL"), limit(101), False),
        ({"side": "SELL", "type": "STOP", "stop_price": Decimal(90)}, limit(50), True),
        ({"side": "SELL", "type": "TRAILING_STOP", "trail_price": Decimal(1)}, limit(50), False),
        ({"order_class": "BRACKET", **EXITS}, limit(100, "SELL"), False),
    ],
)
def test_could_meet(ticket: dict[str, Any], other: dict[str, Any], meets: bool) -> None:
    assert wash_trades.could_meet(spec(**ticket), row(**other)) is meets


def test_words_name_the_order_in_the_way() -> None:
    assert "You have an open limit order to sell AAPL at $101.00" in wash_trades.words(
        row(**limit(101, "SELL"))
    )
