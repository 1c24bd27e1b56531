"""Model portfolios and the accounts that subscribe to them.

Conditions are kept and shown. A new subscription and new weights start a run where there is a
condition; drift and calendar are not watched.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sandbox.instruments.asset_classes import asset_class_of
from sandbox.portfolios import runs
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    decimal_of,
    decode_json,
    encode_json,
    endpoint,
    instant_text,
    invalid,
    malformed,
    not_found,
    text_of,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.state.world import World

# The vendor's collection still says beta.
PORTFOLIOS, BETA_PORTFOLIOS = "/v1/rebalancing/portfolios", "/v1/beta/rebalancing/portfolios"
SUBSCRIPTIONS, BETA_SUBSCRIPTIONS = "/v1/rebalancing/subscriptions", "/v1/beta/rebalancing/subscriptions"
SUB_TYPES = {
    "drift_band": ("absolute", "relative"),
    "calendar": ("weekly", "monthly", "quarterly", "annually"),
    "on_portfolio_update": ("", None),
}
CENT = Decimal("0.01")
MOST_WEIGHTS = 100


@endpoint("GET", PORTFOLIOS)
@endpoint("GET", BETA_PORTFOLIOS)
def list_portfolios(call: Call) -> list[dict[str, Any]]:
    """Those that fit every filter; inactive ones only when asked for by status or id."""
    wanted_id, symbol, status = call.arg("portfolio_id"), call.arg("symbol").upper(), call.arg("status")
    name, description = call.arg("name"), call.arg("description")
    found = []
    for portfolio in call.world.store.portfolios:
        view = portfolio_view(portfolio)
        shown = status == portfolio.status if status else (portfolio.status == "active" or bool(wanted_id))
        symbols = [weight.get("symbol") for weight in view["weights"]]
        if (
            shown
            and wanted_id in ("", portfolio.id)
            and name in ("", portfolio.name)
            and description in ("", portfolio.description)
            and (not symbol or symbol in symbols)
        ):
            found.append(view)
    return found


@endpoint("POST", PORTFOLIOS)
@endpoint("POST", BETA_PORTFOLIOS)
def create_portfolio(call: Call) -> dict[str, Any]:
    """``{name, description, weights, cooldown_days, rebalance_conditions}``; weights sum to 100."""
    body = call.json_object()
    portfolio = rows.Portfolio(
        id=str(uuid.uuid4()), name=_text(body, "name"), description=_text(body, "description"),
        status="active", cooldown_days=_cooldown(body.get("cooldown_days", 0)), created_at=call.now,
        updated_at=call.now, weights=encode_json(checked_weights(call.world, body.get("weights"))),
        conditions=encode_json(_checked_conditions(_conditions(body) or [])),
    )  # fmt: skip
    call.world.store.add(portfolio)
    return portfolio_view(portfolio)


@endpoint("GET", PORTFOLIOS + "/{portfolio_id}")
@endpoint("GET", BETA_PORTFOLIOS + "/{portfolio_id}")
def get_portfolio(call: Call) -> dict[str, Any]:
    return portfolio_view(_portfolio(call.world, call.params["portfolio_id"]))


@endpoint("PATCH", PORTFOLIOS + "/{portfolio_id}")
@endpoint("PATCH", BETA_PORTFOLIOS + "/{portfolio_id}")
def update_portfolio(call: Call) -> dict[str, Any]:
    """Change the members given. New weights or conditions start a run of every subscriber."""
    portfolio, body = _portfolio(call.world, call.params["portfolio_id"]), call.json_object()
    if portfolio.status != "active":
        raise unprocessable("portfolio is not active")
    call.world.store.edit(portfolio).updated_at = call.now
    for name in ("name", "description"):
        if body.get(name) is not None:
            setattr(portfolio, name, _text(body, name))
    if body.get("cooldown_days") is not None:
        portfolio.cooldown_days = _cooldown(body["cooldown_days"])
    before = portfolio.weights, portfolio.conditions
    if body.get("weights") is not None:
        portfolio.weights = encode_json(checked_weights(call.world, body["weights"]))
    if _conditions(body) is not None:
        portfolio.conditions = encode_json(_checked_conditions(_conditions(body)))
    if before != (portfolio.weights, portfolio.conditions):
        for subscription in _subscriptions_to(call.world, portfolio):
            _start_run(call, portfolio, subscription)
    return portfolio_view(portfolio)


@endpoint("DELETE", PORTFOLIOS + "/{portfolio_id}")
@endpoint("DELETE", BETA_PORTFOLIOS + "/{portfolio_id}")
def inactivate_portfolio(call: Call) -> Reply:
    """422 while an account subscribes to it."""
    portfolio = _portfolio(call.world, call.params["portfolio_id"])
    if _subscriptions_to(call.world, portfolio):
        raise unprocessable("portfolio has active subscriptions")
    call.world.store.edit(portfolio).status = "inactive"
    portfolio.updated_at = call.now
    return NO_CONTENT


@endpoint("GET", SUBSCRIPTIONS)
@endpoint("GET", BETA_SUBSCRIPTIONS)
def list_subscriptions(call: Call) -> dict[str, Any]:
    account_id, portfolio_id = call.arg("account_id"), call.arg("portfolio_id")
    found = [
        subscription
        for subscription in call.world.store.subscriptions
        if account_id in ("", subscription.account_id) and portfolio_id in ("", subscription.portfolio_id)
    ]
    page, token = runs.page_of(call, found)
    return {"subscriptions": [_subscription_view(each) for each in page], "next_page_token": token}


@endpoint("POST", SUBSCRIPTIONS)
@endpoint("POST", BETA_SUBSCRIPTIONS)
def create_subscription(call: Call) -> dict[str, Any]:
    """``{account_id, portfolio_id}``: one at a time for an active account."""
    body = call.json_object()
    account = runs.active_account(call, body.get("account_id"))
    portfolio = _portfolio(call.world, body.get("portfolio_id"))
    if portfolio.status != "active":
        raise unprocessable("portfolio is not active")
    if call.world.store.subscriptions.of(account.id):
        raise unprocessable("account already has an active subscription")
    subscription = rows.Subscription(
        id=str(uuid.uuid4()), account_id=account.id, portfolio_id=portfolio.id, created_at=call.now
    )
    call.world.store.add(subscription)
    _start_run(call, portfolio, subscription)
    return _subscription_view(subscription)


@endpoint("GET", SUBSCRIPTIONS + "/{subscription_id}")
@endpoint("GET", BETA_SUBSCRIPTIONS + "/{subscription_id}")
def get_subscription(call: Call) -> dict[str, Any]:
    return _subscription_view(_subscription(call))


@endpoint("DELETE", SUBSCRIPTIONS + "/{subscription_id}")
@endpoint("DELETE", BETA_SUBSCRIPTIONS + "/{subscription_id}")
def delete_subscription(call: Call) -> Reply:
    """Ends the rebalancing of the account; a run that waits is canceled."""
    subscription = _subscription(call)
    for run in runs.open_runs(call.world, subscription.account_id):
        runs.cancel(call.world, run, call.now)
    call.world.store.remove(subscription)
    return NO_CONTENT


@endpoint("POST", runs.RUNS)
@endpoint("POST", runs.BETA_RUNS)
def create_manual_run(call: Call) -> dict[str, Any]:
    """``{account_id, type, weights}``, for an account without a subscription; one run at a time."""
    body = call.json_object()
    account, kind = runs.active_account(call, body.get("account_id")), body.get("type")
    if kind not in runs.TYPES:
        raise invalid("type must be full_rebalance or invest_cash")
    weights = checked_weights(call.world, body.get("weights"))
    if call.world.store.subscriptions.of(account.id):
        raise unprocessable("account has an active subscription")
    if runs.open_runs(call.world, account.id):
        raise unprocessable("account has a run that is not over")
    if kind == "invest_cash" and call.world.store.ledgers.rows[account.id].cash < runs.LEAST_CASH:
        raise unprocessable(f"invest_cash needs at least {runs.LEAST_CASH} USD of cash")
    # Without a portfolio: the vendor's SDK wants an id all the same.
    unnamed = str(uuid.uuid5(uuid.UUID(account.id), "manual rebalancing"))
    run = runs.queue(call.world, account.id, unnamed, kind, encode_json(weights), call.now)
    return runs.run_view(call.world, run)


def portfolio_view(portfolio: rows.Portfolio) -> dict[str, Any]:
    return {
        "id": portfolio.id,
        "name": portfolio.name,
        "description": portfolio.description,
        "status": portfolio.status,
        "cooldown_days": portfolio.cooldown_days,
        "created_at": instant_text(portfolio.created_at),
        "updated_at": instant_text(portfolio.updated_at),
        "weights": decode_json(portfolio.weights),
        "rebalance_conditions": decode_json(portfolio.conditions),
    }


def checked_weights(world: World, weights: Any) -> list[dict[str, str]]:
    """Percentages with up to 2 decimals of known fractionable assets, and of cash, that sum to 100."""
    if not isinstance(weights, list) or not weights or not all(isinstance(each, dict) for each in weights):
        raise invalid("weights must be a list of objects")
    if len(weights) > MOST_WEIGHTS:
        raise invalid(f"no more than {MOST_WEIGHTS} weights are allowed")
    kept = [_checked_weight(world, weight) for weight in weights]
    names = [weight.get("symbol", "") for weight in kept]
    if len(set(names)) != len(names):
        raise invalid("weights must not repeat a symbol")
    if sum(Decimal(weight["percent"]) for weight in kept) != 100:
        raise invalid("the percents of weights must sum to 100.00")
    return kept


def _checked_weight(world: World, weight: dict[str, Any]) -> dict[str, str]:
    percent = decimal_of(weight.get("percent"), "percent")
    if percent <= 0 or percent != percent.quantize(CENT):
        raise invalid("percent must be positive, with up to two decimal places")
    if weight.get("type") == "cash":
        return {"type": "cash", "percent": text_of(percent)}
    if weight.get("type") != "asset":
        raise invalid("type must be asset or cash")
    symbol = weight.get("symbol")
    asset = world.find_asset(symbol) if isinstance(symbol, str) else None
    if asset is None:
        raise unprocessable(f'asset "{str(symbol)[:60]}" not found')
    if not asset_class_of(asset.symbol).can_be_rebalanced:
        raise unprocessable(f'asset "{asset.symbol}" cannot be rebalanced')
    if not asset.fractionable:
        raise unprocessable(f'asset "{asset.symbol}" is not fractionable')
    return {"type": "asset", "symbol": asset.symbol, "percent": text_of(percent)}


def _conditions(body: dict[str, Any]) -> Any:
    """The two spellings of the vendor's specification."""
    given = body.get("rebalance_conditions")
    return given if given is not None else body.get("rebalancing_conditions")


