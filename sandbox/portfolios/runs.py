"""Rebalancing runs: an account is brought to weights by market orders, sales first, then purchases."""

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

from sandbox.books import ledger
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel import trading_calendar
from sandbox.orders import execution
from sandbox.orders.execution import NINE_PLACES
from sandbox.orders.placement import place
from sandbox.orders.rules import read_ticket
from sandbox.orders.views import order_view
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Refusal,
    Reply,
    decode_json,
    encode_json,
    endpoint,
    instant_text,
    invalid,
    not_found,
    text_of,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.state.rows import FINAL_ORDER_STATUSES, ZERO
from sandbox.state.world import World

RUNS, BETA_RUNS = "/v1/rebalancing/runs", "/v1/beta/rebalancing/runs"
TYPES = ("full_rebalance", "invest_cash")
OPEN_STATUSES = ("QUEUED", "IN_PROGRESS")
STATUSES = (
    *OPEN_STATUSES, "CANCELED", "CANCELED_MID_RUN", "ERROR", "TIMEOUT", "COMPLETED_SUCCESS",
    "COMPLETED_ADJUSTED",
)  # fmt: skip
LEAST_ORDER, LEAST_CASH = Decimal(1), Decimal(10)  # USD
PAUSE, LONGEST = 1.0, dt.timedelta(hours=1)  # seconds at speed 1 between looks; until TIMEOUT
PAGE = 100
R = TypeVar("R", rows.Subscription, rows.RebalancingRun)


@endpoint("GET", RUNS)
@endpoint("GET", BETA_RUNS)
def list_runs(call: Call) -> dict[str, Any]:
    """Newest first."""
    account_id, status, kind = call.arg("account_id"), call.arg("status"), call.arg("type")
    if status not in ("", *STATUSES):
        raise invalid("invalid status")
    if kind not in ("", *TYPES):
        raise invalid("invalid type")
    found = [
        run
        for run in reversed(list(call.world.store.runs))
        if account_id in ("", run.account_id) and status in ("", run.status) and kind in ("", run.type)
    ]
    page, token = page_of(call, found)
    return {"runs": [run_view(call.world, run) for run in page], "next_page_token": token}


@endpoint("GET", RUNS + "/{run_id}")
@endpoint("GET", BETA_RUNS + "/{run_id}")
def get_run(call: Call) -> dict[str, Any]:
    return run_view(call.world, _run(call))


@endpoint("DELETE", RUNS + "/{run_id}")
@endpoint("DELETE", BETA_RUNS + "/{run_id}")
def cancel_run(call: Call) -> Reply:
    """422 once it is over. Orders still open are canceled; what has filled stays."""
    run = _run(call)
    if run.status not in OPEN_STATUSES:
        raise unprocessable(f"run is already in {run.status} status")
    cancel(call.world, run, call.now)
    return NO_CONTENT


def queue(
    world: World, account_id: str, portfolio_id: str, kind: str, weights: bytes, now: dt.datetime, *,
    initiated_from: str = "api", earliest: dt.datetime | None = None,
) -> rows.RebalancingRun:  # fmt: skip
    """A new run; it starts at ``earliest``, or when the market is next open."""
    run = rows.RebalancingRun(
        id=str(uuid.uuid4()), account_id=account_id, portfolio_id=portfolio_id, type=kind, status="QUEUED",
        created_at=now, updated_at=now, initiated_from=initiated_from, weights=weights,
        due_at=max(now + world.clock.wait(PAUSE), earliest or now),
    )  # fmt: skip
    return world.store.add(run)


def cancel(world: World, run: rows.RebalancingRun, now: dt.datetime) -> None:
    for order in _orders(world, run):
        if order.status not in FINAL_ORDER_STATUSES:
            execution.cancel(world, world.store.edit(order), now)
    world.store.edit(run).canceled_at = now
    _end(run, "CANCELED_MID_RUN" if run.order_ids else "CANCELED", now)


def open_runs(world: World, account_id: str) -> list[rows.RebalancingRun]:
    return [run for run in world.store.runs.of(account_id) if run.status in OPEN_STATUSES]


def active_account(call: Call, account_id: Any) -> rows.Account:
    """The account a body names. 422 when it may not trade."""
    if not isinstance(account_id, str) or not account_id:
        raise invalid("account_id is required")
    call.params = {**call.params, "account_id": account_id}
    account = call.account()
    if account.status != "ACTIVE" or account.is_firm:
        raise unprocessable("account is not active")
    return account


def page_of(call: Call, found: list[R]) -> tuple[list[R], str | None]:
    """``limit`` rows after ``page_token``, and the token of the next page."""
    limit, token = call.number("limit", PAGE, 1, 1000), call.arg("page_token")
    start = 0
    if token:
        ids = [each.id for each in found]
        if token not in ids:
            raise invalid("invalid page_token")
        start = ids.index(token) + 1
    page = found[start : start + limit]
    return page, page[-1].id if start + limit < len(found) else None


def step(world: World, run: rows.RebalancingRun, now: dt.datetime) -> None:
    """One look at a run: wait for the market, sell, wait for the fills, buy, wait, done."""
    if run.status not in OPEN_STATUSES:
        return
    if not world.is_open(now):
        run.due_at = trading_calendar.next_open(now).astimezone(dt.UTC)
        return
    run.due_at = now + world.clock.wait(PAUSE)
    if run.status == "QUEUED":
        run.status, run.updated_at, run.is_buying = "IN_PROGRESS", now, run.type == "invest_cash"
        _send(world, run, _purchases(world, run, now) if run.is_buying else _sales(world, run, now), now)
    elif any(order.status not in FINAL_ORDER_STATUSES for order in _orders(world, run)):
        if now - run.updated_at > LONGEST:
            _end(run, "TIMEOUT", now)
    elif run.is_buying:
        _finish(world, run, now)
    else:
        run.is_buying = True
        _send(world, run, _purchases(world, run, now), now)


