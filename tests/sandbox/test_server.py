import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.people import application, apply, open_account, order, trading_path
from tests.sandbox.process import process_at
from tests.sandbox_process import ROOT, SandboxProcess, eventually, free_port


def test_no_credentials(sandbox: SandboxProcess) -> None:
    reply = requests.get(sandbox.url + "/v1/accounts", timeout=5)

    assert (reply.status_code, reply.content) == (403, b'{"message": "forbidden."}\n')
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("auth", [("wrong", "pair"), ("", "")])
def test_wrong_credentials(sandbox: SandboxProcess, auth: tuple[str, str]) -> None:
    reply = sandbox.request("GET", "/v1/accounts", auth=auth)

    assert (reply.status_code, reply.json()) == (401, {"message": "unauthorized."})


def test_header_pair_is_accepted(sandbox: SandboxProcess) -> None:
    pair = {"APCA-API-KEY-ID": sandbox.key, "APCA-API-SECRET-KEY": sandbox.secret}

    assert requests.get(sandbox.url + "/v1/clock", headers=pair, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/clock"),
        ("GET", "/nowhere"),
        ("GET", "/v1/accounts/not-a-uuid"),
        ("POST", "/v1/accounts"),
        ("GET", "/_sandbox/info"),
    ],
)
def test_every_reply_has_request_id_and_rate_headers(sandbox: SandboxProcess, method: str, path: str) -> None:
    first, second = (sandbox.request(method, path) for _ in range(2))

    assert re.fullmatch(r"[0-9a-f]{32}", first.headers["X-Request-ID"])
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    spent = 0 if path.startswith("/_sandbox/") else 2
    assert int(second.headers["X-RateLimit-Remaining"]) <= int(second.headers["X-RateLimit-Limit"]) - spent
    assert 0 < int(second.headers["X-RateLimit-Reset"]) - time.time() <= 60