def _checked_conditions(conditions: Any) -> list[dict[str, Any]]:
    if not isinstance(conditions, list) or not all(isinstance(each, dict) for each in conditions):
        raise malformed("request body format is invalid: rebalance_conditions must be a list of objects")
    kinds = [each.get("type") for each in conditions]
    if kinds.count("calendar") > 1:
        raise invalid("only one rebalance condition of type calendar is allowed")
    return [_checked_condition(each) for each in conditions]


def _checked_condition(condition: dict[str, Any]) -> dict[str, Any]:
    kind = condition.get("type")
    if not isinstance(kind, str) or kind not in SUB_TYPES:
        raise invalid("invalid rebalance condition type")
    if condition.get("sub_type") not in SUB_TYPES[kind]:
        raise invalid("invalid rebalance condition sub_type")
    if (condition.get("percent") is not None) != (kind == "drift_band"):
        raise invalid("percent is required for, and only for, type drift_band")
    if bool(condition.get("day")) != (kind == "calendar"):
        raise invalid("day is required for, and only for, type calendar")
    kept = {name: condition[name] for name in ("type", "sub_type", "day") if condition.get(name)}
    if kind == "drift_band":
        percent = decimal_of(condition["percent"], "percent")
        if not 0 < percent <= 100:
            raise invalid("percent must be between 0 and 100")
        kept["percent"] = text_of(percent)
    elif kind == "calendar" and not (isinstance(kept["day"], str) and len(kept["day"]) <= 10):
        raise invalid("day is invalid")
    return kept


