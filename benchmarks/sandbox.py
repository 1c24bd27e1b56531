"""The sandbox's speed, start and memory: `python -m benchmarks.sandbox` (README.md beside it).

The server is pinned to one core and the load comes from another. Everything runs on loopback, is bounded in
time and count, and is stopped and deleted at the end.
"""

import argparse
import base64
import http.client
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import LOOPBACK, Tally, send_requests
from benchmarks.sandbox_state import SYMBOLS, build_state
from benchmarks.servers import UVICORN, find_free_port, read_memory, run_process
from sandbox.state.world import Settings

LEAST_ORDERS_PER_SECOND = 1_500
MOST_START_SECONDS = 5
MOST_MEMORY_MB = 600
MOST_LIST_MS = 15
CONNECTIONS = 16
LISTS = 2_000
KEY, SECRET = (Settings.__dataclass_fields__[name].default for name in ("key", "secret"))
AUTHORIZATION = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


@dataclass
class Server:
    """A running sandbox: its port and process, and how long it took until it answered."""

    port: int
    process: psutil.Process
    start_seconds: float

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer. Raises `RuntimeError` for any other than a 2xx."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request(
                method, path, json.dumps(body) if body else None, {"Authorization": AUTHORIZATION}
            )
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {content[:200]!r}")
        return json.loads(content) if content else None


@contextmanager
def run_sandbox(folder: Path, core: int | None) -> Iterator[Server]:
    """Start the sandbox on `core`, wait until it answers, and stop it afterwards.

    Raises `RuntimeError` when it ends first or takes 60 seconds.
    """
    port = find_free_port()
    options = ["--port", str(port), "--state", str(folder), "--market", "open", "--speed", "1000000"]
    started = time.perf_counter()
    command = [sys.executable, "-m", "sandbox", *options, "--rate-limit", "1000000000"]
    process = psutil.Popen(command, stdout=-3)
    try:
        if core is not None:
            process.cpu_affinity([core])
        server = Server(port, process, 0.0)
        _wait_until_ready(server)
        server.start_seconds = time.perf_counter() - started
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(server: Server) -> None:
    for _ in range(6_000):
        try:
            server.call("GET", "/_sandbox/info")
        except OSError:
            if server.process.poll() is not None:
                break
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("the sandbox does not answer")


def measure_orders(folder: Path, core: int | None, *, seconds: float) -> float:
    """Orders a second that were accepted and filled, from the first request to the last fill."""
    accounts = build_state(folder, accounts=CONNECTIONS, orders=0)
    with run_sandbox(folder, core) as server:
        requests = [_order_request(account, SYMBOLS[n]) for n, account in enumerate(accounts)]
        send_requests(server.port, requests, expect=b'"accepted"', seconds=1)
        before = _count_filled(server, accounts)
        started = time.perf_counter()
        tally = send_requests(server.port, requests, expect=b'"accepted"', seconds=seconds)
        filled = _count_filled(server, accounts) - before
        elapsed = time.perf_counter() - started
    if tally.bad or filled != len(tally.latencies):
        raise RuntimeError(f"{len(tally.latencies)} accepted, {filled} filled, {tally.bad} other answers")
    return filled / elapsed


def measure_echo(core: int | None, *, seconds: float) -> float:
    """Requests a second to a bare Starlette application, sent and served as the orders are."""
    port = find_free_port()
    with run_process([*UVICORN, "--port", str(port), "benchmarks.echo:application"], port, 1) as process:
        if core is not None:
            process.cpu_affinity([core])
        requests = [_request("POST", "/echo", "hello")] * CONNECTIONS
        return send_requests(port, requests, expect=b"hello", seconds=seconds).per_second


def _order_request(account: str, symbol: str) -> bytes:
    body = json.dumps(
        {"symbol": symbol, "qty": "0.01", "side": "buy", "type": "market", "time_in_force": "day"}
    )
    return _request("POST", f"/v1/trading/accounts/{account}/orders", body)


