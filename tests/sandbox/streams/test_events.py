import asyncio
import datetime as dt
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.kernel import eventlog
from sandbox.state.world import Settings, World
from sandbox.streams import events
from sandbox.streams.views import ACTIVITIES, SYSTEM
from tests.sandbox.people import (
    apply,
    buy,
    link_bank,
    open_account,
    reviewed_account,
    transfer,
    wait_for_status,
    wait_for_transfer,
)
from tests.sandbox.process import now_of, process_at
from tests.sandbox_process import SandboxProcess, eventually

ACCOUNTS = "/v1/events/accounts/status"
FUNDING = "/v2/events/funding/status"
TRADES = "/v2/events/trades"


def soon(sandbox: SandboxProcess, seconds: float = 0.05) -> str:
    """An instant of the sandbox's time that is still to come."""
    return (now_of(sandbox) + dt.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def replay(sandbox: SandboxProcess, path: str, **params: Any) -> list[dict[str, Any]]:
    """Everything the stream has by now; it must end by itself with a 200."""
    params.setdefault("until" if not {"since_id", "since_ulid"} & set(params) else "ignored", soon(sandbox))
    reply = sandbox.request("GET", path, params=params, timeout=(2, 5))
    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
    assert reply.text.startswith(": welcome to the Alpaca events\n\n")
    return [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: ")]


def of(events: list[dict[str, Any]], **wanted: str) -> list[dict[str, Any]]:
    return [event for event in events if all(event.get(name) == value for name, value in wanted.items())]


def test_account_events_tell_each_status_in_order(sandbox: SandboxProcess) -> None:
    account_id = reviewed_account(sandbox)

    events = replay(sandbox, ACCOUNTS, since="2020-01-01", id=account_id)

    steps = [(event["status_from"], event["status_to"]) for event in events]
    assert steps == [("", "SUBMITTED"), ("SUBMITTED", "APPROVED"), ("APPROVED", "ACTIVE")]
    assert [type(event["event_id"]) for event in events] == [int] * 3
    assert sorted(event["event_ulid"] for event in events) == [event["event_ulid"] for event in events]


def test_kyc_results_are_in_the_event(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox, disclosures__is_politically_exposed=True)["id"]
    wait_for_status(sandbox, account_id, "ACTION_REQUIRED")

    asked = replay(sandbox, ACCOUNTS, since="2020-01-01", id=account_id)[-1]

    assert asked["kyc_results"]["indeterminate"] == {"PEP": {}}


def test_funding_events_of_link_and_transfer(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    link_id = link_bank(sandbox, account_id)
    transfer_id = transfer(sandbox, account_id, link_id, amount="5").json()["id"]
    wait_for_transfer(sandbox, account_id, transfer_id, "COMPLETE")

    newest = of(replay(sandbox, FUNDING, since="2020-01-01"), account_id=account_id)
    legacy = of(replay(sandbox, "/v1/events/transfers/status", since="2020-01-01"), transfer_id=transfer_id)

    assert [(event["entity_type"], event["status_from"], event["status_to"]) for event in newest] == [
        ("BankRelationship", None, "QUEUED"),
        ("BankRelationship", "QUEUED", "APPROVED"),
        ("Transfer", None, "QUEUED"),
        ("Transfer", "QUEUED", "SENT_TO_CLEARING"),
        ("Transfer", "SENT_TO_CLEARING", "COMPLETE"),
    ]
    assert {len(event["event_id"]) for event in newest} == {26}
    assert [event["status_from"] for event in legacy] == ["", "QUEUED", "SENT_TO_CLEARING"]
    assert [event["event_ulid"] for event in legacy] == [event["event_id"] for event in newest[2:]]


@pytest.mark.parametrize("path", [TRADES, "/v2beta1/events/trades", "/v1/events/trades"])
def test_trade_events_carry_the_order_as_it_was(sandbox: SandboxProcess, path: str) -> None:
    account_id = open_account(sandbox, cash="1000")
    filled = buy(sandbox, account_id, notional="100")

    events = of(replay(sandbox, path, since="2020-01-01"), account_id=account_id)

    assert [(event["event"], event["order"]["status"]) for event in events] == [
        ("accepted", "accepted"),
        ("new", "new"),
        ("fill", "filled"),
    ]
    assert events[-1]["order"] == filled
    assert (events[-1]["price"], events[-1]["qty"]) == (filled["filled_avg_price"], filled["filled_qty"])
    assert events[-1]["position_qty"] == filled["filled_qty"]


def test_journal_events_in_both_versions(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    body = {
        "entry_type": "JNLC",
        "from_account": sandbox.firm_account_id,
        "to_account": account_id,
        "amount": "1",
        "description": "hello",
    }
    journal_id = sandbox.request("POST", "/v1/journals", json=body).json()["id"]
    eventually(lambda: sandbox.get(f"/v1/journals/{journal_id}")["status"] == "executed")

    newest = of(replay(sandbox, "/v2/events/journals/status", since="2020-01-01"), journal_id=journal_id)
    legacy = of(replay(sandbox, "/v1/events/journals/status", since="2020-01-01"), journal_id=journal_id)

    assert [event["status_to"] for event in newest] == ["queued", "sent_to_clearing", "executed"]
    assert [event["status_to"] for event in legacy] == ["queued", "sent_to_clearing", "executed"]
    assert newest[0]["description"] == "hello"
    assert set(legacy[0]) == {
        "at", "entry_type", "event_id", "event_ulid", "journal_id", "status_from", "status_to"
    }  # fmt: skip


def test_resume_after_an_id_gives_what_came_later(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    events = replay(sandbox, ACCOUNTS, since="2020-01-01", id=account_id)
    last = events[-1]

    by_number = replay(
        sandbox, ACCOUNTS, since_id=events[0]["event_id"], until_id=last["event_id"], id=account_id
    )
    by_ulid = replay(
        sandbox, ACCOUNTS, since_ulid=events[0]["event_ulid"], until_ulid=last["event_ulid"], id=account_id
    )

    assert by_number == by_ulid == events[1:]


def test_resume_by_ulid_on_a_v2_stream(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    buy(sandbox, account_id, notional="10")
    events = of(replay(sandbox, TRADES, since="2020-01-01"), account_id=account_id)

    later = replay(sandbox, TRADES, since_id=events[0]["event_id"], until_id=events[-1]["event_id"])

    assert of(later, account_id=account_id) == events[1:]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (ACCOUNTS, {"until": "2026-01-01"}),
        (ACCOUNTS, {"until_id": "5"}),
        (ACCOUNTS, {"until_ulid": "01F84ZC0H0Q1QN7XPNWX44HF5J"}),
        (ACCOUNTS, {"since": "2026-01-01", "since_id": "1"}),
        (ACCOUNTS, {"since_id": "1", "since_ulid": "01F84ZC0H0Q1QN7XPNWX44HF5J"}),
        (ACCOUNTS, {"since_id": "01F84ZC0H0Q1QN7XPNWX44HF5J"}),
        (ACCOUNTS, {"since_ulid": "short"}),
        (ACCOUNTS, {"since": "last week"}),
        (ACCOUNTS, {"id": "nobody"}),
        (TRADES, {"since_id": "17"}),
        (TRADES, {"until": "2026-01-01T00:00:00Z"}),
    ],
)
def test_stream_with_invalid_query(sandbox: SandboxProcess, path: str, params: dict[str, str]) -> None:
    reply = sandbox.request("GET", path, params=params, timeout=(2, 5))

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)


def test_stream_without_start_is_live_only(sandbox: SandboxProcess) -> None:
    open_account(sandbox)
    lines: list[str] = []
    reply = requests.get(
        sandbox.url + ACCOUNTS, auth=(sandbox.key, sandbox.secret), stream=True, timeout=(2, 10)
    )
    thread = threading.Thread(
        target=lambda: lines.extend(_lines_until(reply, '"status_to":"ACTIVE"')), daemon=True
    )
    thread.start()
    time.sleep(0.2)

    account_id = reviewed_account(sandbox)

    thread.join(timeout=8)
    reply.close()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert {event["account_id"] for event in events} == {account_id}
    assert [event["status_to"] for event in events] == ["SUBMITTED", "APPROVED", "ACTIVE"]


def test_live_event_arrives_without_delay(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    reply = requests.get(
        sandbox.url + TRADES, auth=(sandbox.key, sandbox.secret), stream=True, timeout=(2, 10)
    )
    lines: list[str] = []
    thread = threading.Thread(target=lambda: lines.extend(_lines_until(reply, '"event":"fill"')), daemon=True)
    thread.start()
    time.sleep(0.2)

    sandbox.request(
        "POST",
        f"/v1/trading/accounts/{account_id}/orders",
        json={"symbol": "AAPL", "notional": "10", "side": "buy", "type": "market", "time_in_force": "day"},
    ).raise_for_status()

    thread.join(timeout=8)
    reply.close()
    assert '"event":"fill"' in lines[-1]
    assert ":heartbeat" not in lines, "it came only when something else woke the stream"


def test_stream_ends_at_a_time_still_to_come(sandbox: SandboxProcess) -> None:
    until = now_of(sandbox) + dt.timedelta(seconds=1)

    replay(sandbox, TRADES, since=soon(sandbox), until=until.isoformat().replace("+00:00", "Z"))

    assert now_of(sandbox) >= until


def test_more_than_25_streams_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("streams") / "state") as process:
        auth = (process.key, process.secret)
        streams = [
            requests.get(process.url + TRADES, auth=auth, stream=True, timeout=(2, 10)) for _ in range(25)
        ]

        refused = process.request("GET", TRADES)
        assert (refused.status_code, refused.json()["message"]) == (429, "Too many requests")

        streams.pop().close()
        eventually(
            lambda: (
                requests.get(process.url + TRADES, auth=auth, stream=True, timeout=(2, 10)).status_code == 200
            ),
            what="a free place",
        )
        for stream in streams:
            stream.close()


def test_events_survive_a_crash_with_the_same_ids(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("events") / "state") as process:
        account_id = open_account(process, cash="100")
        buy(process, account_id, notional="10")
        before = replay(process, TRADES, since="2020-01-01")
        process.kill()
        process.start()

        assert replay(process, TRADES, since="2020-01-01") == before
        buy(process, account_id, notional="10")
        after = [event["event_id"] for event in replay(process, TRADES, since="2020-01-01")]
        assert after == sorted(after)
        assert len(after) == len(before) + 3


def test_activities_stream_and_nta_tell_cash_and_executions(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100.5")
    buy(sandbox, account_id, notional="10")

    cash = replay(sandbox, "/v1/events/nta", since="2020-01-01", id=account_id)
    both = of(replay(sandbox, "/v2beta1/events/activities", since="2020-01-01"), account_id=account_id)

    assert [(event["entry_type"], event["net_amount"], event["qty"]) for event in cash] == [("CSD", 100.5, 0)]
    assert [event["activity_type"] for event in both] == ["CSD", "FILL"]
    assert (both[0]["ref_id"], both[0]["net_amount"]) == (cash[0]["id"], "100.5")
    booked = sandbox.get("/v1/accounts/activities/FILL", params={"account_id": account_id})[0]
    assert booked["id"].endswith(both[1]["ref_id"])
    assert float(both[1]["net_amount"]) == pytest.approx(-10, abs=0.02)

    one = f"/v2beta1/accounts/{account_id}/events/activities/"
    single = sandbox.request("GET", one + both[1]["event_id"])
    assert json.loads(single.text.removeprefix("data: ")) == both[1]
    assert sandbox.request("GET", one + "01F84ZC0H0Q1QN7XPNWX44HF5J").status_code == 404
    assert sandbox.request("GET", one + "7").status_code == 422


def test_system_events_tell_the_end_of_each_trading_day(tmp_path_factory: pytest.TempPathFactory) -> None:
    with process_at(tmp_path_factory.mktemp("days") / "state") as process:
        started = process.get("/_sandbox/clock")["now"]
        process.advance(7 * 86_400)

        told = replay(
            process, "/v2/events/system", since=started, until=process.get("/_sandbox/clock")["now"]
        )

        assert {event["type"] for event in told} == {"eod_balances_ready", "eod_positions_ready"}
        assert 4 <= len({event["system_date"] for event in told}) <= 6


@pytest.mark.parametrize("name", ["admin-actions", "system", "ipos", "trades", "journals/status"])
def test_v2beta1_serves_what_v2_does(sandbox: SandboxProcess, name: str) -> None:
    params = {"since": "2020-01-01", "until": "2020-01-02"}

    for version in ("v2", "v2beta1"):
        assert replay(sandbox, f"/{version}/events/{name}", **params) == []


def test_live_reader_who_lags_is_told_what_was_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LONGEST_LAG", 10)
    monkeypatch.setattr(events, "PATIENCE", 0.01)
    world = World(Settings(tmp_path))

    async def read() -> list[bytes]:
        stream = events.follow(world, SYSTEM, events.Window(0), b"", "/v2/events/system")
        chunks = [await anext(stream)]
        emit(world, 1)
        chunks.append(await anext(stream))
        emit(world, 1)
        waiting = asyncio.ensure_future(anext(stream))
        chunks.append(await waiting)
        await asyncio.sleep(0.02)  # the reader takes its time
        emit(world, 25)
        chunks.append(await anext(stream))
        emit(world, 1)
        chunks.append(await anext(stream))
        await stream.aclose()
        return chunks

    chunks = asyncio.run(read())

    assert chunks[3] == b": you are reading too slowly, dropped 25 messages\n\n"
    assert chunks[4].count(b"data: ") == 1
    world.store.close()


def test_quiet_stream_gets_heartbeats_while_another_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.1)
    world = World(Settings(tmp_path))

    async def keep_busy() -> None:
        while True:
            emit(world, 1)
            await asyncio.sleep(0.01)

    async def read() -> list[bytes]:
        busy = asyncio.ensure_future(keep_busy())
        stream = events.follow(world, ACTIVITIES, events.Window(0), b"", "/v2beta1/events/activities")
        try:
            return [await asyncio.wait_for(anext(stream), 10) for _ in range(3)]
        finally:
            busy.cancel()
            await stream.aclose()

    assert asyncio.run(read()) == [events.WELCOME, events.BEAT, events.BEAT]
    world.store.close()


def test_failing_stream_says_so_and_ends(tmp_path: Path) -> None:
    world = World(Settings(tmp_path))
    world.store.emit(eventlog.TRADE, world.clock.now(), b'{"event":"fill"}')
    world.store.commit()

    async def read() -> list[bytes]:
        stream = events.follow(world, ACTIVITIES, events.Window(0), b"", "/v2beta1/events/activities")
        return [chunk async for chunk in stream]

    assert asyncio.run(read())[-1] == b": internal server error\n\n"
    world.store.close()


def emit(world: World, count: int) -> None:
    for _ in range(count):
        world.store.emit(eventlog.SYSTEM, world.clock.now(), b'{"type":"eod_balances_ready"}')
    world.store.commit()


def _lines_until(reply: requests.Response, ending: str) -> list[str]:
    lines = []
    for line in reply.iter_lines(chunk_size=1, decode_unicode=True):
        lines.append(line)
        if ending in line:
            break
    return lines
