"""Whatever was answered is there after SIGKILL, at any moment."""

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.sandbox.people import (
    application,
    link_bank,
    open_account,
    order,
    trading_account,
    trading_path,
    transfer,
    wait_for_order,
    wait_for_transfer,
)
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually


@pytest.mark.parametrize("round_number", range(3))
def test_everything_answered_before_a_kill_is_there_after_it(
    tmp_path_factory: pytest.TempPathFactory, round_number: int
) -> None:
    with process_at(tmp_path_factory.mktemp("kill") / "state") as process:
        account_id = open_account(process, cash="100000")
        answered: list[str] = []

        def place_orders() -> None:
            session = requests.Session()
            session.auth = (process.key, process.secret)
            body = {
                "symbol": "AAPL",
                "notional": "2",
                "side": "buy",
                "type": "market",
                "time_in_force": "day",
            }
            try:
                while True:
                    reply = session.post(
                        process.url + trading_path(account_id, "/orders"), json=body, timeout=(2, 5)
                    )
                    answered.append(reply.json()["id"])
            except requests.RequestException:
                session.close()

        threads = [threading.Thread(target=place_orders) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.4 + 0.15 * round_number)
        process.kill()
        for thread in threads:
            thread.join()
        process.start()

        assert len(answered) > 20
        for order_id in answered:
            wait_for_order(process, account_id, order_id, "filled")
        assert_books_balance(process, account_id)


def test_sums_still_hold_after_many_restarts(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("restarts") / "state") as process:
        account_id = open_account(process, cash="1000")
        for _ in range(3):
            order(process, account_id, notional="50")
            process.kill()
            process.start()
        process.stop()
        process.start()

        eventually(lambda: not process.get(trading_path(account_id, "/orders")), what="no open order")
        assert_books_balance(process, account_id)
        assert len(process.get(trading_path(account_id, "/orders"), params={"status": "all"})) == 3


def test_transfer_under_way_completes_after_a_kill_and_is_booked_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with process_at(tmp_path_factory.mktemp("transfer") / "state", speed=300) as process:
        account_id = open_account(process)
        link_id = link_bank(process, account_id)
        created = transfer(process, account_id, link_id, amount="77").json()
        for status in ("SENT_TO_CLEARING", "COMPLETE"):
            process.kill()
            process.start()
            wait_for_transfer(process, account_id, created["id"], status)
        process.kill()
        process.start()

        assert trading_account(process, account_id)["cash"] == "77"
        assert len(process.get("/v1/accounts/activities", params={"account_id": account_id})) == 1


def test_dropped_reply_then_kill_keeps_the_one_object(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("drop") / "state") as process:
        body = application()
        process.fail_next("POST", "/v1/accounts", "drop_reply")
        with pytest.raises(requests.ConnectionError):
            process.request("POST", "/v1/accounts", json=body)
        process.kill()
        process.start()

        found: list[Any] = process.get("/v1/accounts", params={"query": body["contact"]["email_address"]})
        assert len(found) == 1


def test_key_and_firm_account_stay_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("stable") / "state") as process:
        before = (process.key, process.secret, process.firm_account_id)
        process.kill()
        process.start()

        assert (process.key, process.secret, process.firm_account_id) == before


def assert_books_balance(process: SandboxProcess, account_id: str) -> None:
    """Cash is the sum of the activities, a position the sum of its fills, and no cash is held any more."""
    cash, shares = Decimal(0), Decimal(0)
    token: dict[str, str] = {}
    while page := process.get("/v1/accounts/activities", params={"account_id": account_id, **token}):
        for row in page:
            if row["activity_type"] == "FILL":
                shares += Decimal(row["qty"])
                cash -= (Decimal(row["qty"]) * Decimal(row["price"])).quantize(
                    Decimal("0.01"), "ROUND_HALF_UP"
                )
            else:
                cash += Decimal(row["net_amount"])
        token = {"page_token": page[-1]["id"]}
    balances = trading_account(process, account_id)
    assert (Decimal(balances["cash"]), balances["buying_power"]) == (cash, balances["cash"])
    assert Decimal(process.get(trading_path(account_id, "/positions/AAPL"))["qty"]) == shares
