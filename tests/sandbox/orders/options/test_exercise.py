import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.accounts.documents.statements import contents, issued_documents
from tests.sandbox.in_process import InProcess
from tests.sandbox.people import SIGNED_FOR_OPTIONS, buy, open_account, trading_path
from tests.sandbox.process import now_of
from tests.sandbox.traders import Trader, at_expiry, contract, share_price
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[InProcess]:
    process = InProcess(tmp_path / "state")
    yield process
    process.stop()


def strike_of(listed: dict[str, Any], contracts: int) -> Decimal:
    """USD for the shares of so many contracts."""
    return Decimal(listed["strike_price"]) * 100 * contracts


# Exercising


def test_exercise_a_call_buys_the_shares_at_the_strike(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.9")
    trader.trade(call["symbol"], 3)
    cash = trader.amount("cash")

    reply = trader.ask("POST", f"positions/{call['symbol']}/exercise", {"qty": "2", "commission": "1.50"})

    assert reply == {"qty_exercised": "2", "qty_remaining": "1"}
    assert trader.held() == {"F": 200, call["symbol"]: 1}
    assert trader.amount("cash") == cash - strike_of(call, 2) - Decimal("1.50")
    assert trader.position("F")["avg_entry_price"] == call["strike_price"]  # type: ignore[index]
    exercised, shares, fee = trader.activities("OPEXC", "OPTRD", "FEE")
    assert (exercised["symbol"], exercised["qty"], exercised["net_amount"]) == (call["symbol"], "-2", "0")
    assert (shares["symbol"], shares["qty"], shares["price"]) == ("F", "200", call["strike_price"])
    assert Decimal(shares["net_amount"]) == -strike_of(call, 2)
    assert (fee["activity_type"], fee["net_amount"]) == ("FEE", "-1.5")


def test_exercise_a_put_sells_the_shares_at_the_strike(broker: InProcess) -> None:
    trader, put = Trader(broker), contract(broker, "F", "put", moneyness="1.1")
    trader.trade("F", "250")
    trader.trade(put["symbol"], 2)
    cash, withdrawable = trader.amount("cash"), trader.amount("cash_withdrawable")

    reply = trader.ask("POST", f"positions/{put['id']}/exercise")

    assert reply == {"qty_exercised": "2", "qty_remaining": "0"}
    assert trader.held() == {"F": 50}
    assert trader.amount("cash") == cash + strike_of(put, 2)
    assert trader.amount("cash_withdrawable") == withdrawable  # settles on the next day


def test_exercise_what_open_orders_leave(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.9")
    trader.trade(call["symbol"], 3)
    order = trader.order(call["symbol"], 2, "sell", limit_price="90").body
    path = f"positions/{call['symbol']}/exercise"

    assert trader.ask("POST", path) == {"qty_exercised": "1", "qty_remaining": "2"}
    refused = trader.send("POST", path)
    assert (refused.status, refused.body["message"]) == (403, "no qty available to exercise")
    trader.ask("DELETE", f"orders/{order['id']}")
    assert trader.ask("POST", path, {}) == {"qty_exercised": "2", "qty_remaining": "0"}


def test_exercise_without_the_means_is_refused(broker: InProcess) -> None:
    trader = Trader(broker, cash="1000")
    call, put = (contract(broker, "F", kind) for kind in ("call", "put"))
    trader.trade(call["symbol"], 1)
    trader.trade(put["symbol"], 1)
    cash = trader.amount("cash")

    unpaid = trader.send("POST", f"positions/{call['symbol']}/exercise")
    uncovered = trader.send("POST", f"positions/{put['symbol']}/exercise")

    required = int(strike_of(call, 1))
    assert (unpaid.status, uncovered.status) == (403, 403)
    assert unpaid.body["message"] == (
        f"insufficient options buying power (required: {required}, available: {cash.normalize():f})"
    )
    assert uncovered.body["message"] == (
        "insufficient underlying qty available to exercise (required: 100, available: 0)"
    )
    assert trader.held() == {call["symbol"]: 1, put["symbol"]: 1}


@pytest.mark.parametrize("action", ["exercise", "do-not-exercise"])
def test_instruction_without_a_long_position_is_refused(broker: InProcess, action: str) -> None:
    trader, put = Trader(broker), contract(broker, "F", "put")
    none = trader.send("POST", f"positions/{put['symbol']}/{action}")
    trader.trade(put["symbol"], 1, "sell")
    short = trader.send("POST", f"positions/{put['symbol']}/{action}")
    wrong = trader.send("POST", f"positions/AAPL/{action}")

    assert (none.status, none.body["message"]) == (404, f"long position not found: {put['symbol']}")
    assert (short.status, short.body["code"]) == (403, 40310001)
    assert short.body["message"] in ("cannot exercise short position", "cannot submit DNE for short position")
    assert (wrong.status, wrong.body["message"]) == (422, "invalid symbol_or_contract_id")


@pytest.mark.parametrize(
    "body",
    [{"qty": "0"}, {"qty": "0.5"}, {"qty": "x"}, {"qty": "3"}, {"commission": "-1"}, {"commission": "x"}, []],
)
def test_exercise_with_a_bad_body_is_refused(broker: InProcess, body: Any) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")
    trader.trade(call["symbol"], 2)

    assert trader.send("POST", f"positions/{call['symbol']}/exercise", body).status in (400, 403, 422)
    assert trader.held() == {call["symbol"]: 2}


def test_instructions_after_the_close_are_refused(tmp_path: Path) -> None:
    broker = InProcess(tmp_path / "real", market="real")
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.9", days=10)
    trader.trade(call["symbol"], 1)
    broker.request("POST", "/_sandbox/clock", {"set": "2027-01-04T16:00:00-05:00"})

    for action in ("exercise", "do-not-exercise"):
        assert trader.send("POST", f"positions/{call['symbol']}/{action}").status == 422
    broker.request("POST", "/_sandbox/clock", {"set": "2027-01-05T00:00:00-05:00"})
    assert trader.send("POST", f"positions/{call['symbol']}/exercise").status == 200
    broker.stop()


# Expiry


def test_expiry_of_what_is_held(broker: InProcess) -> None:
    """In the money it becomes shares, out of the money nothing, and nothing where its owner said so."""
    trader = Trader(broker)
    bought = [contract(broker, "F", "call", moneyness=moneyness) for moneyness in ("0.7", "0.8", "1.4")]
    for call in bought:
        trader.trade(call["symbol"], 2)
    rests = trader.order(bought[0]["symbol"], 1, "sell", limit_price="90", time_in_force="gtc").body
    trader.ask("POST", f"positions/{bought[1]['symbol']}/do-not-exercise")
    cash = trader.amount("cash")

    at_expiry(broker, bought[0])

    assert trader.held() == {"F": 200}
    assert trader.amount("cash") == cash - strike_of(bought[0], 2)
    found = [
        (row["activity_type"], row["symbol"], row["qty"])
        for row in trader.activities("OPEXC", "OPEXP", "OPTRD")
    ]
    assert sorted(found) == sorted([
        ("OPEXC", bought[0]["symbol"], "-2"), ("OPTRD", "F", "200"),
        ("OPEXP", bought[1]["symbol"], "-2"), ("OPEXP", bought[2]["symbol"], "-2"),
    ])  # fmt: skip
    assert trader.ask("GET", f"orders/{rests['id']}")["status"] == "expired"


def test_expiry_of_a_covered_call_in_the_money(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.7")
    trader.trade("F", "300")
    trader.trade(call["symbol"], 2, "sell")
    cash = trader.amount("cash")

    at_expiry(broker, call)

    shares = trader.position("F")
    assert shares is not None
    assert (trader.held(), shares["qty_available"]) == ({"F": 100}, "100")
    assert trader.amount("cash") == cash + strike_of(call, 2)
    found = [(row["activity_type"], row["qty"]) for row in trader.activities("OPASN", "OPTRD")]
    assert found == [("OPASN", "2"), ("OPTRD", "-200")]


def test_expiry_of_a_cash_secured_put_in_and_out_of_the_money(broker: InProcess) -> None:
    trader = Trader(broker)
    low, high = (contract(broker, "F", "put", moneyness=moneyness) for moneyness in ("0.7", "1.3"))
    for put in (low, high):
        trader.trade(put["symbol"], 2, "sell")
    cash = trader.amount("cash")

    at_expiry(broker, low)

    assert trader.held() == {"F": 200}
    assert trader.amount("cash") == trader.amount("options_buying_power") == cash - strike_of(high, 2)
    found = [(row["activity_type"], row["symbol"], row["qty"]) for row in trader.activities("OPASN", "OPEXP")]
    assert sorted(found) == [("OPASN", high["symbol"], "2"), ("OPEXP", low["symbol"], "2")]


def test_cutoff_sells_what_could_not_be_exercised(broker: InProcess) -> None:
    trader = Trader(broker, cash="1000")
    call, put = (contract(broker, "F", kind, moneyness=m) for kind, m in (("call", "0.7"), ("put", "1.3")))
    trader.trade(call["symbol"], 1)
    trader.trade(put["symbol"], 1)

    broker.request("POST", "/_sandbox/clock", {"set": f"{call['expiration_date']}T15:29:59-05:00"})
    before = trader.held()
    broker.advance(2)

    assert before == {call["symbol"]: 1, put["symbol"]: 1}
    assert trader.held() == {}
    sales = [row for row in trader.activities("FILL") if row["side"] == "sell"]
    assert {row["symbol"] for row in sales} == set(before)
    share = share_price(broker, "F")
    for row in sales:
        strike = Decimal((call if row["symbol"] == call["symbol"] else put)["strike_price"])
        assert abs(Decimal(row["price"]) - abs(share - strike)) < Decimal("0.2")


def test_expiry_sells_what_cannot_be_exercised_when_the_clock_jumps(broker: InProcess) -> None:
    trader, call = Trader(broker, cash="1000"), contract(broker, "F", "call", moneyness="0.7")
    trader.trade(call["symbol"], 1)
    cash = trader.amount("cash")

    at_expiry(broker, call)

    assert trader.held() == {}
    assert trader.amount("cash") > cash + 100
    assert trader.activities("OPEXC", "OPEXP") == []


def test_shares_of_options_cover_what_is_owed(broker: InProcess) -> None:
    """A call that is exercised, and a put that is assigned, buy back shares sold short; their orders end."""
    trader = Trader(broker, margin=True)
    call, put = (contract(broker, "F", kind, moneyness=m) for kind, m in (("call", "0.8"), ("put", "1.3")))
    trader.trade("F", "150", "sell")
    trader.trade(call["symbol"], 1)
    trader.trade(put["symbol"], 1, "sell")
    rests = trader.order("F", "150", limit_price="1", time_in_force="gtc").body

    trader.ask("POST", f"positions/{call['symbol']}/exercise")
    assert trader.held() == {"F": -50, put["symbol"]: -1}
    at_expiry(broker, put)

    shares = trader.position("F")
    assert shares is not None
    assert (shares["qty"], shares["qty_available"], shares["side"]) == ("50", "50", "long")
    assert trader.ask("GET", f"orders/{rests['id']}")["status"] == "canceled"


def test_order_trades_at_a_price_that_the_clock_skipped_before_it_expires(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")
    bought = trader.trade(call["symbol"], 1)
    limit = Decimal(bought["filled_avg_price"]) + Decimal("0.03")
    order = trader.order(call["symbol"], 1, "sell", limit_price=str(limit), time_in_force="gtc").body
    broker.advance(1)

    at_expiry(broker, call)

    week = broker.request(
        "GET", "/v1beta1/options/bars",
        params={"symbols": call["symbol"], "timeframe": "1Day", "start": "2027-01-04"},
    ).body["bars"][call["symbol"]]  # fmt: skip
    reached = any(Decimal(str(bar["h"])) >= limit for bar in week)
    assert trader.ask("GET", f"orders/{order['id']}")["status"] == ("filled" if reached else "expired")
    assert reached, "another seed is needed for this test to say something"


def test_expiry_survives_a_restart(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.7")
    trader.trade(call["symbol"], 1)

    broker.kill()
    broker.start()
    at_expiry(broker, call)

    assert trader.held() == {"F": 100}


# What the books say afterwards


def test_history_and_statement_count_options(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.8", days=20)
    trader.trade(call["symbol"], 4)
    trader.ask("POST", f"positions/{call['symbol']}/exercise", {"qty": "1"})
    equity = trader.amount("equity")

    history = trader.ask("GET", "account/portfolio/history", period="1D", timeframe="1D")
    at_expiry(broker, call)
    broker.advance(20 * 86_400)
    account = broker.world.store.accounts.rows[trader.id]
    documents = {
        document.type: contents(broker.world, account, document)
        for document in issued_documents(broker.world, account, broker.world.clock.now())
    }

    assert Decimal(str(history["equity"][-1])) == equity
    fill = trader.activities("FILL")[0]
    trade, statement = documents["trade_confirmation_json"]["trades"][0], documents["account_statement"]
    assert Decimal(trade["principal"]) == 400 * Decimal(fill["price"])
    assert trade["description"] == call["name"]
    positions = {row["symbol"]: row for row in statement["positions"]}
    assert {symbol: row["qty"] for symbol, row in positions.items()} == {"F": "400"}
    assert Decimal(statement["closing_cash"]) == trader.amount("cash")


def test_events_of_activities_tell_of_an_exercise(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call", moneyness="0.9")
    trader.trade(call["symbol"], 1)
    trader.ask("POST", f"positions/{call['symbol']}/exercise")
    now = broker.request("GET", "/_sandbox/clock").body["now"]
    broker.advance(0.01)

    stream = broker.request(
        "GET", "/v1/events/nta", params={"since": "2020-01-01", "until": now}
    ).body.decode()

    assert '"OPEXC"' in stream
    assert '"OPTRD"' in stream


# Over HTTP, held against the vendor's description


def test_streams_and_lists_of_an_exercise(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="20000", agreements=SIGNED_FOR_OPTIONS)
    level = {"level": 2, "fixtures": {"status": "APPROVED"}}
    sandbox.request("POST", f"/v1/accounts/{account_id}/options/approval", json=level)
    after = (now_of(sandbox) + dt.timedelta(days=30)).date().isoformat()
    query = {"underlying_symbols": "F", "expiration_date_gte": after, "limit": "1"}
    symbol = sandbox.get("/v1/options/contracts", params=query)["option_contracts"][0]["symbol"]
    buy(sandbox, account_id, symbol=symbol, qty="2")
    path = trading_path(account_id, f"/positions/{symbol}")
    assert sandbox.request("POST", f"{path}/do-not-exercise", json={}).json() == {}

    reply = sandbox.request("POST", f"{path}/exercise", json={"qty": "1"})

    assert reply.json() == {"qty_exercised": "1", "qty_remaining": "1"}
    found = sandbox.get("/v1/accounts/activities/OPTRD", params={"account_id": account_id})
    assert [row["qty"] for row in found] == ["100"]
    assert sandbox.get(path)["asset_class"] == "us_option"
    orders = sandbox.get(
        trading_path(account_id, "/orders"), params={"status": "all", "asset_class": "us_option"}
    )
    assert [order["position_intent"] for order in orders] == ["buy_to_open"]
    until = sandbox.get("/_sandbox/clock")["now"]
    span = {"since": "2020-01-01", "until": until, "account_id": account_id}
    for stream in ("/v1/events/nta", "/v2/events/trades", "/v2beta1/events/activities"):
        text = sandbox.request("GET", stream, params=span).text
        assert symbol in text, stream
