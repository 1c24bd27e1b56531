"""Every process of the Procfile, with PostgreSQL, Valkey and a sandbox of their own."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

from benchmarks.servers import find_free_port
from devstack.environment import sandbox_environment
from devstack.paths import ROOT
from devstack.run import BACKGROUND, sandbox_info
from devstack.services import remove_data, running_services

WAIT_SECONDS = 60.0


@contextmanager
def whole_stack(processes: Sequence[str] = ("web", *BACKGROUND)) -> Iterator[Path]:
    """Run it for the length of the block, and this process's Django on its database. Gives its log folder."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        stack.callback(remove_data, folder)
        os.environ.update(stack.enter_context(running_services(folder, given={}, throwaway=True)))
        sandbox_port, port = find_free_port(), find_free_port()
        os.environ.update(
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            DJANGO_SETTINGS_MODULE="brokerapp.settings",
            DJANGO_READ_DOT_ENV="false",
            DEBUG="true",
            DEMO_MODE="true",
            CONNECTIONS_PER_ADDRESS="100000",
            BROKER_PAGES_A_MINUTE="1000000",
            PORT=str(port),
            SITE_URL=f"http://127.0.0.1:{port}",
            SANDBOX_PORT=str(sandbox_port),
            SANDBOX_STATE=str(folder / "sandbox"),
            EMAIL_FILE_PATH=str(folder / "mail"),
            BEAT_SCHEDULE_FILE=str(folder / "beat"),
        )
        stack.enter_context(running(["sandbox"], folder))
        os.environ.update(sandbox_environment(sandbox_port, wait_for_sandbox(sandbox_port)))
        for name in ("release", "assets"):
            subprocess.run([ROOT / "bin" / "process", name], cwd=ROOT, check=True, capture_output=True)
        stack.enter_context(running(processes, folder))
        django.setup()
        yield folder


@contextmanager
def running(names: Sequence[str], folder: Path) -> Iterator[None]:
    """Run processes of the Procfile, each with a log file; they are ended with the block."""
    started = []
    try:
        for name in names:
            with (folder / f"{name}.log").open("ab") as log:
                started.append(
                    subprocess.Popen([ROOT / "bin" / "process", name], cwd=ROOT, stdout=log, stderr=log)
                )
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for_sandbox(port: int) -> Mapping[str, str]:
    """What the sandbox says of itself, once it answers. Raises `TimeoutError`."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if info := sandbox_info({"SANDBOX_PORT": str(port)}):
            return info
        time.sleep(0.1)
    raise TimeoutError("the sandbox did not start")


def arm_fault(body: str) -> None:
    """Have the sandbox do what `POST /_sandbox/faults` says (JSON)."""
    url = f"{os.environ['BROKER_BASE_URL']}/_sandbox/faults"
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"}, method="POST")
    urllib.request.urlopen(request, timeout=5).close()
