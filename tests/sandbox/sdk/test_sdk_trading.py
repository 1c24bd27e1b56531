"""Alpaca's Python SDK against the running process: orders, positions, watchlists, assets, calendar."""

import datetime as dt
from typing import Any

import pytest
from alpaca.broker.client import BrokerClient
from alpaca.broker.requests import (
    GetAccountActivitiesRequest,
    LimitOrderRequest,
    MarketOrderRequest,
)
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import (
    ActivityType,
    AssetClass,
    AssetStatus,
    CorporateActionType,
    OrderSide,
    OrderStatus,
    PositionIntent,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.models import OptionContract
from alpaca.trading.requests import (
    ClosePositionRequest,
    CreateWatchlistRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetCorporateAnnouncementsRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    ReplaceOrderRequest,
    UpdateWatchlistRequest,
)

from tests.sandbox.people import SIGNED_FOR_OPTIONS, open_account, wait_for_order
from tests.sandbox.process import now_of
from tests.sandbox_process import SandboxProcess, eventually

# Orders


def resting_order(sdk: BrokerClient, account_id: str, **members: Any) -> Any:
    request = LimitOrderRequest(
        **{
            "symbol": "AAPL",
            "qty": 1,
            "side": OrderSide.BUY,
            "time_in_force": TimeInForce.GTC,
            "limit_price": 100,
            **members,
        }
    )
    return sdk.submit_order_for_account(account_id, request)


def test_submit_order_for_account(sdk: BrokerClient, account_id: str) -> None:
    request = MarketOrderRequest(
        symbol="AAPL", notional=100.5, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, commission=1
    )

    order = sdk.submit_order_for_account(account_id, request)

    def filled() -> bool:
        return sdk.get_order_for_account_by_id(account_id, order.id).status == OrderStatus.FILLED

    eventually(filled, what="filled order")


def test_submit_order_for_account_refused(sdk: BrokerClient, account_id: str) -> None:
    with pytest.raises(APIError) as caught:
        resting_order(sdk, account_id, qty=1000)

    assert (caught.value.status_code, caught.value.code) == (403, 40310000)


def test_get_orders_for_account(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id)
    wanted = GetOrdersRequest(
        status=QueryOrderStatus.OPEN, limit=5, nested=True, side=OrderSide.BUY, symbols=["AAPL", "MSFT"]
    )

    assert [found.id for found in sdk.get_orders_for_account(account_id, wanted)] == [order.id]


def test_get_order_for_account_by_id(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id)

    found = sdk.get_order_for_account_by_id(account_id, order.id, GetOrderByIdRequest(nested=True))

    assert (found.limit_price, found.qty) == ("100", "1")


def test_get_order_for_account_by_client_id(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id, client_order_id=f"mine-{account_id}")

    assert sdk.get_order_for_account_by_client_id(account_id, f"mine-{account_id}").id == order.id


def test_replace_order_for_account_by_id(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id)

    new = sdk.replace_order_for_account_by_id(account_id, order.id, ReplaceOrderRequest(qty=2))

    assert (new.qty, new.replaces) == ("2", order.id)


def test_cancel_order_for_account_by_id(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id)

    sdk.cancel_order_for_account_by_id(account_id, order.id)

    def canceled() -> bool:
        return sdk.get_order_for_account_by_id(account_id, order.id).status == OrderStatus.CANCELED

    eventually(canceled, what="canceled order")


def test_cancel_orders_for_account(sdk: BrokerClient, account_id: str) -> None:
    order = resting_order(sdk, account_id)

    assert [(reply.id, reply.status) for reply in sdk.cancel_orders_for_account(account_id)] == [
        (order.id, 200)
    ]


# Positions


def test_get_all_positions_for_account(sdk: BrokerClient, holder_id: str) -> None:
    assert [(position.symbol, position.qty) for position in sdk.get_all_positions_for_account(holder_id)] == [
        ("AAPL", "2")
    ]


def test_get_open_position_for_account(sdk: BrokerClient, holder_id: str) -> None:
    position = sdk.get_open_position_for_account(holder_id, "AAPL")

    assert (position.qty, position.asset_class) == ("2", AssetClass.US_EQUITY)


def test_close_position_for_account(sdk: BrokerClient, holder_id: str) -> None:
    order = sdk.close_position_for_account(holder_id, "AAPL", ClosePositionRequest(percentage="50"))

    assert (order.side, order.qty) == (OrderSide.SELL, "1")


def test_close_all_positions_for_account(sdk: BrokerClient, holder_id: str) -> None:
    [reply] = sdk.close_all_positions_for_account(holder_id, cancel_orders=True)

    assert (reply.symbol, reply.status, reply.body.qty) == ("AAPL", 200, "2")


def test_get_all_accounts_positions(sdk: BrokerClient, holder_id: str) -> None:
    found = sdk.get_all_accounts_positions()

    assert found.positions[holder_id][0].symbol == "AAPL"


def test_exercise_options_position_for_account_by_id(sdk: BrokerClient, sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="20000", agreements=SIGNED_FOR_OPTIONS)
    level = {"level": 2, "fixtures": {"status": "APPROVED"}}
    sandbox.request("POST", f"/v1/accounts/{account_id}/options/approval", json=level)
    after = (now_of(sandbox) + dt.timedelta(days=7)).date().isoformat()
    query = {"underlying_symbols": "F", "type": "call", "expiration_date_gte": after, "limit": "1"}
    listed = sandbox.get("/v1/options/contracts", params=query)["option_contracts"][0]
    contract = OptionContract(**listed)
    request = MarketOrderRequest(
        symbol=contract.symbol, qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY,
        position_intent=PositionIntent.BUY_TO_OPEN,
    )  # fmt: skip
    order = sdk.submit_order_for_account(account_id, request)
    wait_for_order(sandbox, account_id, str(order.id), "filled")
    held = sdk.get_open_position_for_account(account_id, contract.symbol)

    sdk.exercise_options_position_for_account_by_id(contract.symbol, account_id, commission=1)

    shares = sdk.get_all_positions_for_account(account_id)
    assert (order.asset_class, held.asset_class, held.qty) == (
        AssetClass.US_OPTION,
        AssetClass.US_OPTION,
        "1",
    )
    assert [(position.symbol, position.qty) for position in shares] == [("F", "100")]
    assert float(shares[0].avg_entry_price) == contract.strike_price
    wanted = GetAccountActivitiesRequest(
        account_id=account_id, activity_types=[ActivityType.OPEXC, ActivityType.OPTRD, ActivityType.FEE]
    )
    assert len(sdk.get_account_activities(wanted)) == 3


def test_get_portfolio_history_for_account(sdk: BrokerClient, holder_id: str) -> None:
    wanted = GetPortfolioHistoryRequest(period="1M", timeframe="1D", extended_hours=False)

    history = sdk.get_portfolio_history_for_account(holder_id, wanted)

    assert len(history.equity) == len(history.timestamp) == len(history.profit_loss) > 0


# Watchlists


@pytest.fixture
def watchlist(sdk: BrokerClient, account_id: str) -> Any:
    request = CreateWatchlistRequest(name="Big Tech", symbols=["AAPL"])
    return sdk.create_watchlist_for_account(account_id, request)


def symbols(watchlist: Any) -> list[str]:
    return [asset.symbol for asset in watchlist.assets]


def test_create_watchlist_for_account(watchlist: Any) -> None:
    assert (watchlist.name, symbols(watchlist)) == ("Big Tech", ["AAPL"])


def test_get_watchlists_for_account(sdk: BrokerClient, account_id: str, watchlist: Any) -> None:
    assert [found.id for found in sdk.get_watchlists_for_account(account_id)] == [watchlist.id]


def test_get_watchlist_for_account_by_id(sdk: BrokerClient, account_id: str, watchlist: Any) -> None:
    assert sdk.get_watchlist_for_account_by_id(account_id, watchlist.id) == watchlist


def test_update_watchlist_for_account_by_id(sdk: BrokerClient, account_id: str, watchlist: Any) -> None:
    change = UpdateWatchlistRequest(name="Cars", symbols=["TSLA", "GM"])

    changed = sdk.update_watchlist_for_account_by_id(account_id, watchlist.id, change)

    assert (changed.name, symbols(changed)) == ("Cars", ["TSLA", "GM"])


def test_add_asset_to_watchlist_for_account_by_id(sdk: BrokerClient, account_id: str, watchlist: Any) -> None:
    changed = sdk.add_asset_to_watchlist_for_account_by_id(account_id, watchlist.id, "MSFT")

    assert symbols(changed) == ["AAPL", "MSFT"]


def test_remove_asset_from_watchlist_for_account_by_id(
    sdk: BrokerClient, account_id: str, watchlist: Any
) -> None:
    changed = sdk.remove_asset_from_watchlist_for_account_by_id(account_id, watchlist.id, "AAPL")

    assert symbols(changed) == []


def test_delete_watchlist_from_account_by_id(sdk: BrokerClient, account_id: str, watchlist: Any) -> None:
    sdk.delete_watchlist_from_account_by_id(account_id, watchlist.id)

    assert sdk.get_watchlists_for_account(account_id) == []


# Reference


def test_get_all_assets(sdk: BrokerClient) -> None:
    wanted = GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=AssetClass.US_EQUITY)

    assert {"AAPL", "BRK.B"} <= {asset.symbol for asset in sdk.get_all_assets(wanted)}


