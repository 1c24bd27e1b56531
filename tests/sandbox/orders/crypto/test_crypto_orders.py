"""Orders for coins, their fees, and the positions they make."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.kernel.clock import NEW_YORK
from tests.sandbox.people import (
    buy,
    crypto_order,
    open_crypto_account,
    trading_account,
    trading_path,
    wait_for_order,
)
from tests.sandbox.process import process_at
from tests.sandbox.streams.test_events import TRADES, replay
from tests.sandbox_process import SandboxProcess, eventually

CENT, NINE = Decimal("0.01"), Decimal("0.000000001")


@pytest.fixture
def coin_id(sandbox: SandboxProcess) -> str:
    """An account for coins with 20,000 USD."""
    return open_crypto_account(sandbox, cash="20000")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A market with hours, on a Saturday night."""
    begin = dt.datetime(2027, 3, 6, 23, 30, tzinfo=NEW_YORK)
    with process_at(tmp_path_factory.mktemp("weekend") / "state", begin, market="real") as process:
        yield process


def bought(sandbox: SandboxProcess, account_id: str, **members: Any) -> dict[str, Any]:
    return buy(sandbox, account_id, **{"symbol": "BTC/USD", "time_in_force": "gtc", **members})


def position(sandbox: SandboxProcess, account_id: str, symbol: str = "BTCUSD") -> dict[str, Any]:
    return sandbox.get(trading_path(account_id, f"/positions/{symbol}"))


def activities(sandbox: SandboxProcess, account_id: str, kind: str) -> list[dict[str, Any]]:
    return sandbox.get(f"/v1/accounts/activities/{kind}", params={"account_id": account_id})


def price_of(sandbox: SandboxProcess, symbol: str) -> Decimal:
    path = "/v1beta3/crypto/us/latest/quotes"
    return Decimal(str(sandbox.get(path, params={"symbols": symbol})["quotes"][symbol]["ap"]))


def test_a_buy_by_amount_fills_and_its_fee_is_paid_in_coins(sandbox: SandboxProcess, coin_id: str) -> None:
    order = bought(sandbox, coin_id, notional="1000")

    assert (order["symbol"], order["asset_class"], order["status"]) == ("BTC/USD", "crypto", "filled")
    filled = Decimal(order["filled_qty"])
    fee = (filled * Decimal("0.0025")).quantize(NINE, "ROUND_HALF_UP")
    held = position(sandbox, coin_id)
    assert (held["symbol"], held["asset_class"], held["exchange"]) == ("BTCUSD", "crypto", "CRYPTO")
    assert Decimal(held["qty"]) == filled - fee
    (charged,) = activities(sandbox, coin_id, "CFEE")
    assert (charged["symbol"], charged["net_amount"]) == ("BTCUSD", "0")
    assert (Decimal(charged["qty"]), charged["price"]) == (-fee, order["filled_avg_price"])
    (fill,) = activities(sandbox, coin_id, "FILL")
    assert (fill["symbol"], fill["qty"]) == ("BTC/USD", order["filled_qty"])


def test_a_sale_pays_its_fee_in_dollars_and_settles_at_once(sandbox: SandboxProcess, coin_id: str) -> None:
    bought(sandbox, coin_id, symbol="ETH/USD", qty="2")
    before = Decimal(trading_account(sandbox, coin_id)["cash"])

    order = bought(sandbox, coin_id, symbol="ETHUSD", qty="1.5", side="sell")

    proceeds = (Decimal("1.5") * Decimal(order["filled_avg_price"])).quantize(CENT, "ROUND_HALF_UP")
    fee = (proceeds * Decimal("0.0025")).quantize(CENT, "ROUND_HALF_UP")
    account = trading_account(sandbox, coin_id)
    assert Decimal(account["cash"]) == before + proceeds - fee
    assert account["cash_withdrawable"] == account["cash"]
    newest = activities(sandbox, coin_id, "CFEE")[0]
    assert (Decimal(newest["net_amount"]), newest["description"]) == (-fee, "Coin Pair Transaction Fee (USD)")


