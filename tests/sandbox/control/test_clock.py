"""The sandbox's own time, over HTTP."""

import datetime as dt
import email.utils
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.people import application, apply, open_account, order, wait_for_order, wait_for_status
from tests.sandbox.process import now_of, process_at
from tests.sandbox_process import SandboxProcess

CLOCK = "/_sandbox/clock"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One whose clock these tests may move."""
    with process_at(tmp_path_factory.mktemp("clock") / "state", market="real") as running:
        yield running


@pytest.fixture(autouse=True)
def running_clock(process: SandboxProcess) -> Iterator[None]:
    yield
    move(process, resume=True)


def move(process: SandboxProcess, **body: Any) -> dict[str, Any]:
    reply = process.request("POST", CLOCK, json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_clock_tells_what_it_does(process: SandboxProcess) -> None:
    clock = process.get(CLOCK)

    assert set(clock) == {
        "now", "frozen", "offset_seconds", "speed", "is_open", "date_header_skew_seconds",
    }  # fmt: skip
    assert (clock["frozen"], clock["speed"]) == (False, 1000)


def test_frozen_clock_stands_still_and_goes_on_from_there(process: SandboxProcess) -> None:
    frozen = move(process, freeze=True)
    time.sleep(0.1)
    assert process.get(CLOCK)["now"] == frozen["now"]
    assert process.get(CLOCK)["frozen"] is True

    resumed = move(process, resume=True)
    assert resumed["frozen"] is False
    assert resumed["now"] >= frozen["now"]
    # It has not caught up: it is behind the machine's clock by what it stood still.
    assert resumed["offset_seconds"] <= frozen["offset_seconds"] - 0.1


def test_nothing_comes_due_while_frozen_until_the_clock_is_moved(process: SandboxProcess) -> None:
    move(process, freeze=True)
    account_id = apply(process)["id"]
    time.sleep(0.2)
    assert process.get(f"/v1/accounts/{account_id}")["status"] == "SUBMITTED"

    for status in ("APPROVED", "ACTIVE"):
        move(process, advance_seconds=1)
        wait_for_status(process, account_id, status)


def test_frozen_clock_is_kept_over_a_kill(tmp_path: Path) -> None:
    with process_at(tmp_path / "state") as process:
        frozen = move(process, advance_seconds=86_400, freeze=True)
        process.kill()
        process.start()

        assert process.get(CLOCK)["now"] == frozen["now"]


def test_set_and_next_open(process: SandboxProcess) -> None:
    target = process.get("/v1/clock")["next_open"]
    opened = move(process, to_next_open=True, freeze=True)
    assert dt.datetime.fromisoformat(opened["now"]) == dt.datetime.fromisoformat(target)
    assert opened["is_open"] is True

    later = dt.datetime.fromisoformat(opened["now"]) + dt.timedelta(minutes=5)
    assert dt.datetime.fromisoformat(move(process, set=later.isoformat())["now"]) == later


def date_of(reply: requests.Response) -> dt.datetime:
    return email.utils.parsedate_to_datetime(reply.headers["Date"])


def test_every_reply_is_dated_by_the_clock_of_the_sandbox(process: SandboxProcess) -> None:
    move(process, freeze=True, advance_seconds=86_400)
    now = dt.datetime.fromisoformat(process.get(CLOCK)["now"]).replace(microsecond=0)

    for path in ("/v1/assets/AAPL", "/v1/nothing", "/v1/accounts/x", "/"):
        assert date_of(process.request("GET", path)) == now
    assert date_of(process.request("GET", "/v1/clock", auth=("wrong", "key"))) == now


def test_skewed_clock_dates_replies_and_what_is_made_and_still_moves_on(process: SandboxProcess) -> None:
    before = dt.datetime.fromisoformat(move(process, freeze=True)["now"])
    applied = apply(process)
    try:
        skewed = move(process, date_header_skew_seconds=-300)
        assert skewed["date_header_skew_seconds"] == -300
        assert dt.datetime.fromisoformat(skewed["now"]) == before - dt.timedelta(minutes=5)
        later = process.request("POST", "/v1/accounts", json=application())
        made = dt.datetime.fromisoformat(later.json()["created_at"])
        assert made == before - dt.timedelta(minutes=5)
        assert date_of(later) == made.replace(microsecond=0)

        move(process, advance_seconds=1)  # what was under way takes no longer
        for account_id in (applied["id"], later.json()["id"]):
            assert process.get(f"/v1/accounts/{account_id}")["status"] == "APPROVED"
    finally:
        right = move(process, date_header_skew_seconds=0)
    assert dt.datetime.fromisoformat(right["now"]) == before + dt.timedelta(seconds=1)


def test_resting_order_fills_on_a_clock_that_went_back(tmp_path: Path) -> None:
    with process_at(tmp_path / "state") as process:
        account_id = open_account(process, cash="1000")
        played = {"symbol": "AAPL"}
        process.request("POST", "/_sandbox/scenarios/halt", json=played).raise_for_status()
        resting = order(process, account_id, qty="1").json()
        wait_for_order(process, account_id, resting["id"], "new")
        move(process, date_header_skew_seconds=-3600)
        process.request("POST", "/_sandbox/scenarios/resume", json=played).raise_for_status()
        wait_for_order(process, account_id, resting["id"], "filled")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"advance_seconds": "x"}, {"advance_seconds": -1}, {"advance_seconds": 1e12},
        {"set": "yesterday"}, {"set": "2020-01-01T00:00:00Z"}, {"set": "2026-01-01T00:00:00"},
        {"freeze": True, "resume": True},
        {"date_header_skew_seconds": "x"}, {"date_header_skew_seconds": -90_000},
        {"freeze": False}, {"freeze": "yes"}, {"advance_to": "9999-12-31T00:00:00Z"},
    ],
)  # fmt: skip
def test_clock_refuses_what_makes_no_sense(process: SandboxProcess, body: dict[str, Any]) -> None:
    assert process.request("POST", CLOCK, json=body).status_code == 422
    assert process.get(CLOCK)["frozen"] is False


def test_new_folder_begins_where_it_is_told_and_an_old_one_goes_on(tmp_path: Path) -> None:
    begin = dt.datetime(2020, 2, 29, 12, tzinfo=dt.UTC)
    with process_at(tmp_path / "state", begin) as process:
        assert begin <= now_of(process) < begin + dt.timedelta(minutes=1)
        process.advance(86_400)
        process.kill()
        process.start()

        assert now_of(process) >= begin + dt.timedelta(days=1)
