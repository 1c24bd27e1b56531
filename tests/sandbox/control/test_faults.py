"""Failures on request, over HTTP: of calls, by rate, of streams and of events."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.people import application, apply, open_account
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess, eventually

FAULTS = "/_sandbox/faults"


def arm(sandbox: SandboxProcess, **members: Any) -> dict[str, Any]:
    reply = sandbox.request("POST", FAULTS, json=members)
    assert reply.status_code == 200, reply.text
    return reply.json()


def statuses(sandbox: SandboxProcess, count: int) -> list[int]:
    return [sandbox.request("GET", "/v1/clock").status_code for _ in range(count)]


def open_stream(sandbox: SandboxProcess, path: str = "/v1/events/accounts/status") -> Iterator[bytes]:
    """The stream's lines; it is open when this returns."""
    lines = sandbox.request("GET", path, stream=True, timeout=(2, 3)).iter_lines()
    assert next(lines).startswith(b":")
    return lines


def accounts_of(lines: Iterator[bytes], count: int) -> list[tuple[str, str]]:
    """Account and status of the next events."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(b"data: "):
            event = json.loads(line.removeprefix(b"data: "))
            found.append((event["account_id"], event["status_to"]))
            if len(found) == count:
                break
    return found


def test_rate_fault_strikes_the_same_calls_in_every_run(sandbox: SandboxProcess) -> None:
    runs = []
    for _ in range(2):
        sandbox.clear_faults()
        arm(sandbox, action="status", status=503, path="/v1/clock", rate=0.4)
        runs.append(statuses(sandbox, 40))
    sandbox.clear_faults()
    arm(sandbox, action="status", status=503, path="/v1/clock", rate=0.4, seed=2)

    assert runs[0] == runs[1]
    assert 6 <= runs[0].count(503) <= 26
    assert statuses(sandbox, 40) != runs[0]


def test_rate_fault_with_times_ends(sandbox: SandboxProcess) -> None:
    arm(sandbox, action="status", status=500, path="/v1/clock", rate=0.5, times=3)

    assert statuses(sandbox, 40).count(500) == 3
    assert sandbox.get(FAULTS) == []


def test_429_fault_looks_like_the_rate_limit(sandbox: SandboxProcess) -> None:
    sandbox.fail_next("GET", "/v1/clock", "status", status=429)
    reply = sandbox.request("GET", "/v1/clock")

    assert (reply.status_code, reply.json()) == (429, {"code": 42910000, "message": "rate limit exceeded"})
    assert reply.headers["X-RateLimit-Remaining"] == "0"
    assert int(reply.headers["X-RateLimit-Reset"]) > time.time()


def test_malformed_fault_acts_and_spoils_the_reply(sandbox: SandboxProcess) -> None:
    body = application()
    sandbox.fail_next("POST", "/v1/accounts", "malformed")
    reply = sandbox.request("POST", "/v1/accounts", json=body)

    assert reply.status_code == 200
    with pytest.raises(ValueError):
        reply.json()
    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 409


def test_delay_reply_fault_acts_before_it_waits(sandbox: SandboxProcess) -> None:
    body = application()
    sandbox.fail_next("POST", "/v1/accounts", "delay_reply", seconds=1)

    with pytest.raises(requests.ReadTimeout):
        sandbox.request("POST", "/v1/accounts", json=body, timeout=(2, 0.3))
    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 409


def test_one_fault_is_deleted_and_the_other_stays(sandbox: SandboxProcess) -> None:
    first = arm(sandbox, action="refuse", path="/v1/journals")
    second = arm(sandbox, action="refuse", path="/v1/assets")

    assert sandbox.request("DELETE", f"{FAULTS}/{first['id']}").status_code == 204
    assert [fault["id"] for fault in sandbox.get(FAULTS)] == [second["id"]]
    assert sandbox.request("DELETE", f"{FAULTS}/{first['id']}").status_code == 404


@pytest.mark.parametrize(
    "members",
    [
        {"rate": 0}, {"rate": 1.5}, {"rate": "x"}, {"times": True}, {"seconds": -1}, {"seconds": 601},
        {"status": "500"}, {"seed": "x"}, {"method": "G T"}, {"path": "/é"}, {"account_id": "1"},
    ],
)  # fmt: skip
def test_fault_with_a_bad_member_is_refused(sandbox: SandboxProcess, members: dict[str, Any]) -> None:
    reply = sandbox.request("POST", FAULTS, json={"action": "refuse", **members})

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)
    assert sandbox.get(FAULTS) == []


def test_armed_fault_is_there_after_a_kill(tmp_path: Path) -> None:
    with process_at(tmp_path / "state") as process:
        process.fail_next("GET", "/v1/clock", "status", status=503, times=3)
        process.request("GET", "/v1/clock")
        process.kill()
        process.start()

        assert statuses(process, 3) == [503, 503, 200]


def test_cut_stream_ends_in_the_middle_and_the_next_one_is_whole(sandbox: SandboxProcess) -> None:
    lines = open_stream(sandbox)
    arm(sandbox, action="cut_stream", path="/v1/events/*")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(lines)
    again = open_stream(sandbox)
    apply(sandbox)
    assert len(accounts_of(again, 2)) == 2


def test_silent_stream_holds_events_back(sandbox: SandboxProcess) -> None:
    silent = open_stream(sandbox)
    arm(sandbox, action="silent_stream", path="/v1/events/*", seconds=2)
    eventually(lambda: sandbox.get(FAULTS) == [], what="the fault to strike")
    other = open_stream(sandbox)
    order: list[str] = []
    reader = threading.Thread(target=lambda: (accounts_of(silent, 1), order.append("silent")), daemon=True)
    reader.start()

    apply(sandbox)
    accounts_of(other, 1)
    order.append("other")
    reader.join(10)

    assert order == ["other", "silent"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("duplicate_event", ["DISABLED", "DISABLED", "ACTIVE", "REJECTED"]),
        ("reorder_event", ["ACTIVE", "DISABLED", "REJECTED"]),
        ("withhold_event", ["ACTIVE", "REJECTED"]),
    ],
)
def test_event_fault(sandbox: SandboxProcess, action: str, expected: list[str]) -> None:
    account_id = open_account(sandbox)
    lines = open_stream(sandbox, f"/v1/events/accounts/status?id={account_id}")
    arm(sandbox, action=action, path="/v1/events/accounts/*", account_id=account_id)
    for status in ("DISABLED", "ACTIVE", "REJECTED"):
        sandbox.set_account_status(account_id, status)

    assert accounts_of(lines, len(expected)) == [(account_id, status) for status in expected]


def test_event_fault_of_one_account_leaves_others_alone(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    other_id = open_account(sandbox)
    lines = open_stream(sandbox, f"/v1/events/accounts/status?id={other_id}")
    arm(sandbox, action="withhold_event", account_id=account_id)
    sandbox.set_account_status(other_id, "DISABLED")

    assert accounts_of(lines, 1) == [(other_id, "DISABLED")]
    assert len(sandbox.get(FAULTS)) == 1


def test_rate_limit_is_set_at_run_time_kept_and_reset(tmp_path: Path) -> None:
    path = "/_sandbox/rate-limit"
    with process_at(tmp_path / "state") as process:
        assert process.request("POST", path, json={"requests_per_minute": 0}).status_code == 200
        refused = process.request("GET", "/v1/clock")
        process.kill()
        process.start()

        assert (refused.status_code, refused.json()["code"]) == (429, 42910000)
        assert refused.headers["X-RateLimit-Limit"] == "0"
        assert process.request("GET", "/v1/clock").status_code == 429
        assert process.request("DELETE", path).json()["requests_per_minute"] == 1_000_000
        assert process.request("GET", "/v1/clock").status_code == 200


@pytest.mark.parametrize("value", [-1, "5", None, True, 1.5, 10**10])
def test_rate_limit_that_makes_no_sense_is_refused(sandbox: SandboxProcess, value: Any) -> None:
    reply = sandbox.request("POST", "/_sandbox/rate-limit", json={"requests_per_minute": value})

    assert reply.status_code == 422