def test_trade_events_name_the_pair_and_what_is_left_after_the_fee(
    sandbox: SandboxProcess, coin_id: str
) -> None:
    order = bought(sandbox, coin_id, symbol="DOGE/USD", qty="1000")

    events = [event for event in replay(sandbox, TRADES, since="2020-01-01")
              if event["order"]["id"] == order["id"]]  # fmt: skip

    assert [event["event"] for event in events] == ["accepted", "new", "fill"]
    assert (events[-1]["order"]["symbol"], events[-1]["position_qty"]) == ("DOGE/USD", "997.5")


def test_coins_of_less_than_a_cent(sandbox: SandboxProcess, coin_id: str) -> None:
    price = price_of(sandbox, "SHIB/USD")

    order = bought(sandbox, coin_id, symbol="SHIB/USD", type="limit", limit_price=f"{price * 2:.9f}",
                   qty="5000000")  # fmt: skip

    assert price < Decimal("0.001")
    assert Decimal(order["filled_avg_price"]) % Decimal("0.000000001") == 0
    held = position(sandbox, coin_id, "SHIBUSD")
    assert held["qty"] == "4987500"
    assert Decimal(held["cost_basis"]) == 4987500 * Decimal(order["filled_avg_price"])


def test_equity_counts_the_coins(sandbox: SandboxProcess, coin_id: str) -> None:
    bought(sandbox, coin_id, symbol="USDC/USD", qty="5000")

    account, held = trading_account(sandbox, coin_id), position(sandbox, coin_id, "USDCUSD")

    value = Decimal(held["qty"]) * Decimal(held["current_price"])
    assert abs(Decimal(account["equity"]) - Decimal(account["cash"]) - value) < 5
    assert Decimal(account["long_market_value"]) > 4900


def test_a_limit_order_rests_and_is_replaced_and_canceled(sandbox: SandboxProcess, coin_id: str) -> None:
    low = f"{price_of(sandbox, 'BTC/USD') / 2:.2f}"
    path = trading_path(coin_id, "/orders")
    order = crypto_order(sandbox, coin_id, type="limit", limit_price=low, qty="0.015").json()
    wait_for_order(sandbox, coin_id, order["id"], "new")

    body = {"qty": "0.020000001", "limit_price": f"{Decimal(low) - 1:.2f}"}
    new = sandbox.request("PATCH", f"{path}/{order['id']}", json=body).json()
    listed = [sandbox.get(path, params={"symbols": name}) for name in ("BTC/USD", "BTCUSD", "AAPL")]

    assert (new["qty"], new["replaces"], new["time_in_force"]) == ("0.020000001", order["id"], "gtc")
    assert [[each["id"] for each in orders] for orders in listed] == [[new["id"]], [new["id"]], []]
    cost = (Decimal(body["qty"]) * Decimal(body["limit_price"])).quantize(CENT, "ROUND_UP")
    assert Decimal(trading_account(sandbox, coin_id)["buying_power"]) == 20000 - cost
    wait_for_order(sandbox, coin_id, new["id"], "new")
    for wrong in ({"time_in_force": "day"}, {"limit_price": "1.001"}, {"qty": "0.0000000001"}):
        assert sandbox.request("PATCH", f"{path}/{new['id']}", json=wrong).status_code == 422
    assert sandbox.request("DELETE", f"{path}/{new['id']}").status_code == 204
    assert trading_account(sandbox, coin_id)["buying_power"] == "20000"


def test_an_ioc_limit_that_does_not_reach_the_market_is_canceled(
    sandbox: SandboxProcess, coin_id: str
) -> None:
    members = {"type": "limit", "limit_price": "100", "qty": "1", "time_in_force": "ioc"}

    order = crypto_order(sandbox, coin_id, **members).json()

    assert wait_for_order(sandbox, coin_id, order["id"], "canceled")["filled_qty"] == "0"
    assert bought(sandbox, coin_id, qty="0.01", time_in_force="ioc")["status"] == "filled"


