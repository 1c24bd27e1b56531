"""Alpaca's Python SDK against the running process: selling short and covering."""

from decimal import Decimal
from typing import Any

import pytest
from alpaca.broker.client import BrokerClient
from alpaca.broker.requests import LimitOrderRequest, MarketOrderRequest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, PositionSide, TimeInForce
from alpaca.trading.requests import ClosePositionRequest, StopLossRequest, TakeProfitRequest

from tests.sandbox.people import open_account, trading_account
from tests.sandbox_process import SandboxProcess, eventually

SIGNED = [
    {"agreement": name, "signed_at": "2026-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
    for name in ("customer_agreement", "margin_agreement")
]


@pytest.fixture
def seller_id(sandbox: SandboxProcess, sdk: BrokerClient) -> str:
    """An account with margin that is short of 4 AAPL."""
    account_id = open_account(sandbox, cash="20000", agreements=SIGNED)
    filled(sdk, account_id, market(sdk, account_id, OrderSide.SELL, 4))
    return account_id


def market(sdk: BrokerClient, account_id: str, side: OrderSide, qty: float) -> Any:
    request = MarketOrderRequest(symbol="AAPL", qty=qty, side=side, time_in_force=TimeInForce.DAY)
    return sdk.submit_order_for_account(account_id, request)


def filled(sdk: BrokerClient, account_id: str, order: Any) -> Any:
    def read() -> Any:
        found = sdk.get_order_for_account_by_id(account_id, order.id)
        return found if found.status == OrderStatus.FILLED else None

    return eventually(read, what="a filled order")


def test_short_position(sdk: BrokerClient, seller_id: str) -> None:
    held = sdk.get_open_position_for_account(seller_id, "AAPL")

    assert (held.side, held.qty, held.qty_available) == (PositionSide.SHORT, "-4", "-4")
    assert Decimal(held.market_value) < 0 > Decimal(held.cost_basis)
    account = sdk.get_trade_account_by_id(seller_id)
    assert (account.shorting_enabled, account.multiplier) == (True, "2")
    assert account.short_market_value == held.market_value
    everyones = sdk.get_all_accounts_positions().positions[seller_id]
    assert [(row.symbol, row.side) for row in everyones] == [("AAPL", PositionSide.SHORT)]


def test_activities_of_a_short_sale(sandbox: SandboxProcess, seller_id: str) -> None:
    (fill,) = sandbox.get("/v1/accounts/activities/FILL", params={"account_id": seller_id})

    assert (fill["side"], fill["qty"]) == ("sell", "4")
    proceeds = Decimal(fill["qty"]) * Decimal(fill["price"])
    assert Decimal(trading_account(sandbox, seller_id)["cash"]) == 20_000 + round(proceeds, 2)


def test_close_position_buys_back(sdk: BrokerClient, seller_id: str) -> None:
    request = ClosePositionRequest(percentage="50")

    order = sdk.close_position_for_account(seller_id, "AAPL", close_options=request)

    assert (order.side, order.qty) == (OrderSide.BUY, "2")
    filled(sdk, seller_id, order)
    assert sdk.get_open_position_for_account(seller_id, "AAPL").qty == "-2"


def test_close_all_positions_buys_back(sdk: BrokerClient, seller_id: str) -> None:
    (closed,) = sdk.close_all_positions_for_account(seller_id, cancel_orders=True)

    assert (closed.status, closed.body.side) == (200, OrderSide.BUY)
    eventually(lambda: sdk.get_all_positions_for_account(seller_id) == [], what="no position")


def test_bracket_order_that_sells_short(sdk: BrokerClient, seller_id: str) -> None:
    request = LimitOrderRequest(
        symbol="AAPL", qty=1, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, limit_price=900,
        order_class=OrderClass.BRACKET, take_profit=TakeProfitRequest(limit_price=800),
        stop_loss=StopLossRequest(stop_price=1000, limit_price=1010),
    )  # fmt: skip

    order = sdk.submit_order_for_account(seller_id, request)

    assert [leg.side for leg in order.legs] == [OrderSide.BUY] * 2
    assert {leg.status for leg in order.legs} == {OrderStatus.HELD}


def test_long_only_account_is_refused(sdk: BrokerClient, seller_id: str) -> None:
    configuration = sdk.get_trade_configuration_for_account(seller_id)
    configuration.no_shorting = True
    sdk.update_trade_configuration_for_account(seller_id, configuration)

    with pytest.raises(APIError) as refused:
        market(sdk, seller_id, OrderSide.SELL, 1)

    assert (refused.value.status_code, refused.value.code) == (403, 40310000)
    assert sdk.get_trade_account_by_id(seller_id).shorting_enabled is False


def test_fraction_is_not_sold_short(sdk: BrokerClient, seller_id: str) -> None:
    with pytest.raises(APIError) as refused:
        market(sdk, seller_id, OrderSide.SELL, 0.5)

    assert (refused.value.status_code, refused.value.code) == (422, 42210000)
