import time
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.people import (
    apply,
    buy,
    open_account,
    order,
    trading_account,
    trading_path,
    wait_for_order,
)
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def cents(value: Decimal) -> Decimal:
    return round(value, 2)


def activities(sandbox: SandboxProcess, account_id: str) -> list[dict[str, Any]]:
    return sandbox.get("/v1/accounts/activities", params={"account_id": account_id})


def position(sandbox: SandboxProcess, account_id: str, symbol: str = "AAPL") -> dict[str, Any]:
    return sandbox.get(trading_path(account_id, f"/positions/{symbol}"))


@pytest.mark.parametrize("qty", ["1", "0.42", "0.123456789", 2, 1.5])
def test_market_buy_by_quantity(sandbox: SandboxProcess, qty: Any) -> None:
    account_id = open_account(sandbox, cash="5000")

    filled = buy(sandbox, account_id, qty=qty)

    assert (filled["qty"], filled["filled_qty"], filled["notional"]) == (str(qty), str(qty), None)
    cost = (Decimal(str(qty)) * Decimal(filled["filled_avg_price"])).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )
    balances = trading_account(sandbox, account_id)
    assert Decimal(balances["cash"]) == 5000 - cost
    assert balances["buying_power"] == balances["cash"], "nothing is held any more"
    held = position(sandbox, account_id)
    assert (held["qty"], held["qty_available"], held["avg_entry_price"]) == (
        str(qty),
        str(qty),
        filled["filled_avg_price"],
    )


