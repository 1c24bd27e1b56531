import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import buy, open_account, open_crypto_account, trading_path
from tests.sandbox_process import SandboxProcess, eventually

ROOT = "/v1/rebalancing"
WEIGHTS = [
    {"type": "asset", "symbol": "AAPL", "percent": "60"},
    {"type": "asset", "symbol": "SPY", "percent": 30.5},
    {"type": "cash", "percent": "9.5"},
]
DRIFT = {"type": "drift_band", "sub_type": "absolute", "percent": "5"}


def portfolio(sandbox: SandboxProcess, **changes: Any) -> Any:
    body = {"name": uuid.uuid4().hex, "description": "Two names", "weights": WEIGHTS, "cooldown_days": 0}
    return sandbox.request("POST", f"{ROOT}/portfolios", json=body | changes)


def subscribe(sandbox: SandboxProcess, account_id: str, portfolio_id: str) -> Any:
    body = {"account_id": account_id, "portfolio_id": portfolio_id}
    return sandbox.request("POST", f"{ROOT}/subscriptions", json=body)


def run_by_hand(sandbox: SandboxProcess, account_id: str, kind: str = "full_rebalance") -> Any:
    body = {"account_id": account_id, "type": kind, "weights": WEIGHTS}
    return sandbox.request("POST", f"{ROOT}/runs", json=body)


def finished(sandbox: SandboxProcess, run_id: str) -> dict[str, Any]:
    def read() -> Any:
        run = sandbox.get(f"{ROOT}/runs/{run_id}")
        return run if run["status"] not in ("QUEUED", "IN_PROGRESS") else None

    return eventually(read, what="the end of the run")


def shares_of_equity(sandbox: SandboxProcess, account_id: str) -> dict[str, Decimal]:
    """Per cent of the equity, by symbol."""
    equity = Decimal(sandbox.get(trading_path(account_id, "/account"))["equity"])
    positions = sandbox.get(trading_path(account_id, "/positions"))
    return {each["symbol"]: Decimal(each["market_value"]) / equity * 100 for each in positions}


def test_portfolio_is_kept_changed_and_archived(sandbox: SandboxProcess) -> None:
    created = portfolio(sandbox, rebalance_conditions=[DRIFT]).json()
    path = f"{ROOT}/portfolios/{created['id']}"

    assert created["weights"][1] == {"type": "asset", "symbol": "SPY", "percent": "30.5"}
    assert created["rebalance_conditions"] == [DRIFT]
    changed = sandbox.request("PATCH", path, json={"name": "Renamed", "cooldown_days": 7}).json()
    assert (changed["name"], changed["cooldown_days"], changed["weights"]) == (
        "Renamed",
        7,
        created["weights"],
    )
    assert sandbox.request("DELETE", path).status_code == 204
    assert sandbox.get(path)["status"] == "inactive"
    listed = sandbox.get("/v1/beta/rebalancing/portfolios", params={"symbol": "SPY"})
    assert created["id"] not in [each["id"] for each in listed]
    archived = sandbox.get(f"{ROOT}/portfolios", params={"status": "inactive"})
    assert created["id"] in [each["id"] for each in archived]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"weights": []},
        {"weights": WEIGHTS[:2]},
        {"weights": [*WEIGHTS, WEIGHTS[0]]},
        {"weights": [{"type": "asset", "symbol": "NOSUCH", "percent": "100"}]},
        {"weights": [{"type": "asset", "symbol": [], "percent": "100"}]},
        {"weights": [{"type": "bond", "percent": "100"}]},
        {"weights": [{"type": "cash", "percent": "100.001"}]},
        {"weights": [{"type": "cash", "percent": -100}]},
        {"cooldown_days": "7"},
        {"rebalance_conditions": [DRIFT | {"sub_type": "weekly"}]},
        {"rebalance_conditions": [DRIFT | {"percent": None}]},
        {"rebalance_conditions": [{"type": "calendar", "sub_type": "monthly"}]},
        {"rebalance_conditions": [{"type": ["calendar"]}]},
    ],
)
def test_portfolio_refused(sandbox: SandboxProcess, changes: dict[str, Any]) -> None:
    assert portfolio(sandbox, **changes).status_code == 422