def test_a_stop_limit_waits_for_its_price(sandbox: SandboxProcess, coin_id: str) -> None:
    bought(sandbox, coin_id, symbol="SOL/USD", qty="20")
    price = price_of(sandbox, "SOL/USD")
    stop, limit = f"{price * Decimal('0.8'):.2f}", f"{price * Decimal('0.7'):.2f}"

    order = crypto_order(sandbox, coin_id, symbol="SOL/USD", side="sell", type="stop_limit", qty="5",
                         stop_price=stop, limit_price=limit)  # fmt: skip

    assert order.status_code == 200
    wait_for_order(sandbox, coin_id, order.json()["id"], "new")
    assert position(sandbox, coin_id, "SOL%2FUSD")["qty_available"] == "14.95"


@pytest.mark.parametrize("name", ["BTCUSD", "BTC%2FUSD", "276e2673-764b-4ab6-a611-caf665ca6340"])
def test_positions_answer_to_every_name_and_close_good_till_canceled(
    sandbox: SandboxProcess, coin_id: str, name: str
) -> None:
    bought(sandbox, coin_id, qty="0.01")
    path = trading_path(coin_id, f"/positions/{name}")

    half = sandbox.request("DELETE", path, params={"percentage": "50"}).json()
    wait_for_order(sandbox, coin_id, half["id"], "filled")
    rest = sandbox.request("DELETE", path).json()
    wait_for_order(sandbox, coin_id, rest["id"], "filled")

    assert (half["time_in_force"], half["qty"], half["symbol"]) == ("gtc", "0.0049875", "BTC/USD")
    assert sandbox.request("GET", path).status_code == 404


def test_a_position_of_next_to_nothing_can_be_closed(sandbox: SandboxProcess, coin_id: str) -> None:
    bought(sandbox, coin_id, symbol="LTC/USD", notional="20")
    qty = Decimal(position(sandbox, coin_id, "LTCUSD")["qty"])
    bought(sandbox, coin_id, symbol="LTC/USD", side="sell", qty=str(qty - Decimal("0.00000002")))

    closed = sandbox.request("DELETE", trading_path(coin_id, "/positions")).json()

    assert [(row["symbol"], row["status"], row["body"]["qty"]) for row in closed] == [
        ("LTCUSD", 200, "0.00000002")
    ]
    wait_for_order(sandbox, coin_id, closed[0]["body"]["id"], "filled")
    assert sandbox.get(trading_path(coin_id, "/positions")) == []


REFUSALS = [
    ({"type": "stop", "stop_price": "1"}, 422, "invalid order type for crypto order"),
    ({"type": "trailing_stop", "trail_percent": "1"}, 422, "invalid order type for crypto order"),
    ({"time_in_force": "day"}, 422, "invalid crypto time_in_force"),
    ({"time_in_force": "fok"}, 422, "invalid crypto time_in_force"),
    (
        {"type": "stop_limit", "stop_price": "200000", "limit_price": "200000", "time_in_force": "ioc"},
        422, "invalid crypto time_in_force",
    ),
    (
        {"order_class": "bracket", "take_profit": {"limit_price": "1"}, "stop_loss": {"stop_price": "1"}},
        422, "crypto orders not allowed for advanced order_class: otoco",
    ),
    ({"order_class": "oco"}, 422, "crypto orders not allowed for advanced order_class: oco"),
    ({"extended_hours": True}, 422, "extended hours is not supported for crypto trading"),
    ({"type": "limit", "limit_price": "100.001"}, 422, "limit_price must be a multiple of 0.01"),
    ({"type": "limit"}, 422, "limit orders require a limit price"),
    ({"qty": "0.0000000001"}, 422, "qty must be limited to 9 decimal places"),
    ({"qty": "0.000001"}, 422, "qty must be >= 0.00001"),
    ({"qty": "0.00001"}, 403, "cost basis must be >= minimal amount of order 10"),
    ({"qty": None, "notional": "9.99"}, 403, "cost basis must be >= minimal amount of order 10"),
    ({"qty": "10"}, 403, "cost basis must be <= maximal amount of order 200000"),
    ({"qty": "1"}, 403, "insufficient balance for USD"),
    ({"side": "sell"}, 403, "insufficient balance for BTC (requested: 0.01, available: 0)"),
    ({"qty": "-1"}, 422, "qty must be > 0"),
    ({"qty": "1" * 15}, 422, "qty is too large"),
    ({"qty": None, "notional": "10.001"}, 422, "notional value must be limited to 2 decimal places"),
    ({"symbol": "BTC/EUR"}, 422, 'asset "BTC/EUR" not found'),
]  # fmt: skip