def _request(method: str, path: str, body: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: {AUTHORIZATION}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _count_filled(server: Server, accounts: list[str]) -> int:
    """Wait until no order is open; the orders of the load are for a hundredth of a share each."""
    total = Decimal(0)
    for account in accounts:
        path = f"/v1/trading/accounts/{account}"
        while server.call("GET", f"{path}/orders?status=open"):
            time.sleep(0.001)
        total += sum(Decimal(position["qty"]) for position in server.call("GET", f"{path}/positions"))
    return int(total * 100)


@dataclass
class Large:
    """What the sandbox needed with a large state."""

    start_seconds: float
    memory_mb: float
    lists: Tally


def measure_large_state(folder: Path, accounts: list[str], core: int | None) -> Large:
    """Start on the folder, then read the order lists of accounts taken at random, one at a time."""
    with run_sandbox(folder, core) as server:
        connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=30)
        tally, started = Tally(0.0), time.perf_counter()
        for account in random.Random(1).choices(accounts, k=LISTS):
            asked = time.perf_counter()
            path = f"/v1/trading/accounts/{account}/orders?status=all&limit=500"
            connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
            reply = connection.getresponse()
            is_good = reply.read().startswith(b'[{"id":') and reply.status == 200
            tally.latencies.append(time.perf_counter() - asked)
            tally.bad += not is_good
        tally.seconds = time.perf_counter() - started
        connection.close()
        return Large(server.start_seconds, read_memory(server.process), tally)


class Report:
    """Prints figures beside their limits and remembers whether one was broken."""

    def __init__(self) -> None:
        self.is_within_limits = True

    def say(self, what: str, figure: float, limit: float, *, unit: str, at_least: bool = False) -> None:
        holds = figure >= limit if at_least else figure < limit
        self.is_within_limits &= holds
        word = "at least" if at_least else "under"
        print(f"  {figure:8.1f} {unit:9} {what} (limit: {word} {limit:g}){'' if holds else '  BROKEN'}")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="length of one run of orders (default 5)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; medians count (default 5)")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--orders", type=int, default=200_000)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if a limit was broken."""
    options = parse_arguments(arguments)
    cores = sorted(os.sched_getaffinity(0))
    server_core, load_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    if load_core is not None:
        os.sched_setaffinity(0, {load_core})
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        report = Report()
        _report_orders(folder, server_core, options, report)
        _report_large_state(folder, server_core, options, report)
    finally:
        shutil.rmtree(folder)
        os.sched_setaffinity(0, cores)
    return 0 if report.is_within_limits else 1


def _report_orders(folder: Path, core: int | None, options: argparse.Namespace, report: Report) -> None:
    print(
        f"Sandbox: orders over {CONNECTIONS} connections, server on one core, {options.rounds} rounds of "
        f"{options.seconds:g} s, load of the machine {os.getloadavg()[0]:.1f}"
    )
    rates = [
        measure_orders(folder / f"orders-{number}", core, seconds=options.seconds)
        for number in range(options.rounds)
    ]
    rate = statistics.median(rates)
    report.say("accepted and filled", rate, LEAST_ORDERS_PER_SECOND, unit="orders/s", at_least=True)
    print(f"           each round: {', '.join(f'{rate:.0f}' for rate in rates)}")
    echo = measure_echo(core, seconds=options.seconds)
    print(f"  {echo:8.1f} requests/s to a bare Starlette echo on that core")


def _report_large_state(folder: Path, core: int | None, options: argparse.Namespace, report: Report) -> None:
    print(f"Sandbox: {options.accounts} accounts, {options.orders} filled orders", flush=True)
    accounts = build_state(folder / "large", accounts=options.accounts, orders=options.orders)
    runs = [measure_large_state(folder / "large", accounts, core) for _ in range(options.rounds)]
    if bad := sum(run.lists.bad for run in runs):
        raise RuntimeError(f"{bad} order lists were not answered as they should be")
    start = statistics.median(run.start_seconds for run in runs)
    memory = statistics.median(run.memory_mb for run in runs)
    p95 = statistics.median(run.lists.percentile(95) for run in runs)
    report.say("to start", start, MOST_START_SECONDS, unit="s")
    report.say("of memory after the lists were read", memory, MOST_MEMORY_MB, unit="MB")
    report.say("p95 of one account's order list", p95, MOST_LIST_MS, unit="ms")


if __name__ == "__main__":
    sys.exit(main())
