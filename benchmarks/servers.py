"""The ways to serve the site that are compared."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.load import LOOPBACK

BIN = Path(sys.executable).parent
OURS = [sys.executable, "-m", "brokerapp.deployment.serve", "--host", LOOPBACK, "--workers", "2"]
UVICORN = [
    *(str(BIN / "uvicorn"), "--host", LOOPBACK, "--no-proxy-headers", "--no-access-log"),
    *("--log-level", "warning", "--ws", "none", "--timeout-graceful-shutdown", "4"),
]
GRANIAN_WSGI = [
    *(str(BIN / "granian"), "--host", LOOPBACK, "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
    *("--workers", "2", "brokerapp.wsgi:application"),
]
CHOSEN = "one port: uvicorn, pages on threads, pushes on its loop"
PAGES = {
    CHOSEN: OURS,
    "one port: the same with a2wsgi's bridge": [
        *(*UVICORN, "--workers", "2", "--lifespan", "off", "benchmarks.site.a2wsgi_pages:application")
    ],
    "pages alone: granian WSGI": GRANIAN_WSGI,
    "pages behind Caddy: granian WSGI": GRANIAN_WSGI,
}
CADDYFILE = """\
{{
    admin off
    auto_https off
    persist_config off
}}
http://{host}:{port} {{
    reverse_proxy {host}:{pages}
}}
"""


def find_free_port() -> int:
    """A TCP port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_process(command: list[str], port: int, threads: int) -> Iterator[psutil.Process]:
    """Start a server, wait until it accepts connections, and stop it afterwards."""
    environment = os.environ | {
        "WEB_THREADS": str(threads),
        "GRANIAN_BLOCKING_THREADS": str(threads),
        "CONNECTIONS_PER_ADDRESS": "100000",  # the load comes from one
    }
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until_open(process, port)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the port. Raises `RuntimeError` when the process ends first or takes a minute."""
    for _ in range(600):
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not accept connections")


@contextmanager
def run_pages(name: str, caddy: str | None, threads: int) -> Iterator[tuple[int, list[psutil.Process]]]:
    """Start one of `PAGES`; gives the port that a browser would use, and the processes that serve it."""
    with ExitStack() as stack:
        port = find_free_port()
        servers = [stack.enter_context(run_process([*PAGES[name], "--port", str(port)], port, threads))]
        if "Caddy" in name:
            assert caddy
            front = find_free_port()
            config = Path(stack.enter_context(TemporaryDirectory())) / "Caddyfile"
            config.write_text(CADDYFILE.format(host=LOOPBACK, port=front, pages=port))
            command = [caddy, "run", "--adapter", "caddyfile", "--config", str(config)]
            servers.append(stack.enter_context(run_process(command, front, threads)))
            port = front
        yield port, servers


def list_family(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it started."""
    return [process, *process.children(recursive=True)]


def read_cpu_seconds(servers: list[psutil.Process]) -> float:
    """The processor time that the servers and their children have used so far."""
    times = [member.cpu_times() for server in servers for member in list_family(server)]
    return float(sum(each.user + each.system for each in times))


def read_memory(server: psutil.Process) -> float:
    """The resident memory of a server and its children, in MB (2**20 bytes)."""
    return float(sum(member.memory_info().rss for member in list_family(server))) / 2**20