def test_get_asset(sdk: BrokerClient) -> None:
    assert sdk.get_asset(sdk.get_asset("AAPL").id).symbol == "AAPL"


def test_get_calendar(sdk: BrokerClient) -> None:
    wanted = GetCalendarRequest(start=dt.date(2026, 11, 23), end=dt.date(2026, 11, 27))

    days = {day.date: day.close for day in sdk.get_calendar(wanted)}

    assert days[dt.date(2026, 11, 27)] == dt.datetime(2026, 11, 27, 13)
    assert dt.date(2026, 11, 26) not in days


def test_get_clock(sdk: BrokerClient) -> None:
    clock = sdk.get_clock()

    assert clock.is_open is True
    assert clock.next_close > clock.timestamp


@pytest.fixture
def dividends(sdk: BrokerClient) -> Any:
    wanted = GetCorporateAnnouncementsRequest(
        ca_types=[CorporateActionType.DIVIDEND], since=dt.date(2026, 8, 1), until=dt.date(2026, 10, 29)
    )
    return sdk.get_corporate_announcements(wanted)


def test_get_corporate_announcements(dividends: Any) -> None:
    assert {announcement.ca_type for announcement in dividends} == {CorporateActionType.DIVIDEND}


def test_get_corporate_announcement_by_id(sdk: BrokerClient, dividends: Any) -> None:
    assert sdk.get_corporate_announcement_by_id(str(dividends[0].id)) == dividends[0]
