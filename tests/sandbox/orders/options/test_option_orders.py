from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.in_process import InProcess
from tests.sandbox.traders import Trader, at_expiry, contract, share_price


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    process = InProcess(tmp_path_factory.mktemp("options") / "state")
    yield process
    process.stop()


def message_of(answer: Any) -> tuple[int, str]:
    return answer.status, answer.body["message"]


# Buying


def test_buy_costs_a_hundred_times_the_premium(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")

    order = trader.trade(call["symbol"], 3)

    price = Decimal(order["filled_avg_price"])
    assert (order["asset_class"], order["asset_id"]) == ("us_option", call["id"])
    assert order["position_intent"] == "buy_to_open"
    assert trader.amount("cash") == 100_000 - 300 * price
    assert trader.amount("options_buying_power") == trader.amount("cash")


def test_buy_reserves_cash_until_it_is_canceled(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")

    order = trader.order(call["symbol"], 2, limit_price="0.01", time_in_force="gtc")

    assert order.status == 200
    assert trader.amount("options_buying_power") == Decimal("99998")
    trader.ask("DELETE", f"orders/{order.body['id']}")
    assert trader.amount("options_buying_power") == 100_000


def test_order_by_contract_id_and_with_intent(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")

    order = trader.trade(call["id"], 1, position_intent="buy_to_open")

    assert (order["symbol"], order["position_intent"]) == (call["symbol"], "buy_to_open")


def test_gtc_order_ends_with_the_contract(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")

    order = trader.order(call["symbol"], 1, limit_price="0.01", time_in_force="gtc").body

    assert order["expires_at"].startswith(call["expiration_date"])


def test_buy_beyond_the_cash_is_refused_with_margin_too(broker: InProcess) -> None:
    call = contract(broker, "F", "call")
    for trader in (Trader(broker, cash="3000"), Trader(broker, cash="3000", margin=True)):
        answer = trader.order(call["symbol"], 1, limit_price="30.01")
        assert message_of(answer) == (
            403, "insufficient options buying power (required: 3001, available: 3000)"
        )  # fmt: skip


@pytest.mark.parametrize(
    ("level", "message"),
    [(0, "account not authorized to trade options"), (1, "account not eligible for level2 options trading")],
)
def test_buy_below_level_two_is_refused(broker: InProcess, level: int, message: str) -> None:
    trader, call = Trader(broker, level=level), contract(broker, "F", "call")

    assert message_of(trader.order(call["symbol"], 1)) == (403, message)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"qty": "1.5"}, "qty must be integer for options trading"),
        ({"qty": None, "notional": "100"}, "notional orders are not supported for options trading"),
        (
            {"type": "limit", "limit_price": "1", "extended_hours": True},
            "extended hours is not supported for",
        ),
        ({"type": "stop", "stop_price": "1"}, "order type must be market or limit"),
        ({"time_in_force": "ioc"}, "time_in_force must be day"),
        ({"time_in_force": "gtc"}, "time_in_force must be day"),
        (
            {"type": "limit", "limit_price": "1", "order_class": "oto", "take_profit": {"limit_price": "2"}},
            "order_class must be simple",
        ),
        ({"order_class": "mleg"}, "mleg orders are not enabled"),
        ({"type": "limit", "limit_price": "0.0150"}, "invalid limit_price 0.015. sub-penny increment"),
        ({"position_intent": "buy_to_close"}, "position intent mismatch, inferred: buy_to_open, specified: "),
        ({"position_intent": "sell_to_open"}, "position_intent sell_to_open does not fit side buy"),
        ({"position_intent": "hold"}, "invalid position_intent"),
        ({"position_intent": 5}, "invalid position_intent"),
        ({"symbol": "F270114C00014000"}, 'contract "F270114C00014000" not found'),
        ({"symbol": "F270115C00014250"}, 'contract "F270115C00014250" not found'),
        (
            {"symbol": "98359ef7-5124-49f3-85ea-5cf02df6defa"},
            'asset "98359ef7-5124-49f3-85ea-5cf02df6defa" not found',
        ),
    ],
)
def test_order_that_does_not_fit_options_is_refused(
    broker: InProcess, members: dict[str, Any], message: str
) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")

    status, text = message_of(trader.order(call["symbol"], 1, **members))

    assert (status, text[: len(message)]) == (422, message)
    assert trader.amount("options_buying_power") == 100_000