def test_request_id_of_the_request_is_ignored(sandbox: SandboxProcess) -> None:
    reply = sandbox.request("GET", "/v1/clock", headers={"X-Request-ID": "a" * 32})

    assert reply.headers["X-Request-ID"] != "a" * 32


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, 40410000),
        ("GET", "/v1/accounts/", 404, 40410000),
        ("PUT", "/v1/accounts", 405, 40510000),
        ("GET", "/v1/accounts/12345", 422, 40010001),
        ("GET", "/v1/accounts/00000000-0000-4000-8000-000000000000", 401, 40110000),
        ("GET", trading_path("00000000-0000-4000-8000-000000000000", "/orders"), 401, 40110000),
        ("GET", "/v1/assets/NOSUCH", 404, 40410000),
        ("GET", "/v1/journals/00000000-0000-4000-8000-000000000000", 404, 40410000),
    ],
)
def test_error_shape(sandbox: SandboxProcess, method: str, path: str, status: int, code: int) -> None:
    reply = sandbox.request(method, path)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert set(reply.json()) == {"code", "message"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a":' * 2000])
def test_body_that_is_no_json_object(sandbox: SandboxProcess, body: bytes) -> None:
    reply = sandbox.request("POST", "/v1/accounts", data=body)

    assert (reply.status_code, reply.json()["code"]) == (400, 40010000)


def test_rate_limit_when_budget_is_spent(tmp_path: Path) -> None:
    with process_at(tmp_path / "state", extra=("--rate-limit", "5")) as process:
        replies = [process.request("GET", "/v1/clock") for _ in range(8)]

    assert replies[-1].status_code == 429
    assert replies[-1].json()["code"] == 42910000
    assert replies[-1].headers["X-RateLimit-Remaining"] == "0"


def test_refuse_fault_drops_the_connection_before_acting(sandbox: SandboxProcess) -> None:
    body = application()
    sandbox.fail_next("POST", "/v1/accounts", "refuse")

    with pytest.raises(requests.ConnectionError):
        sandbox.request("POST", "/v1/accounts", json=body)

    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 200


def test_drop_reply_fault_acts_and_says_nothing(sandbox: SandboxProcess) -> None:
    body = application()
    sandbox.fail_next("POST", "/v1/accounts", "drop_reply")

    with pytest.raises(requests.ConnectionError):
        sandbox.request("POST", "/v1/accounts", json=body)

    found = sandbox.get("/v1/accounts", params={"query": body["contact"]["email_address"]})
    assert len(found) == 1
    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 409
    assert sandbox.calls()[-3]["status"] is None


def test_drop_reply_fault_of_an_order_leaves_one_order(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    sandbox.fail_next("POST", f"{trading_path(account_id)}/*", "drop_reply")

    with pytest.raises(requests.ConnectionError):
        order(sandbox, account_id, notional="10", client_order_id="mine")

    path = trading_path(account_id, "/orders:by_client_order_id")
    assert sandbox.get(path, params={"client_order_id": "mine"})["symbol"] == "AAPL"
    assert order(sandbox, account_id, notional="10", client_order_id="mine").status_code == 422


def test_status_fault_answers_before_acting_as_often_as_asked(sandbox: SandboxProcess) -> None:
    sandbox.fail_next("GET", "/v1/clock", "status", status=503, times=2, message="down")

    replies = [sandbox.request("GET", "/v1/clock") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [503, 503, 200]
    assert replies[0].json()["message"] == "down"
    assert re.fullmatch(r"[0-9a-f]{32}", replies[0].headers["X-Request-ID"])


def test_delay_fault_waits_then_acts(sandbox: SandboxProcess) -> None:
    sandbox.fail_next("GET", "/v1/clock", "delay", seconds=1)
    order: list[str] = []

    def ask(path: str) -> None:
        assert requests.get(sandbox.url + path, auth=(sandbox.key, sandbox.secret), timeout=10).ok
        order.append(path)

    delayed = threading.Thread(target=ask, args=("/v1/clock",), daemon=True)
    delayed.start()
    eventually(lambda: sandbox.get("/_sandbox/faults") == [], what="the fault to strike")
    ask("/v1/assets/AAPL")
    delayed.join(10)

    assert order == ["/v1/assets/AAPL", "/v1/clock"]


def test_delay_fault_acts_though_the_client_has_gone(sandbox: SandboxProcess) -> None:
    path, body = "/v1/accounts", application()
    sandbox.fail_next("POST", path, "delay", seconds=1)
    with pytest.raises(requests.ReadTimeout):
        sandbox.request("POST", path, json=body, timeout=0.2)
    query = {"query": body["contact"]["email_address"]}
    assert sandbox.get(path, params=query) == []

    assert eventually(lambda: sandbox.get(path, params=query), what="the account")


def test_faults_are_listed_and_cleared(sandbox: SandboxProcess) -> None:
    sandbox.fail_next("POST", "/v1/journals", "refuse", times=3)
    listed = sandbox.get("/_sandbox/faults")
    sandbox.clear_faults()

    assert [(fault["path"], fault["times"]) for fault in listed] == [("/v1/journals", 3)]
    assert sandbox.get("/_sandbox/faults") == []


@pytest.mark.parametrize(
    "members", [{"action": "explode"}, {"action": "status", "status": 200}, {"action": "refuse", "times": 0}]
)
def test_fault_that_makes_no_sense_is_refused(sandbox: SandboxProcess, members: dict[str, object]) -> None:
    assert sandbox.request("POST", "/_sandbox/faults", json=members).status_code == 422


def test_calls_name_the_request_id_of_the_reply(sandbox: SandboxProcess) -> None:
    reply = sandbox.request("GET", "/v1/calendar", params={"start": "2026-03-02", "end": "2026-03-02"})

    last = sandbox.calls()[-1]
    assert (last["method"], last["path"], last["status"]) == ("GET", "/v1/calendar", 200)
    assert last["request_id"] == reply.headers["X-Request-ID"]


def test_info_needs_no_credentials_and_names_the_firm_account(sandbox: SandboxProcess) -> None:
    info = requests.get(sandbox.url + "/_sandbox/info", timeout=5).json()

    assert {"key", "secret", "firm_account_id", "speed", "now"} <= set(info)
    firm = sandbox.get(f"/v1/trading/accounts/{info['firm_account_id']}/account")
    assert firm["status"] == "ACTIVE"
    assert info["firm_account_id"] in [account["id"] for account in sandbox.get("/v1/accounts")]


def test_front_page_is_html(sandbox: SandboxProcess) -> None:
    reply = requests.get(sandbox.url + "/", timeout=5)

    assert reply.headers["content-type"].startswith("text/html")
    assert "/_sandbox/info" in reply.text


def test_clock_advances_and_stays_advanced(tmp_path: Path) -> None:
    with process_at(tmp_path / "state", speed=1) as process:
        account_id = apply(process)["id"]
        assert process.get(f"/v1/accounts/{account_id}")["status"] == "SUBMITTED"
        process.advance(86_400)
        before = process.info()["now"]
        process.kill()
        process.start()

        assert process.info()["now"] > before
        assert process.get(f"/v1/accounts/{account_id}")["status"] in ("APPROVED", "ACTIVE")
        assert process.request("POST", "/_sandbox/clock", json={"advance_seconds": -1}).status_code == 422


def test_start_with_unknown_state_format_says_one_line(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("7\n")

    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "format '7'" in ended.stderr


def test_command_serves_and_ends_with_success(tmp_path: Path) -> None:
    """Other tests fork their sandboxes; this one starts as people start it."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--state", str(tmp_path / "state")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/_sandbox/info"), timeout=60, what="an answer")
        process.terminate()

        assert process.wait(timeout=20) == 0


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with process_at(tmp_path / "state"), pytest.raises(RuntimeError, match="in use by another sandbox"):
        process_at(tmp_path / "state").start()


def test_stop_ends_with_success_while_a_stream_is_open(tmp_path: Path) -> None:
    process = process_at(tmp_path / "state").start()
    stream = process.request("GET", "/v2/events/trades", stream=True)

    assert process.stop() == 0
    stream.close()


def test_sandbox_imports_nothing_of_ours() -> None:
    script = (
        "import sys, sandbox.__main__; "
        "print([m for m in ('django', 'brokerapp', 'onboarding', 'funding', 'trading') if m in sys.modules])"
    )

    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"
