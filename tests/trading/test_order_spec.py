"""Orders as data: every type there and back, and what cannot be an order."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing

from brokerapp.workflow import intents
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory
from trading import payloads
from trading.models import Order
from trading.order_spec import OrderSpec

pytestmark = pytest.mark.django_db

PRICE, STOP, LOW = Decimal("201.5"), Decimal("199.25"), Decimal("198.75")
SHARES = {"qty": Decimal("0.420000001")}
WHOLE = {"qty": Decimal(20)}

SPECS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (SHARES, {"qty": "0.420000001", "type": "market"}),
    ({"notional": Decimal("250.10")}, {"notional": "250.1", "type": "market"}),
    ({**WHOLE, "type": "LIMIT", "limit_price": PRICE}, {"type": "limit", "limit_price": "201.5"}),
    (
        {**WHOLE, "type": "LIMIT", "limit_price": PRICE, "time_in_force": "GTC", "extended_hours": True},
        {"time_in_force": "gtc", "extended_hours": True},
    ),
    ({**WHOLE, "type": "STOP", "stop_price": STOP}, {"type": "stop", "stop_price": "199.25"}),
    (
        {**WHOLE, "type": "STOP_LIMIT", "stop_price": STOP, "limit_price": LOW},
        {"type": "stop_limit", "stop_price": "199.25", "limit_price": "198.75"},
    ),
    (
        {**WHOLE, "type": "TRAILING_STOP", "trail_price": Decimal("2.5")},
        {"type": "trailing_stop", "trail_price": "2.5"},
    ),
    (
        {**WHOLE, "type": "TRAILING_STOP", "trail_percent": Decimal("1.5")},
        {"type": "trailing_stop", "trail_percent": "1.5"},
    ),
    (
        {
            **WHOLE,
            "order_class": "BRACKET",
            "take_profit_price": PRICE,
            "stop_loss_price": STOP,
            "stop_loss_limit_price": LOW,
        },
        {
            "order_class": "bracket",
            "take_profit": {"limit_price": "201.5"},
            "stop_loss": {"stop_price": "199.25", "limit_price": "198.75"},
        },
    ),
    (
        {**WHOLE, "order_class": "OTO", "stop_loss_price": STOP},
        {"order_class": "oto", "stop_loss": {"stop_price": "199.25"}},
    ),
    (
        {
            **WHOLE,
            "side": "SELL",
            "type": "LIMIT",
            "order_class": "OCO",
            "take_profit_price": PRICE,
            "stop_loss_price": STOP,
        },
        {"order_class": "oco", "type": "limit", "take_profit": {"limit_price": "201.5"}},
    ),
]


@pytest.fixture(params=SPECS, ids=lambda each: "-".join(map(str, each[1].values())))
def case(request: pytest.FixtureRequest) -> tuple[OrderSpec, dict[str, Any]]:
    values, body = request.param
    return OrderSpec(**{"asset": AssetFactory.create(), "side": "BUY", **values}), body


def test_order_spec_through_a_signed_intent(case: tuple[OrderSpec, dict[str, Any]]) -> None:
    spec, _ = case

    account_id = uuid4()
    token = intents.mint("order", 7, account_id, spec.data())
    found = intents.read("order", 7, account_id, token)

    assert all(isinstance(value, str) for value in found.data.values())
    assert OrderSpec.from_data(found.data, spec.asset) == spec


def test_order_spec_through_a_row_to_the_request(case: tuple[OrderSpec, dict[str, Any]]) -> None:
    spec, body = case
    account = BrokerageAccountFactory.create()

    order = Order.objects.create(
        client_order_id=str(uuid4()), user=account.user, account=account, **spec.columns()
    )
    order.refresh_from_db()

    assert OrderSpec.of(order) == spec
    sent = payloads.order_request(order).body()
    assert body.items() <= sent.items()
    assert sent["symbol"] == "AAPL"


def test_order_spec_that_replaces_another() -> None:
    account = BrokerageAccountFactory.create()
    first = OrderFactory.create(account)
    spec = OrderSpec(asset=first.asset, side="BUY", qty=Decimal(1), replaces=first.pk)

    order = Order.objects.create(
        client_order_id=str(uuid4()),
        user=account.user,
        account=account,
        **spec.columns() | {"original": first, "times_changed": 1},
    )

    assert first.replacements.get() == order
    assert OrderSpec.of(order) == OrderSpec.from_data(spec.data(), first.asset) == spec


def test_order_spec_of_a_coin_is_spelt_as_orders_are() -> None:
    coin = AssetFactory.create(symbol="BTCUSD", asset_class="crypto")

    assert OrderSpec(asset=coin, side="BUY", qty=Decimal(1)).columns()["symbol"] == "BTC/USD"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"qty": Decimal(1), "notional": Decimal(1)},
        {"qty": Decimal(0)},
        {"qty": Decimal(1), "limit_price": Decimal(1)},
        {"qty": Decimal(1), "type": "LIMIT"},
        {"qty": Decimal(1), "type": "LIMIT", "limit_price": Decimal(-1)},
        {"qty": Decimal(1), "type": "TRAILING_STOP", "trail_price": Decimal(1), "trail_percent": Decimal(1)},
        {"qty": Decimal(1), "take_profit_price": Decimal(1)},
        {"qty": Decimal(1), "order_class": "BRACKET", "take_profit_price": Decimal(1)},
        {
            "qty": Decimal(1),
            "order_class": "OCO",
            "take_profit_price": Decimal(2),
            "stop_loss_price": Decimal(1),
        },
        {"qty": Decimal(1), "stop_loss_limit_price": Decimal(1)},
        {"qty": Decimal(1), "extended_hours": True},
    ],
)
def test_order_spec_that_cannot_be_an_order(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        OrderSpec(asset=AssetFactory.build(), side="BUY", **values)


def test_order_spec_data_is_short_for_a_market_order() -> None:
    spec = OrderSpec(asset=AssetFactory.build(), side="BUY", qty=Decimal("0.42"))

    assert spec.data() == {"asset": str(spec.asset.pk), "side": "BUY", "qty": "0.42"}
    assert signing.dumps(spec.data())
