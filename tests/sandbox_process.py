"""The sandbox as a process, for tests: start it on a free port, talk to it, kill it."""

import datetime as dt
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Self

import requests

from tests.sandbox.contract import watch
from tests.sandbox_child import serve

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = (2, 20)  # seconds: connect, read
END_SECONDS = 15

# Each is forked from a process that has imported the sandbox and does nothing else: to import it takes longer
# than most tests that start one.
STARTER = multiprocessing.get_context("forkserver")
STARTER.set_forkserver_preload([serve.__module__])


class SandboxProcess:
    """``python -m sandbox`` on a free port of this machine, in a process of its own.

    ``with SandboxProcess(tmp_path / "state") as sandbox: sandbox.request("GET", "/v1/clock")``.
    Its clock starts now, or at ``begin``. ``start`` again after ``stop`` or ``kill`` serves the same state on
    the same port.
    """

    def __init__(
        self,
        state_dir: Path | str,
        *,
        speed: float = 1000,
        market: str = "open",
        seed: int = 1,
        begin: dt.datetime | None = None,
        extra: tuple[str, ...] = (),
    ) -> None:
        self.state_dir = Path(state_dir)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = self.secret = self.firm_account_id = ""
        self._options = ["--speed", str(speed), "--market", market, "--seed", str(seed), *extra]
        if begin is not None:
            self._options += ["--begin", begin.isoformat()]
        self._process: ForkServerProcess | None = None
        self._has_faults = False
        self.session = requests.Session()
        self.session.trust_env = False  # reading the environment's proxies takes longer than a call
        watch(self.session)

    def start(self) -> Self:
        """Start and wait until it answers. Raises RuntimeError with its last lines when it does not."""
        arguments = ["--port", str(self.port), "--state", str(self.state_dir), *self._options]
        self.output = self.state_dir.with_name(self.state_dir.name + ".log")
        self.output.parent.mkdir(parents=True, exist_ok=True)
        # A daemon: it ends with the tests, whatever became of the test that started it.
        self._process = STARTER.Process(target=serve, args=(arguments, str(self.output)), daemon=True)
        self._process.start()
        info = self._wait_until_ready()
        self.key, self.secret = info["key"], info["secret"]
        self.firm_account_id = info["firm_account_id"]
        self.session.auth = (self.key, self.secret)
        return self

    def stop(self) -> int:
        """Ask it to end and wait; returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: what a crash does."""
        self._end(signal.SIGKILL)

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One authenticated call; ``options`` as for requests (json=, params=, auth=, headers= ...)."""
        options.setdefault("timeout", TIMEOUT)
        self._has_faults |= method == "POST" and ("/faults" in path or "/scenarios/" in path)
        return self.session.request(method, self.url + path, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET that must succeed."""
        reply = self.request("GET", path, **options)
        reply.raise_for_status()
        return reply.json()

    # Control

    def info(self) -> dict[str, Any]:
        return self.get("/_sandbox/info")

    def fail_next(self, method: str, path: str, action: str, *, times: int = 1, **members: Any) -> None:
        """Arm a fault: ``action`` is refuse, drop_reply, delay (seconds=) or status (status=)."""
        body = {"method": method, "path": path, "action": action, "times": times, **members}
        self.request("POST", "/_sandbox/faults", json=body).raise_for_status()

    def clear_faults(self) -> None:
        """Disarm what a test may have armed."""
        if self._has_faults:
            self.request("DELETE", "/_sandbox/faults").raise_for_status()
            self._has_faults = False

    def advance(self, seconds: float) -> None:
        self.request("POST", "/_sandbox/clock", json={"advance_seconds": seconds}).raise_for_status()

    def set_account_status(self, account_id: str, status: str, **members: Any) -> None:
        """``members``: kyc_results=..., reason=..."""
        body = {"status": status, **members}
        self.request("POST", f"/_sandbox/accounts/{account_id}/status", json=body).raise_for_status()

    def return_transfer(self, transfer_id: str, reason: str = "R01 insufficient funds") -> None:
        self.request(
            "POST", f"/_sandbox/transfers/{transfer_id}/return", json={"reason": reason}
        ).raise_for_status()

    def deposit(self, account_id: str, amount: str) -> None:
        """Cash from nowhere, at once, as a CSD."""
        self.request(
            "POST", f"/_sandbox/accounts/{account_id}/deposit", json={"amount": amount}
        ).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        """Recent broker calls, oldest first: at, method, path, status, request_id."""
        return self.get("/_sandbox/calls")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()  # sooner done than stop(), and the folder is thrown away
        self.session.close()

    def _wait_until_ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process is not None
            if not self._process.is_alive():
                break
            try:
                return self.session.get(self.url + "/_sandbox/info", timeout=TIMEOUT).json()
            except requests.ConnectionError:
                time.sleep(0.03)
        last_lines = self.output.read_text(errors="replace")[-2000:]
        self.kill()
        raise RuntimeError(f"the sandbox did not start:\n{last_lines}")

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        if self._process.is_alive():
            os.kill(self.pid, how)
        self._process.join(END_SECONDS)
        code = self._process.exitcode
        assert code is not None, f"the sandbox did not end within {END_SECONDS} s"
        self._process.close()
        self._process = None
        # Pooled connections to the dead process would fail the next call.
        self.session.close()
        return code


def point_at(process: SandboxProcess, settings: Any) -> None:
    """Have the app take this process for its broker; `settings` is the fixture of pytest-django."""
    settings.BROKER_BASE_URL = settings.BROKER_DATA_URL = process.url
    settings.BROKER_KEY, settings.BROKER_SECRET = process.key, process.secret
    settings.BROKER_FIRM_ACCOUNT_ID = process.firm_account_id


def eventually(read: Callable[[], Any], *, timeout: float = 10, what: str = "the condition") -> Any:
    """Call ``read`` until it gives something true, and return that. Raises AssertionError in the end."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = read()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true within {timeout} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