def run_view(world: World, run: rows.RebalancingRun) -> dict[str, Any]:
    orders = _orders(world, run)
    view: dict[str, Any] = {
        "id": run.id,
        "account_id": run.account_id,
        "portfolio_id": run.portfolio_id,
        "type": run.type,
        "status": run.status,
        "initiated_from": run.initiated_from,
        "weights": decode_json(run.weights),
        "orders": [order_view(world, order) for order in orders if order.status != "rejected"],
        "failed_orders": [order_view(world, order) for order in orders if order.status == "rejected"],
        "skipped_orders": decode_json(run.skipped),
        "created_at": instant_text(run.created_at),
        "updated_at": instant_text(run.updated_at),
    }
    for name in ("completed_at", "canceled_at"):
        if getattr(run, name) is not None:
            view[name] = instant_text(getattr(run, name))
    if run.reason:
        view["reason"] = run.reason
    return view


def _sales(world: World, run: rows.RebalancingRun, now: dt.datetime) -> Iterable[dict[str, Any]]:
    """What is held beyond its weight, as order bodies."""
    targets = _targets(world, run, now)
    for position in world.store.positions.of(run.account_id):
        if position.qty <= 0 or not asset_class_of(position.symbol).can_be_rebalanced:
            continue
        price = world.prices.trade(position.symbol, now)
        surplus = position.qty * price - targets.get(position.symbol, ZERO)
        qty = (surplus / price).quantize(NINE_PLACES, ROUND_DOWN)
        if position.symbol not in targets:
            qty = position.qty
        if qty > 0 and (surplus >= LEAST_ORDER or qty == position.qty):
            yield {"symbol": position.symbol, "side": "sell", "qty": qty}


def _purchases(world: World, run: rows.RebalancingRun, now: dt.datetime) -> list[dict[str, Any]]:
    """What is missing to each weight, cut in proportion where cash does not reach, as order bodies."""
    money = world.store.ledgers.rows[run.account_id]
    cash = max(ledger.free_cash(world, money, now), ZERO)
    if run.type == "invest_cash":
        missing = {symbol: cash * part for symbol, part in _weights(run).items()}
    else:
        missing = _targets(world, run, now)
        for position in world.store.positions.of(run.account_id):
            if position.symbol in missing:
                missing[position.symbol] -= position.qty * world.prices.trade(position.symbol, now)
    wanted = sum((amount for amount in missing.values() if amount > 0), ZERO)
    part = min(cash / wanted, Decimal(1)) if wanted else ZERO
    amounts = {
        symbol: (amount * part).quantize(ledger.CENT, ROUND_DOWN) for symbol, amount in missing.items()
    }
    return [
        {"symbol": symbol, "side": "buy", "notional": amount}
        for symbol, amount in amounts.items()
        if amount > 0
    ]


def _send(world: World, run: rows.RebalancingRun, bodies: Iterable[dict[str, Any]], now: dt.datetime) -> None:
    """Place the orders, each in a transaction of its own: what one leaves behind must not stay."""
    store, account = world.store, world.store.accounts.rows[run.account_id]
    for body in list(bodies):
        store.commit()
        try:
            if body.get("notional", LEAST_ORDER) < LEAST_ORDER:
                raise invalid(f"order is less than {LEAST_ORDER} USD")
            ticket = read_ticket(world, {**body, "type": "market", "time_in_force": "day"})
            order = place(world, account, ticket, now)
            store.edit(run).order_ids = [*run.order_ids, order.id]
        except Refusal as refusal:
            store.rollback()
            skipped = [*decode_json(run.skipped), _skipped(body, refusal)]
            store.edit(run).skipped = encode_json(skipped)
    store.edit(run)


def _skipped(body: dict[str, Any], refusal: Refusal) -> dict[str, str]:
    view = {
        "symbol": body["symbol"],
        "side": body["side"],
        "currency": "USD",
        "reason": "ORDER_REFUSED",
        "reason_details": str(refusal),
    }
    return view | ({"notional": text_of(body["notional"])} if "notional" in body else {})


def _finish(world: World, run: rows.RebalancingRun, now: dt.datetime) -> None:
    run.completed_at = now
    _end(run, "COMPLETED_SUCCESS", now)
    for subscription in world.store.subscriptions.of(run.account_id):
        if subscription.portfolio_id == run.portfolio_id:
            world.store.edit(subscription).last_rebalanced_at = now


def _end(run: rows.RebalancingRun, status: str, now: dt.datetime) -> None:
    run.status, run.updated_at, run.due_at = status, now, None


def _weights(run: rows.RebalancingRun) -> dict[str, Decimal]:
    """Fractions of one by symbol, without cash."""
    weights = decode_json(run.weights)
    return {each["symbol"]: Decimal(each["percent"]) / 100 for each in weights if each["type"] == "asset"}


def _targets(world: World, run: rows.RebalancingRun, now: dt.datetime) -> dict[str, Decimal]:
    """USD by symbol, of the equity at the last trades. Coins stand aside."""
    total, holdings = ledger.equity(world, world.store.ledgers.rows[run.account_id], now)
    total -= holdings.coins
    return {symbol: total * part for symbol, part in _weights(run).items()}


def _orders(world: World, run: rows.RebalancingRun) -> list[rows.Order]:
    return [world.store.orders.rows[order_id] for order_id in run.order_ids]


def _run(call: Call) -> rows.RebalancingRun:
    run = call.world.store.runs.get(uuid_of(call.params["run_id"]))
    if run is None:
        raise not_found("run not found")
    return run