@pytest.fixture(scope="module")
def refused_id(sandbox: SandboxProcess) -> str:
    """Of an account that none of its orders changes."""
    return open_crypto_account(sandbox, cash="20000")


@pytest.mark.parametrize(("members", "status", "message"), REFUSALS)
def test_an_order_that_is_refused(
    sandbox: SandboxProcess, refused_id: str, members: dict[str, Any], status: int, message: str
) -> None:
    reply = crypto_order(sandbox, refused_id, **{"qty": "0.01", **members})

    assert (reply.status_code, reply.json()["message"][: len(message)]) == (status, message)
    assert trading_account(sandbox, refused_id)["buying_power"] == "20000"


def test_what_is_missing_is_told_in_numbers(sandbox: SandboxProcess, coin_id: str) -> None:
    dear = crypto_order(sandbox, coin_id, notional="20000.01").json()
    bought(sandbox, coin_id, symbol="LTC/USD", qty="1")
    much = crypto_order(sandbox, coin_id, symbol="LTC/USD", side="sell", qty="2").json()

    assert dear == {
        "code": 40310000, "message": "insufficient balance for USD (requested: 20000.01, available: 20000)",
        "available": "20000", "balance": "20000",
    }  # fmt: skip
    assert much["message"] == "insufficient balance for LTC (requested: 2, available: 0.9975)"
    assert much["balance"] == "0.9975"


def test_nothing_is_lent_for_coins_nor_on_them(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox, cash="10000", margin=True)

    refused = crypto_order(sandbox, account_id, notional="10000.01")
    bought(sandbox, account_id, symbol="USDC/USD", notional="4000")
    account = trading_account(sandbox, account_id)

    assert refused.status_code == 403
    assert account["non_marginable_buying_power"] == account["cash"]
    assert Decimal(account["buying_power"]) == 2 * Decimal(account["cash"])
    assert Decimal(account["initial_margin"]) == Decimal(account["position_market_value"])


def test_a_resting_order_for_coins_takes_twice_its_cash_of_a_margin_account(sandbox: SandboxProcess) -> None:
    account_id = open_crypto_account(sandbox, cash="10000", margin=True)

    crypto_order(sandbox, account_id, type="limit", limit_price="1000", qty="3")

    account = trading_account(sandbox, account_id)
    assert (account["buying_power"], account["non_marginable_buying_power"]) == ("14000", "7000")


def test_what_coins_are_not_for(sandbox: SandboxProcess, coin_id: str) -> None:
    bought(sandbox, coin_id, notional="100")
    journal = {"entry_type": "JNLS", "symbol": "BTC/USD", "qty": "0.0001", "to_account": coin_id}
    journal["from_account"] = sandbox.firm_account_id
    weights = [{"type": "asset", "symbol": "BTC/USD", "percent": "100"}]
    portfolio = {"name": "Coins", "description": "", "weights": weights, "cooldown_days": 7}
    estimate = {
        "symbol": "BTC/USD",
        "side": "buy",
        "type": "market",
        "time_in_force": "gtc",
        "notional": "10",
    }
    dividend = {"account_id": coin_id, "symbol": "BTC/USD"}

    refused = [
        sandbox.request("POST", path, json=body)
        for path, body in (
            ("/v1/journals", journal),
            ("/v1/rebalancing/portfolios", portfolio),
            (trading_path(coin_id, "/orders/estimation"), estimate),
            ("/_sandbox/scenarios/dividend", dividend),
            ("/_sandbox/scenarios/split", dividend),
        )
    ]

    assert [reply.status_code for reply in refused] == [400, 422, 422, 422, 422]
    assert sandbox.request("GET", f"/v1/accounts/{coin_id}/wallets").status_code == 404


