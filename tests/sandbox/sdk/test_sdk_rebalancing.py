"""Alpaca's Python SDK against the running process: portfolios, subscriptions, runs."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from alpaca.broker.client import BrokerClient
from alpaca.broker.enums import PortfolioStatus, RunType, WeightType
from alpaca.broker.requests import (
    CreatePortfolioRequest,
    CreateRunRequest,
    CreateSubscriptionRequest,
    GetPortfoliosRequest,
    GetRunsRequest,
    GetSubscriptionsRequest,
    UpdatePortfolioRequest,
    Weight,
)

from tests.sandbox_process import SandboxProcess

_numbers = itertools.count(1)


def weights() -> list[Weight]:
    return [
        Weight(type=WeightType.CASH, percent=10),
        Weight(type=WeightType.ASSET, symbol="SPY", percent=90),
    ]


@pytest.fixture
def portfolio(sdk: BrokerClient) -> Any:
    request = CreatePortfolioRequest(
        name=f"Core {next(_numbers)}", description="90/10", weights=weights(), cooldown_days=7
    )
    return sdk.create_portfolio(request)


@pytest.fixture
def subscription(sdk: BrokerClient, account_id: str, portfolio: Any) -> Any:
    return sdk.create_subscription(
        CreateSubscriptionRequest(account_id=account_id, portfolio_id=portfolio.id)
    )


def manual_run(sdk: BrokerClient, account_id: str) -> Any:
    return sdk.create_manual_run(
        CreateRunRequest(account_id=account_id, type=RunType.FULL_REBALANCE, weights=weights())
    )


@pytest.fixture
def run(sdk: BrokerClient, account_id: str) -> Any:
    return manual_run(sdk, account_id)


def test_create_portfolio(portfolio: Any) -> None:
    assert (portfolio.status, portfolio.weights[1].symbol) == (PortfolioStatus.ACTIVE, "SPY")


def test_get_all_portfolios(sdk: BrokerClient, portfolio: Any) -> None:
    wanted = GetPortfoliosRequest(name=portfolio.name)

    assert [found.id for found in sdk.get_all_portfolios(wanted)] == [portfolio.id]


def test_get_portfolio_by_id(sdk: BrokerClient, portfolio: Any) -> None:
    assert sdk.get_portfolio_by_id(portfolio.id).name == portfolio.name


def test_update_portfolio_by_id(sdk: BrokerClient, portfolio: Any) -> None:
    change = UpdatePortfolioRequest(description="Nine to one")

    assert sdk.update_portfolio_by_id(portfolio.id, change).description == "Nine to one"


def test_inactivate_portfolio_by_id(sdk: BrokerClient, portfolio: Any) -> None:
    sdk.inactivate_portfolio_by_id(portfolio.id)

    assert sdk.get_portfolio_by_id(portfolio.id).status == PortfolioStatus.INACTIVE


def test_create_subscription(subscription: Any, account_id: str) -> None:
    assert str(subscription.account_id) == account_id


def test_get_all_subscriptions(sdk: BrokerClient, account_id: str, subscription: Any) -> None:
    wanted = GetSubscriptionsRequest(account_id=account_id)

    assert [found.id for found in sdk.get_all_subscriptions(wanted)] == [subscription.id]


def test_get_subscription_by_id(sdk: BrokerClient, subscription: Any) -> None:
    assert sdk.get_subscription_by_id(subscription.id).portfolio_id == subscription.portfolio_id


def test_unsubscribe_account(sdk: BrokerClient, account_id: str, subscription: Any) -> None:
    sdk.unsubscribe_account(subscription.id)

    assert sdk.get_all_subscriptions(GetSubscriptionsRequest(account_id=account_id)) == []


def test_create_manual_run(run: Any, account_id: str) -> None:
    assert (str(run.account_id), run.type) == (account_id, RunType.FULL_REBALANCE)


def test_get_all_runs(sdk: BrokerClient, account_id: str, run: Any) -> None:
    assert run.id in [found.id for found in sdk.get_all_runs(GetRunsRequest(account_id=account_id))]


def test_get_run_by_id(sdk: BrokerClient, run: Any) -> None:
    assert sdk.get_run_by_id(run.id).id == run.id


@pytest.fixture
def frozen(sandbox: SandboxProcess) -> Iterator[None]:
    """Nothing moves on by itself."""
    sandbox.request("POST", "/_sandbox/clock", json={"freeze": True}).raise_for_status()
    yield
    sandbox.request("POST", "/_sandbox/clock", json={"resume": True}).raise_for_status()


def test_cancel_run_by_id(sdk: BrokerClient, account_id: str, frozen: None) -> None:
    run = manual_run(sdk, account_id)

    sdk.cancel_run_by_id(run.id)

    assert sdk.get_run_by_id(run.id).status in ("CANCELED", "CANCELED_MID_RUN")