def test_market_buy_by_amount_spends_no_more_than_it(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")

    filled = buy(sandbox, account_id, notional="250")

    assert (filled["notional"], filled["qty"]) == ("250", None)
    spent = 1000 - Decimal(trading_account(sandbox, account_id)["cash"])
    assert Decimal("249.99") <= spent <= 250
    worth = Decimal(filled["filled_qty"]) * Decimal(filled["filled_avg_price"])
    assert 0 <= 250 - worth < Decimal("0.000001")


def test_order_is_accepted_first(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")

    accepted = order(sandbox, account_id, qty="1").json()

    assert (accepted["status"], accepted["filled_qty"], accepted["order_class"]) == ("accepted", "0", "")
    nullable = (
        "filled_at",
        "filled_avg_price",
        "limit_price",
        "stop_price",
        "legs",
        "replaced_by",
        "canceled_at",
    )
    assert [accepted[name] for name in nullable] == [None] * len(nullable)


def test_sale_books_proceeds_that_cannot_be_withdrawn_yet(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    bought = buy(sandbox, account_id, qty="2")

    sold = buy(sandbox, account_id, side="sell", qty="0.5")

    balances = trading_account(sandbox, account_id)
    proceeds = Decimal(sold["filled_avg_price"]) / 2
    cost = Decimal(bought["filled_avg_price"]) * 2
    assert abs(Decimal(balances["cash"]) - (1000 - cost + proceeds)) <= Decimal("0.01")
    assert abs(Decimal(balances["cash_withdrawable"]) - (1000 - cost)) <= Decimal("0.01")
    assert balances["buying_power"] == balances["cash"]
    assert position(sandbox, account_id)["qty"] == "1.5"


def test_buys_fill_at_the_ask_and_sales_at_the_bid(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000000")
    quotes = []
    prices = []
    for side in ("buy", "sell"):
        quotes.append(sandbox.get("/v2/stocks/SPY/quotes/latest")["quote"])
        prices.append(Decimal(buy(sandbox, account_id, symbol="SPY", qty="1", side=side)["filled_avg_price"]))
        quotes.append(sandbox.get("/v2/stocks/SPY/quotes/latest")["quote"])

    # The second may have changed between the quote and the fill, not more than once.
    assert prices[0] in [Decimal(str(quote["ap"])) for quote in quotes[:2]]
    assert prices[1] in [Decimal(str(quote["bp"])) for quote in quotes[2:]]


def test_activities_add_up_to_the_cash(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="3000.55")
    for members in (
        {"qty": "0.333"},
        {"notional": "99.99"},
        {"symbol": "MSFT", "qty": "1"},
        {"qty": "0.1", "side": "sell"},
    ):
        buy(sandbox, account_id, **members)

    total = Decimal(0)
    for row in activities(sandbox, account_id):
        if row["activity_type"] == "FILL":
            amount = (Decimal(row["qty"]) * Decimal(row["price"])).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            total += amount if row["side"] == "sell" else -amount
        else:
            total += Decimal(row["net_amount"])

    assert total == Decimal(trading_account(sandbox, account_id)["cash"])


@pytest.mark.parametrize(
    ("members", "status", "code", "words"),
    [
        ({"qty": None}, 422, 40010001, "qty or notional is required"),
        ({"qty": "1", "notional": "5"}, 422, 40010001, "only one of qty or notional is accepted"),
        ({"qty": "0"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "-1"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "1.1234567891"}, 422, 40010001, "qty must be limited to 9 decimal places"),
        ({"notional": "10.001"}, 422, 40010001, "notional value must be limited to 2 decimal places"),
        ({"notional": "0.99"}, 403, 40310000, "cost basis must be >= minimal amount of order 1"),
        ({"qty": "1", "side": "hold"}, 422, 40010001, "invalid side"),
        ({"qty": "1", "type": "magic"}, 422, 40010001, "invalid order type"),
        ({"qty": "1", "time_in_force": "soon"}, 422, 40010001, "invalid time_in_force"),
        ({"qty": "1", "type": "limit"}, 422, 40010001, "limit orders require a limit price"),
        ({"qty": "1", "type": "stop"}, 422, 40010001, "stop orders require a stop price"),
        ({"qty": "1", "limit_price": "5"}, 422, 40010001, "market orders require no stop or limit price"),
        ({"qty": "1", "type": "limit", "limit_price": "290.123"}, 422, 42210000, "sub-penny increment"),
        ({"qty": "1", "type": "stop", "stop_price": "5"}, 422, 42210000, "stop price must be greater than"),
        ({"qty": "1", "order_class": "bracket"}, 422, 42210000, "bracket orders require take_profit"),
        ({"qty": "0.5", "time_in_force": "gtc"}, 422, 42210000, "fractional orders must be DAY orders"),
        (
            {"qty": "1", "extended_hours": True},
            422,
            42210000,
            "extended hours order must be DAY or GTC limit orders",
        ),
        ({"qty": "1", "symbol": "NOSUCH"}, 422, 42210000, 'asset "NOSUCH" not found'),
        ({"qty": "1", "symbol": ""}, 422, 40010001, "symbol is required"),
        ({"qty": "1", "client_order_id": "x" * 129}, 422, 40010001, "no more than 128 characters"),
        ({"qty": "1", "side": "sell"}, 403, 40310000, "account is not allowed to short"),
        ({"qty": "0.5", "side": "sell"}, 422, 42210000, "fractional orders cannot be sold short"),
    ],
)
def test_order_refused(
    sandbox: SandboxProcess, members: dict[str, Any], status: int, code: int, words: str
) -> None:
    account_id = open_account(sandbox, cash="1000")

    reply = order(sandbox, account_id, **members)

    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert words in reply.json()["message"]
    assert sandbox.get(trading_path(account_id, "/orders"), params={"status": "all"}) == []


def test_order_above_buying_power_names_both_amounts(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")

    reply = order(sandbox, account_id, notional="100.01")

    assert (reply.status_code, reply.json()) == (
        403,
        {
            "code": 40310000,
            "message": "insufficient buying power",
            "buying_power": "100",
            "cost_basis": "100.01",
        },
    )


def test_open_orders_hold_cash(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    first = order(sandbox, account_id, qty="1", type="limit", limit_price="80", time_in_force="gtc").json()

    assert trading_account(sandbox, account_id)["buying_power"] == "20"
    assert order(sandbox, account_id, notional="20.01").status_code == 403

    sandbox.request("DELETE", trading_path(account_id, f"/orders/{first['id']}")).raise_for_status()
    assert trading_account(sandbox, account_id)["buying_power"] == "100"


def test_sale_of_more_than_is_held_names_what_there_is(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    buy(sandbox, account_id, qty="1.5")
    order(sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999", time_in_force="gtc")

    reply = order(
        sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999", time_in_force="gtc"
    )

    assert (reply.status_code, reply.json()) == (
        403,
        {
            "code": 40310000,
            "message": "insufficient qty available for order (requested: 1, available: 0.5)",
            "available": "0.5",
            "existing_qty": "1.5",
            "held_for_orders": "1",
            "symbol": "AAPL",
        },
    )


def test_client_order_id_is_unique_within_an_account(sandbox: SandboxProcess) -> None:
    account_id, other = (open_account(sandbox, cash="1000") for _ in range(2))
    first = order(sandbox, account_id, notional="5", client_order_id="mine").json()

    again = order(sandbox, account_id, notional="5", client_order_id="mine")

    assert (again.status_code, again.json()["message"]) == (422, "client_order_id must be unique")
    assert order(sandbox, other, notional="5", client_order_id="mine").status_code == 200
    path = trading_path(account_id, "/orders:by_client_order_id")
    assert sandbox.get(path, params={"client_order_id": "mine"})["id"] == first["id"]
    assert sandbox.request("GET", path, params={"client_order_id": "other"}).status_code == 404


def test_opposite_orders_that_could_meet_are_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="10000")
    buy(sandbox, account_id, qty="2")
    resting = order(
        sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9000", time_in_force="gtc"
    ).json()

    refused = order(sandbox, account_id, qty="1")
    assert (refused.status_code, refused.json()["existing_order_id"]) == (403, resting["id"])
    assert order(sandbox, account_id, qty="1", type="limit", limit_price="10").status_code == 200


@pytest.mark.parametrize("status", ["SUBMITTED", "REJECTED", "ACTION_REQUIRED"])
def test_order_of_an_account_that_is_not_active(sandbox: SandboxProcess, status: str) -> None:
    account_id = apply(sandbox, additional_information=f"/fixtures/status={status}/fixtures/")["id"]

    reply = order(sandbox, account_id, notional="5")

    assert (reply.status_code, reply.json()["message"]) == (403, "account not authorized to trade")


def test_limit_order_fills_when_the_price_allows(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    ask = Decimal(str(sandbox.get("/v2/stocks/AAPL/quotes/latest")["quote"]["ap"]))
    limit = str(cents(ask * Decimal("1.05")))

    filled = buy(sandbox, account_id, qty="1", type="limit", limit_price=limit)

    assert Decimal(filled["filled_avg_price"]) <= Decimal(limit)
    assert (
        trading_account(sandbox, account_id)["buying_power"] == trading_account(sandbox, account_id)["cash"]
    )


def test_limit_order_rests_until_it_expires(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("limit") / "state") as process:
        account_id = open_account(process, cash="5000")
        day = order(process, account_id, qty="1", type="limit", limit_price="1").json()
        gtc = order(process, account_id, qty="1", type="limit", limit_price="1", time_in_force="gtc").json()
        wait_for_order(process, account_id, day["id"], "new")

        process.advance(7 * 86_400)

        wait_for_order(process, account_id, day["id"], "expired")
        assert process.get(trading_path(account_id, f"/orders/{gtc['id']}"))["status"] == "new"
        assert trading_account(process, account_id)["buying_power"] == "4999"


def test_fill_or_kill_that_cannot_fill_is_canceled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")

    placed = order(sandbox, account_id, qty="1", type="limit", limit_price="1", time_in_force="fok").json()

    wait_for_order(sandbox, account_id, placed["id"], "canceled")


def test_cancel_order(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    resting = order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()
    path = trading_path(account_id, f"/orders/{resting['id']}")

    assert sandbox.request("DELETE", path).status_code == 204
    assert sandbox.get(path)["status"] == "canceled"
    again = sandbox.request("DELETE", path)
    assert (again.status_code, again.json()["code"]) == (422, 42210000)
    assert again.json()["message"] == 'order is already in "canceled" state'
    assert sandbox.request("DELETE", trading_path(account_id, f"/orders/{UNKNOWN}")).status_code == 404


def test_order_of_another_account_is_not_found(sandbox: SandboxProcess) -> None:
    owner, stranger = open_account(sandbox, cash="100"), open_account(sandbox)
    placed = order(sandbox, owner, notional="5").json()

    assert sandbox.request("GET", trading_path(stranger, f"/orders/{placed['id']}")).status_code == 404


def test_list_orders_filters(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    first = buy(sandbox, account_id, notional="10")
    second = buy(sandbox, account_id, notional="10", symbol="MSFT")
    third = order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in sandbox.get(trading_path(account_id, "/orders"), params=params)]

    assert ids() == [third["id"]]
    assert ids(status="closed") == [second["id"], first["id"]]
    assert ids(status="all") == [third["id"], second["id"], first["id"]]
    assert ids(status="all", direction="asc", limit=2) == [first["id"], second["id"]]
    assert ids(status="all", symbols="MSFT,IBM") == [second["id"]]
    assert ids(status="all", after=first["submitted_at"], until=third["submitted_at"]) == [second["id"]]
    assert ids(status="all", side="sell") == []
    for bad in (
        {"status": "odd"},
        {"limit": "501"},
        {"limit": "x"},
        {"direction": "up"},
        {"nested": "maybe"},
    ):
        assert sandbox.request("GET", trading_path(account_id, "/orders"), params=bad).status_code == 422


def test_cancel_all_orders(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    ids = {order(sandbox, account_id, qty="1", type="limit", limit_price="1").json()["id"] for _ in range(2)}

    reply = sandbox.request("DELETE", trading_path(account_id, "/orders"))

    assert reply.status_code == 207
    assert {row["id"] for row in reply.json()} == ids
    assert trading_account(sandbox, account_id)["buying_power"] == "5000"


def test_close_position_wholly_and_in_part(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="2")
    path = trading_path(account_id, "/positions/AAPL")

    half = sandbox.request("DELETE", path, params={"percentage": "50"}).json()
    assert (half["side"], half["qty"]) == ("sell", "1")
    wait_for_order(sandbox, account_id, half["id"], "filled")
    part = sandbox.request("DELETE", path, params={"qty": "0.25"}).json()
    wait_for_order(sandbox, account_id, part["id"], "filled")
    rest = sandbox.request("DELETE", path).json()
    assert rest["qty"] == "0.75"
    wait_for_order(sandbox, account_id, rest["id"], "filled")

    gone = sandbox.request("GET", path)
    assert (gone.status_code, gone.json()) == (404, {"code": 40410000, "message": "position does not exist"})
    assert sandbox.get(trading_path(account_id, "/positions")) == []


def test_close_all_positions_reports_each(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1")
    buy(sandbox, account_id, qty="1", symbol="MSFT")
    order(sandbox, account_id, qty="1", side="sell", type="limit", limit_price="9999")

    reply = sandbox.request("DELETE", trading_path(account_id, "/positions"))
    statuses = {row["symbol"]: row["status"] for row in reply.json()}
    assert (reply.status_code, statuses) == (207, {"AAPL": 403, "MSFT": 200})

    reply = sandbox.request(
        "DELETE", trading_path(account_id, "/positions"), params={"cancel_orders": "True"}
    )
    assert {row["status"] for row in reply.json()} <= {200, 403}
    eventually(lambda: not sandbox.get(trading_path(account_id, "/positions")), what="no position")


def test_position_is_worth_its_shares_at_the_last_price(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="3")

    held = position(sandbox, account_id)

    assert Decimal(held["market_value"]) == 3 * Decimal(held["current_price"])
    assert Decimal(held["cost_basis"]) == 3 * Decimal(held["avg_entry_price"])
    assert Decimal(held["unrealized_pl"]) == Decimal(held["market_value"]) - Decimal(held["cost_basis"])
    assert held["unrealized_intraday_pl"] == held["unrealized_pl"], (
        "bought today: today's gain is all the gain"
    )
    by_id = position(sandbox, account_id, held["asset_id"])
    assert by_id["symbol"] == "AAPL"


def test_margin_needs_the_agreement_and_equity(sandbox: SandboxProcess) -> None:
    signed = [
        {"agreement": name, "signed_at": "2026-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
        for name in ("customer_agreement", "margin_agreement")
    ]
    with_margin, cash_only = (
        open_account(sandbox, cash="2000", agreements=signed),
        open_account(sandbox, cash="2000"),
    )
    small = open_account(sandbox, cash="1999.99", agreements=signed)

    found = [trading_account(sandbox, account_id) for account_id in (with_margin, cash_only, small)]

    assert [(row["multiplier"], row["buying_power"]) for row in found] == [
        ("2", "4000"),
        ("1", "2000"),
        ("1", "1999.99"),
    ]
    buy(sandbox, with_margin, notional="3000")
    assert Decimal(trading_account(sandbox, with_margin)["cash"]) < 0
    assert order(sandbox, with_margin, notional="1100").status_code == 403


def test_configuration_is_kept_and_suspends_trading(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    path = trading_path(account_id, "/account/configurations")
    assert sandbox.get(path)["suspend_trade"] is False

    changed = sandbox.request(
        "PATCH", path, json={"suspend_trade": True, "dtbp_check": None, "pdt_check": "entry"}
    )

    assert (changed.status_code, changed.json()["suspend_trade"]) == (200, True)
    assert order(sandbox, account_id, notional="5").status_code == 403
    assert sandbox.request("PATCH", path, json={"suspend_trade": "yes"}).status_code == 422


def test_order_while_the_market_is_closed_fills_at_the_next_open(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with process_at(tmp_path_factory.mktemp("real") / "state", market="real") as process:
        clock = process.get("/v1/clock")
        if clock["is_open"]:
            process.request(
                "POST", "/_sandbox/clock", json={"advance_to": clock["next_close"]}
            ).raise_for_status()
        account_id = open_account(process, cash="1000")
        placed = order(process, account_id, notional="100").json()
        time.sleep(0.3)
        assert process.get(trading_path(account_id, f"/orders/{placed['id']}"))["status"] == "accepted"
        process.kill()
        process.start()

        process.request("POST", "/_sandbox/clock", json={"advance_to": process.get("/v1/clock")["next_open"]})

        filled = wait_for_order(process, account_id, placed["id"], "filled")
        assert process.get("/v1/clock")["is_open"] is True
        assert filled["filled_at"] > placed["submitted_at"]


def test_positions_of_every_account(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="1")

    everyone = sandbox.get("/v1/accounts/positions")

    assert [row["symbol"] for row in everyone["positions"][account_id]] == ["AAPL"]


def test_part_of_a_whole_position_is_whole(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="3")
    path = trading_path(account_id, "/positions/AAPL")

    assert sandbox.request("DELETE", path, params={"percentage": "50"}).json()["qty"] == "1"
    assert sandbox.request("DELETE", path, params={"percentage": "0.5"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "rest"), [("POST", "/positions/AAPL270115C00250000/exercise"), ("GET", "/limits")]
)
def test_what_no_account_has_is_not_found(sandbox: SandboxProcess, method: str, rest: str) -> None:
    account_id = open_account(sandbox)

    assert sandbox.request(method, trading_path(account_id, rest)).status_code == 404


def test_close_all_leaves_no_order_behind_where_it_was_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000")
    buy(sandbox, account_id, qty="2")
    order(sandbox, account_id, side="sell", qty="2", type="limit", limit_price="900", time_in_force="gtc")

    rows = sandbox.request("DELETE", trading_path(account_id, "/positions")).json()

    assert [row["status"] for row in rows] == [403]
    orders = sandbox.get(trading_path(account_id, "/orders"), params={"status": "all"})
    assert [each["type"] for each in orders] == ["limit", "market"]