def _cooldown(days: Any) -> int:
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 3650:
        raise invalid("cooldown_days must be a whole number of days")
    return days


def _text(body: dict[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > 500:
        raise invalid(f"{name} is required" if not text else f"{name} is invalid")
    return text


def _start_run(call: Call, portfolio: rows.Portfolio, subscription: rows.Subscription) -> None:
    """A full rebalance by the system, once the cooldown is over. None without a condition."""
    if not decode_json(portfolio.conditions):
        return
    former = subscription.last_rebalanced_at
    earliest = former + dt.timedelta(days=portfolio.cooldown_days) if former else call.now
    for run in runs.open_runs(call.world, subscription.account_id):
        runs.cancel(call.world, run, call.now)
    runs.queue(
        call.world, subscription.account_id, portfolio.id, "full_rebalance", portfolio.weights, call.now,
        initiated_from="system", earliest=max(earliest, call.now),
    )  # fmt: skip


def _subscription_view(subscription: rows.Subscription) -> dict[str, Any]:
    view = {
        "id": subscription.id,
        "account_id": subscription.account_id,
        "portfolio_id": subscription.portfolio_id,
        "created_at": instant_text(subscription.created_at),
    }
    if subscription.last_rebalanced_at:
        view["last_rebalanced_at"] = instant_text(subscription.last_rebalanced_at)
    return view


def _portfolio(world: World, portfolio_id: Any) -> rows.Portfolio:
    if not isinstance(portfolio_id, str):
        raise invalid("portfolio_id is required")
    portfolio = world.store.portfolios.get(uuid_of(portfolio_id))
    if portfolio is None:
        raise not_found("portfolio not found")
    return portfolio


def _subscription(call: Call) -> rows.Subscription:
    subscription = call.world.store.subscriptions.get(uuid_of(call.params["subscription_id"]))
    if subscription is None:
        raise not_found("subscription not found")
    return subscription


def _subscriptions_to(world: World, portfolio: rows.Portfolio) -> list[rows.Subscription]:
    return [each for each in world.store.subscriptions if each.portfolio_id == portfolio.id]
