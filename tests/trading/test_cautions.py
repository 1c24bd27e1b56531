from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.accounts.models import BrokerageAccount
from trading import rules
from trading.cautions import Caution, Limits, Seen, cautions
from trading.models import Asset, Order, Quote
from trading.order_spec import OrderSpec
from trading.rules import Facts

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
LIMITS = Limits(Decimal(10), Decimal(1), Decimal(25), Decimal(5))


def said(
    seen: Seen | None = None, last: str = "100", open_orders: Sequence[Order] = (), **values: Any
) -> list[Caution]:
    price = Decimal(last)
    quote = Quote(bid=price, ask=price, last=price, as_of=NOW, synced_at=NOW)
    account = BrokerageAccount(equity=Decimal(1000), cash=Decimal(1000), buying_power=Decimal(1000))
    facts = Facts(account, Decimal(0), Decimal(0), quote, None, standing=open_orders)
    asset = Asset(id=uuid4(), symbol="AAPL", asset_class="us_equity")
    ticket = OrderSpec(**{"asset": asset, "side": "BUY", "qty": Decimal(1), **values})
    return cautions(ticket, facts, rules.estimate(ticket, facts), seen or Seen(), LIMITS)


def limit(price: str, side: str = "BUY") -> dict[str, Any]:
    return {"type": "LIMIT", "limit_price": Decimal(price), "side": side}


@pytest.mark.parametrize(
    ("values", "text", "ask"),
    [
        (limit("115"), "15% above the last price, $100.00. It trades as soon as it can", True),
        (limit("85"), "15% below the last price, $100.00. It may never trade", False),
        (limit("85", "SELL"), "15% below the last price", True),
        ({"qty": Decimal(3)}, "After this, AAPL is about 30% of your account's value.", False),
        ({"type": "STOP", "stop_price": Decimal(90), "side": "SELL"}, "well below the stop price", False),
        ({"time_in_force": "GTC"}, "up to 90 days", False),
        ({"time_in_force": "CLS"}, "From 3:50 pm ET on", False),
    ],
)
def test_cautions(values: dict[str, Any], text: str, ask: bool) -> None:
    found = said(**values)

    assert [caution.ask for caution in found if text in caution.words] == [ask], found


def test_cautions_of_a_plain_order_are_none() -> None:
    assert said() == []
    assert said(**limit("109")) == []


def test_cautions_of_a_penny_stock() -> None:
    assert "Below $5.00 a share" in said(last="4.99")[0].words


def test_cautions_of_a_large_order_ask() -> None:
    seen = Seen(average_volume=Decimal(99))

    assert [caution.ask for caution in said(seen, side="SELL")] == [True]
    assert said(Seen(average_volume=Decimal(101)), side="SELL") == []


def test_cautions_of_the_first_order_outside_regular_hours_ask() -> None:
    first = said(Seen(is_first_extended=True), **limit("100"), extended_hours=True)

    assert first[0].ask
    assert said(Seen(), **limit("100"), extended_hours=True) == []


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({}, True),
        ({"time_in_force": "GTC"}, True),
        ({"qty": Decimal(2)}, False),
        ({"limit_price": Decimal("100.01")}, False),
        ({"side": "SELL"}, False),
        ({"type": "MARKET", "limit_price": None}, False),
        ({"order_class": "BRACKET", "take_profit_price": Decimal(110)}, False),
        ({"parent_id": uuid4()}, False),
    ],
)
def test_cautions_of_an_order_like_an_open_one_ask(other: dict[str, Any], is_same: bool) -> None:
    placed = Order(**{"qty": Decimal(1), **limit("100"), **other})

    found = said(**limit("100"), open_orders=[placed])

    asked = ["open order for AAPL that is the same" in each.words and each.ask for each in found]
    assert asked == ([True] if is_same else [])