def test_manual_run_brings_the_account_to_its_weights(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10000")
    buy(sandbox, account_id, symbol="MSFT", qty="2")

    run = finished(sandbox, run_by_hand(sandbox, account_id).json()["id"])

    assert (run["status"], run["skipped_orders"], run["failed_orders"]) == ("COMPLETED_SUCCESS", [], [])
    assert [(order["symbol"], order["side"]) for order in run["orders"]] == [
        ("MSFT", "sell"), ("AAPL", "buy"), ("SPY", "buy"),
    ]  # fmt: skip
    shares = shares_of_equity(sandbox, account_id)
    assert shares.keys() == {"AAPL", "SPY"}
    assert abs(shares["AAPL"] - 60) < 1
    assert abs(shares["SPY"] - Decimal("30.5")) < 1


def test_invest_cash_sells_nothing(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    buy(sandbox, account_id, symbol="MSFT", notional="200")

    run = finished(sandbox, run_by_hand(sandbox, account_id, "invest_cash").json()["id"])

    assert [order["side"] for order in run["orders"]] == ["buy", "buy"]
    assert [order["notional"] for order in run["orders"]] == ["480", "244"]


def test_order_too_small_is_skipped_and_named(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10")
    weights = [
        {"type": "asset", "symbol": "AAPL", "percent": "95"},
        {"type": "asset", "symbol": "SPY", "percent": "5"},
    ]
    body = {"account_id": account_id, "type": "invest_cash", "weights": weights}

    run = finished(sandbox, sandbox.request("POST", f"{ROOT}/runs", json=body).json()["id"])

    assert [order["symbol"] for order in run["orders"]] == ["AAPL"]
    assert [(each["symbol"], each["notional"]) for each in run["skipped_orders"]] == [("SPY", "0.5")]


def test_subscription_starts_a_run_where_there_is_a_condition(sandbox: SandboxProcess) -> None:
    account_id, model = (
        open_account(sandbox, cash="5000"),
        portfolio(sandbox, rebalance_conditions=[DRIFT]).json(),
    )

    subscription = subscribe(sandbox, account_id, model["id"]).json()

    [run] = sandbox.get(f"{ROOT}/runs", params={"account_id": account_id})["runs"]
    assert (run["initiated_from"], run["portfolio_id"]) == ("system", model["id"])
    finished(sandbox, run["id"])
    path = f"{ROOT}/subscriptions/{subscription['id']}"
    assert sandbox.get(path)["last_rebalanced_at"]
    assert subscribe(sandbox, account_id, model["id"]).status_code == 422
    assert run_by_hand(sandbox, account_id).status_code == 422
    assert sandbox.request("DELETE", f"{ROOT}/portfolios/{model['id']}").status_code == 422
    assert sandbox.request("DELETE", path).status_code == 204
    assert sandbox.request("DELETE", f"{ROOT}/portfolios/{model['id']}").status_code == 204


def test_subscriptions_by_page(sandbox: SandboxProcess) -> None:
    model = portfolio(sandbox).json()["id"]
    wanted = [subscribe(sandbox, open_account(sandbox), model).json()["id"] for _ in range(3)]
    params = {"portfolio_id": model, "limit": "2"}

    first = sandbox.get(f"{ROOT}/subscriptions", params=params)
    second = sandbox.get(f"{ROOT}/subscriptions", params={**params, "page_token": first["next_page_token"]})

    assert [each["id"] for each in first["subscriptions"] + second["subscriptions"]] == wanted
    assert second["next_page_token"] is None
    assert sandbox.request("GET", f"{ROOT}/subscriptions", params={"page_token": "x"}).status_code == 422


def test_run_that_waits_is_the_only_one_and_can_be_canceled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    sandbox.request("POST", "/_sandbox/clock", json={"freeze": True})
    try:
        run = run_by_hand(sandbox, account_id).json()
        second = run_by_hand(sandbox, account_id)
        canceled = sandbox.request("DELETE", f"{ROOT}/runs/{run['id']}")
    finally:
        sandbox.request("POST", "/_sandbox/clock", json={"resume": True})

    assert (run["status"], second.status_code, canceled.status_code) == ("QUEUED", 422, 204)
    assert sandbox.get(f"{ROOT}/runs/{run['id']}")["status"] == "CANCELED"
    assert sandbox.request("DELETE", f"{ROOT}/runs/{run['id']}").status_code == 422


def test_coins_stand_aside(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox, cash="10000")
    buy(sandbox, account_id, symbol="USDC/USD", notional="4000", time_in_force="gtc")
    before = sandbox.get(trading_path(account_id, "/positions/USDCUSD"))["qty"]

    run = finished(sandbox, run_by_hand(sandbox, account_id).json()["id"])

    assert run["status"] == "COMPLETED_SUCCESS"
    positions = {each["symbol"]: each for each in sandbox.get(trading_path(account_id, "/positions"))}
    assert positions["USDCUSD"]["qty"] == before
    assert abs(Decimal(positions["AAPL"]["market_value"]) - 3600) < 30  # 60% of the other 6,000