def test_estimate_and_replace_an_option_order(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")
    body = {"symbol": call["symbol"], "qty": "2", "side": "buy", "type": "market", "time_in_force": "day"}
    assert trader.ask("POST", "orders/estimation", body)["filled_qty"] == "2"
    order = trader.order(call["symbol"], 2, limit_price="0.01").body
    broker.advance(1)

    replaced = trader.ask("PATCH", f"orders/{order['id']}", {"qty": "3", "limit_price": "0.02"})

    assert (replaced["qty"], replaced["limit_price"], replaced["position_intent"]) == (
        "3",
        "0.02",
        "buy_to_open",
    )
    assert trader.amount("options_buying_power") == 99_994
    broker.advance(1)
    bad = trader.send("PATCH", f"orders/{replaced['id']}", {"limit_price": "0.0250"})
    assert (bad.status, trader.amount("options_buying_power")) == (422, 99_994)
    assert trader.send("PATCH", f"orders/{replaced['id']}", {"time_in_force": "ioc"}).status == 422


# Positions


def test_position_of_an_option(broker: InProcess) -> None:
    trader, put = Trader(broker), contract(broker, "F", "put", moneyness="1.05", days=20)
    order = trader.trade(put["symbol"], 2)

    position = trader.position(put["id"])

    assert position is not None
    price, paid = Decimal(position["current_price"]), Decimal(order["filled_avg_price"])
    assert (position["symbol"], position["exchange"], position["asset_class"]) == (
        put["symbol"],
        "",
        "us_option",
    )
    assert (position["asset_id"], position["asset_marginable"], position["qty"]) == (put["id"], False, "2")
    assert Decimal(position["market_value"]) == 200 * price
    assert Decimal(position["cost_basis"]) == 200 * paid
    assert (
        Decimal(position["unrealized_pl"])
        == Decimal(position["unrealized_intraday_pl"])
        == 200 * (price - paid)
    )
    assert trader.amount("equity") == trader.amount("cash") + 200 * price
    assert trader.amount("long_market_value") == 200 * price


def test_option_is_not_lent_on(broker: InProcess) -> None:
    """With margin, what is in options counts for nothing but itself."""
    trader, call = Trader(broker, margin=True), contract(broker, "F", "call", days=20)

    trader.trade(call["symbol"], 10)

    assert trader.amount("buying_power") == 2 * trader.amount("cash")


def test_close_position_in_part_and_in_whole(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")
    trader.trade(call["symbol"], 4)

    part = trader.ask("DELETE", f"positions/{call['symbol']}", percentage="50")
    broker.advance(1)

    assert (part["qty"], part["position_intent"]) == ("2", "sell_to_close")
    assert trader.held() == {call["symbol"]: 2}
    assert trader.send("DELETE", f"positions/{call['symbol']}", qty="0.5").status == 422
    assert trader.ask("DELETE", "positions")[0]["status"] == 200
    broker.advance(1)
    assert trader.held() == {}
    fills = trader.activities("FILL")
    cash = sum(
        Decimal(fill["qty"]) * Decimal(fill["price"]) * (-100 if fill["side"] == "buy" else 100)
        for fill in fills
    )
    assert trader.amount("cash") == 100_000 + cash
    assert trader.amount("cash_withdrawable") < trader.amount("cash")  # a sale settles on the next day


def test_sell_more_than_is_held_is_refused(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "F", "call")
    trader.trade(call["symbol"], 2)
    assert trader.order(call["symbol"], 1, "sell", limit_price="50").status == 200

    answer = trader.order(call["symbol"], 2, "sell")

    assert message_of(answer) == (403, "insufficient qty available for order (requested: 2, available: 1)")
    position = trader.position(call["symbol"])
    assert position is not None
    assert (position["qty"], position["qty_available"]) == ("2", "1")


# Writing


def test_covered_call_locks_the_shares(broker: InProcess) -> None:
    trader, call = Trader(broker, level=1), contract(broker, "F", "call")
    trader.trade("F", "150")

    order = trader.trade(call["symbol"], 1, "sell")

    shares, written = trader.position("F"), trader.position(call["symbol"])
    assert shares is not None
    assert written is not None
    assert order["position_intent"] == "sell_to_open"
    assert (shares["qty"], shares["qty_available"]) == ("150", "50")
    assert (written["qty"], written["side"]) == ("-1", "short")
    assert Decimal(written["market_value"]) < 0
    assert trader.amount("short_market_value") == Decimal(written["market_value"])
    assert trader.order("F", "51", "sell").status == 403
    again = trader.order(call["symbol"], 1, "sell")
    assert message_of(again) == (
        403, "insufficient underlying qty available for covered call (required: 100, available: 50)"
    )  # fmt: skip


def test_written_call_is_bought_back(broker: InProcess) -> None:
    trader, call = Trader(broker, level=1), contract(broker, "F", "call")
    trader.trade("F", "200")
    trader.trade(call["symbol"], 2, "sell")

    assert trader.order(call["symbol"], 3).status == 403
    trader.trade(call["symbol"], 1, position_intent="buy_to_close")
    trader.ask("DELETE", f"positions/{call['symbol']}")
    broker.advance(1)

    shares = trader.position("F")
    assert shares is not None
    assert (trader.held(), shares["qty_available"]) == ({"F": 200}, "200")


def test_resting_covered_call_locks_the_shares_until_it_is_canceled(broker: InProcess) -> None:
    trader, call = Trader(broker, level=1), contract(broker, "F", "call")
    trader.trade("F", "300")

    order = trader.order(call["symbol"], 3, "sell", limit_price="90").body
    broker.advance(1)

    assert trader.position("F")["qty_available"] == "0"  # type: ignore[index]
    trader.ask("POST", "/_sandbox/scenarios/partial_fill", {"account_id": trader.id, "qty": "1"})
    assert trader.position("F")["qty_available"] == "0"  # type: ignore[index]
    trader.ask("DELETE", f"orders/{order['id']}")
    assert trader.position("F")["qty_available"] == "200"  # type: ignore[index]
    assert trader.held() == {"F": 300, call["symbol"]: -1}


def test_cash_secured_put_holds_the_strike(broker: InProcess) -> None:
    trader, put = Trader(broker, level=1, cash="5000"), contract(broker, "F", "put")
    strike = Decimal(put["strike_price"]) * 100

    order = trader.trade(put["symbol"], 2, "sell")

    premium = Decimal(order["filled_avg_price"]) * 200
    assert trader.amount("cash") == 5000 + premium
    assert trader.amount("options_buying_power") == 5000 + premium - 2 * strike
    refused = trader.order(put["symbol"], 3, "sell")
    assert refused.status == 403
    assert refused.body["message"].startswith("insufficient options buying power (required: ")
    trader.ask("DELETE", f"positions/{put['symbol']}")
    broker.advance(1)
    assert trader.amount("options_buying_power") == trader.amount("cash")


def test_written_put_is_bought_back_with_what_stands_behind_it(broker: InProcess) -> None:
    put = contract(broker, "F", "put", moneyness="1.1")
    trader = Trader(broker, level=1, cash=str(Decimal(put["strike_price"]) * 100))
    sold = trader.trade(put["symbol"], 1, "sell")
    assert trader.amount("options_buying_power") == Decimal(sold["filled_avg_price"]) * 100

    limit = Decimal(sold["filled_avg_price"]) + 1
    order = trader.order(put["symbol"], 1, limit_price=str(limit))

    assert order.status == 200
    assert trader.amount("options_buying_power") == 0
    broker.advance(1)
    assert trader.held() == {}
    assert trader.amount("options_buying_power") == trader.amount("cash") > 0


def test_write_at_level_zero_is_refused(broker: InProcess) -> None:
    trader, put = Trader(broker, level=0), contract(broker, "F", "put")

    assert message_of(trader.order(put["symbol"], 1, "sell")) == (
        403,
        "account not authorized to trade options",
    )


def test_write_while_a_purchase_is_open_is_refused(broker: InProcess) -> None:
    trader, put = Trader(broker), contract(broker, "F", "put")
    assert trader.order(put["symbol"], 1, limit_price="0.01").status == 200

    assert trader.order(put["symbol"], 1, "sell", limit_price="9").status == 403


def test_split_of_a_share_with_options_is_refused(broker: InProcess) -> None:
    trader, call = Trader(broker, level=1), contract(broker, "F", "call")
    trader.trade("F", "100")
    trader.trade(call["symbol"], 1, "sell")

    body = {"account_id": trader.id, "symbol": "F", "ratio": "2"}
    assert trader.send("POST", "/_sandbox/scenarios/split", body).status == 422


def test_halted_share_halts_its_options(broker: InProcess) -> None:
    trader, call = Trader(broker), contract(broker, "GM", "call")
    trader.ask("POST", "/_sandbox/scenarios/halt", {"symbol": "GM"})
    order = trader.order(call["symbol"], 1).body
    broker.advance(1)

    assert trader.ask("GET", f"orders/{order['id']}")["status"] == "new"
    trader.ask("POST", "/_sandbox/scenarios/resume", {"symbol": "GM"})
    broker.advance(1)
    assert trader.ask("GET", f"orders/{order['id']}")["status"] == "filled"


# Hours


def test_orders_on_the_last_day_and_after_it(tmp_path: Path) -> None:
    broker = InProcess(tmp_path / "state")
    trader, call = Trader(broker), contract(broker, "F", "call")
    trader.trade(call["symbol"], 2)
    broker.request("POST", "/_sandbox/clock", {"set": f"{call['expiration_date']}T15:30:00-05:00"})

    late = trader.order(call["symbol"], 1)
    trader.trade(call["symbol"], 1, "sell")
    at_expiry(broker, call)
    over = trader.order(call["symbol"], 1)

    assert message_of(late) == (
        422, f'contract "{call["symbol"]}" expires soon, unable to open new positions'
    )  # fmt: skip
    assert message_of(over) == (422, f'contract "{call["symbol"]}" is expired')
    broker.stop()


def test_market_orders_wait_for_no_open(tmp_path: Path) -> None:
    broker = InProcess(tmp_path / "state", market="real")
    trader, call = Trader(broker), contract(broker, "F", "call", days=10)
    broker.request("POST", "/_sandbox/clock", {"set": "2027-01-04T16:00:00-05:00"})

    market = trader.order(call["symbol"], 1)
    limit = trader.order(call["symbol"], 1, limit_price=str(share_price(broker, "F")), time_in_force="gtc")
    broker.advance(3600)

    assert message_of(market) == (422, "options market orders are only allowed during market hours")
    assert trader.ask("GET", f"orders/{limit.body['id']}")["status"] == "accepted"
    broker.request("POST", "/_sandbox/clock", {"set": "2027-01-05T09:31:00-05:00"})
    broker.advance(1)
    assert trader.ask("GET", f"orders/{limit.body['id']}")["status"] == "filled"
    broker.stop()