def test_watchlists_hold_pairs(sandbox: SandboxProcess, coin_id: str) -> None:
    path = trading_path(coin_id, "/watchlists")
    made = sandbox.request("POST", path, json={"name": "Mine", "symbols": ["BTCUSD", "AAPL"]}).json()
    one = f"{path}/{made['id']}"

    added = sandbox.request("POST", one, json={"symbol": "ETH/USD"}).json()
    removed = sandbox.request("DELETE", f"{one}/BTC%2FUSD").json()

    assert [asset["symbol"] for asset in added["assets"]] == ["BTC/USD", "AAPL", "ETH/USD"]
    assert [asset["symbol"] for asset in removed["assets"]] == ["AAPL", "ETH/USD"]


def test_a_part_of_an_order_pays_its_part_of_the_fee(sandbox: SandboxProcess, coin_id: str) -> None:
    order = crypto_order(sandbox, coin_id, type="limit", limit_price="1000", qty="2").json()
    wait_for_order(sandbox, coin_id, order["id"], "new")

    body = {"account_id": coin_id, "order_id": order["id"], "qty": "0.8"}
    played = sandbox.request("POST", "/_sandbox/scenarios/partial_fill", json=body)

    assert played.status_code == 200, played.text
    assert position(sandbox, coin_id)["qty"] == "0.798"
    assert Decimal(trading_account(sandbox, coin_id)["non_marginable_buying_power"]) == 18000


def test_a_halted_pair_waits(sandbox: SandboxProcess, coin_id: str) -> None:
    sandbox.request("POST", "/_sandbox/scenarios/halt", json={"symbol": "YFIUSD"})
    order = crypto_order(sandbox, coin_id, symbol="YFI/USD", notional="50").json()
    wait_for_order(sandbox, coin_id, order["id"], "new")

    sandbox.request("POST", "/_sandbox/scenarios/resume", json={"symbol": "YFI/USD"})

    assert wait_for_order(sandbox, coin_id, order["id"], "filled")


def test_coins_trade_while_the_exchange_is_closed(real: SandboxProcess) -> None:
    account_id = open_crypto_account(real, cash="5000")

    order = bought(real, account_id, notional="1000")
    share = real.request("POST", trading_path(account_id, "/orders"), json={
        "symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "1"})  # fmt: skip

    assert order["status"] == "filled"
    assert share.json()["status"] == "accepted"
    assert real.get("/v1/clock")["is_open"] is False


def test_the_history_of_coins_is_continuous(real: SandboxProcess) -> None:
    account_id = open_crypto_account(real, cash="5000")
    bought(real, account_id, notional="4000")
    real.advance(10 * 3600)

    path = trading_path(account_id, "/account/portfolio/history")
    query = {"timeframe": "15Min", "intraday_reporting": "continuous", "pnl_reset": "no_reset"}
    start = (dt.datetime.fromisoformat(real.info()["now"]) - dt.timedelta(hours=9)).isoformat()
    history = real.get(path, params={**query, "start": start})

    # Sunday morning: the exchange is closed, the coins move on.
    held = [equity for equity in history["equity"] if equity != 5000]
    assert len(set(held)) > 20
    account = trading_account(real, account_id)
    assert eventually(lambda: abs(Decimal(str(held[-1])) - Decimal(account["equity"])) < 400)


def test_a_limit_fills_at_a_price_of_the_night_that_the_clock_skipped(real: SandboxProcess) -> None:
    account_id = open_crypto_account(real, cash="5000")
    limit = f"{price_of(real, 'DOGE/USD') * Decimal('0.99'):.6f}"
    order = crypto_order(real, account_id, symbol="DOGE/USD", type="limit", limit_price=limit, qty="1000")
    wait_for_order(real, account_id, order.json()["id"], "new")

    for _ in range(20):
        real.advance(12 * 3600)
        found = real.get(trading_path(account_id, f"/orders/{order.json()['id']}"))
        if found["status"] == "filled":
            break

    assert (found["status"], found["filled_avg_price"] <= limit) == ("filled", True)
