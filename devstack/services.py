"""PostgreSQL and Valkey together: embedded ones, or those that DATABASE_URL and REDIS_URL name."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack import postgres, templates, valkey
from devstack.errors import StackError
from devstack.guard import dismiss_guard, start_guard
from devstack.paths import ROOT, TEST_DIR, socket_dir_for
from devstack.record import MARKER, StackRecord, end_leftovers, record_of

DATABASE = "brokerapp"
START_SECONDS = 30.0
LONGEST_BEGINNING_SECONDS = 300.0


@dataclass(frozen=True)
class Server:
    """A server of the stack: how to start it, when it is ready, how to stop it."""

    name: str
    variable: str
    url: str
    command: list[str]
    stop_signal: int
    is_ready: Callable[[], bool]


def embedded_servers(data_dir: Path, *, given: Mapping[str, str], throwaway: bool) -> list[Server]:
    """The servers to start for whichever of DATABASE_URL and REDIS_URL `given` lacks, with their data made
    ready.
    """
    sockets = socket_dir_for(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    servers = []
    if not given.get("DATABASE_URL"):
        cluster = data_dir / "postgres"
        postgres.initialise(cluster)
        servers.append(
            Server(
                name="postgres",
                variable="DATABASE_URL",
                url=postgres.url(sockets, DATABASE),
                command=postgres.server_command(cluster, sockets, throwaway=throwaway),
                stop_signal=postgres.STOP_SIGNAL,
                is_ready=lambda: postgres.is_ready(sockets),
            )
        )
    if not given.get("REDIS_URL"):
        sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        servers.append(
            Server(
                name="valkey",
                variable="REDIS_URL",
                url=valkey.url(sockets),
                command=valkey.server_command(data_dir / "valkey", sockets),
                stop_signal=valkey.STOP_SIGNAL,
                is_ready=lambda: valkey.is_ready(sockets),
            )
        )
    return servers


def embedded_urls(data_dir: Path) -> dict[str, str]:
    """The variables of both embedded servers, whether they run or not."""
    sockets = socket_dir_for(data_dir)
    return {"DATABASE_URL": postgres.url(sockets, DATABASE), "REDIS_URL": valkey.url(sockets)}


def prepare_database(data_dir: Path) -> bool:
    """Create the product's database on the embedded server unless it is there; True when it was made."""
    return postgres.create_database(socket_dir_for(data_dir), DATABASE)


@contextlib.contextmanager
def running_services(
    data_dir: Path, *, given: Mapping[str, str] | None = None, throwaway: bool
) -> Iterator[dict[str, str]]:
    """Run the embedded servers for the length of the block and give their variables; nobody restarts them.

    Used for a test run and by `python -m devstack services`. They end with the block, and also when this
    process is killed. Raises StackError when one does not start; its last line of log is in the message.
    """
    servers = embedded_servers(data_dir, given=os.environ if given is None else given, throwaway=throwaway)
    record_file = data_dir / "stack.json"
    record = StackRecord(marker=uuid.uuid4().hex, owner=record_of("owner", os.getpid()))
    record.write(record_file)
    guard = start_guard(record_file)
    try:
        for server in servers:
            child = _start(server, data_dir / f"{server.name}.log", record.marker)
            record.processes.append(record_of(server.name, child.pid, server.stop_signal))
            record.write(record_file)
            _wait_until_ready(server, child, data_dir / f"{server.name}.log")
        if any(server.name == "postgres" for server in servers):
            prepare_database(data_dir)
        yield {server.variable: server.url for server in servers}
    finally:
        end_leftovers(record_file)
        dismiss_guard(guard)


@contextlib.contextmanager
def throwaway_services() -> Iterator[dict[str, str]]:
    """Run the servers of a test run for the length of the block and give the variables of all, also of those
    that the environment names; what embedded ones keep is gone after it.

    Raises StackError when one does not start.
    """
    TEST_DIR.mkdir(parents=True, exist_ok=True)
    data_dir = Path(tempfile.mkdtemp(prefix="run-", dir=TEST_DIR))
    clear_abandoned(TEST_DIR)
    try:
        with running_services(data_dir, throwaway=True) as started:
            named = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
            yield named | started | ({templates.VARIABLE: "1"} if "DATABASE_URL" in started else {})
    finally:
        remove_data(data_dir)


def clear_abandoned(parent: Path) -> None:
    """Remove the data folders below `parent` whose owner is gone, after ending whatever it left running."""
    for data_dir in parent.iterdir() if parent.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # its own run has ended meanwhile and removed it
            _clear_if_abandoned(data_dir, parent)


def _clear_if_abandoned(data_dir: Path, parent: Path) -> None:
    record_file = data_dir / "stack.json"
    had_record = record_file.exists()
    end_leftovers(record_file)
    # Without a record it may be a run that begins in this moment, or one that its guard has ended. The
    # newest run's beginning is now, also where our clock is set to another time than the files'.
    old = parent.stat().st_mtime - data_dir.stat().st_mtime > LONGEST_BEGINNING_SECONDS
    if (had_record or old) and not record_file.exists():
        remove_data(data_dir)


def remove_data(data_dir: Path) -> None:
    """Remove a data folder and the sockets that belong to it."""
    shutil.rmtree(socket_dir_for(data_dir), ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


def _start(server: Server, log_file: Path, marker: str) -> "subprocess.Popen[bytes]":
    with log_file.open("ab") as log:
        return subprocess.Popen(
            server.command,
            cwd=ROOT,
            env=os.environ | {MARKER: marker},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(server: Server, child: "subprocess.Popen[bytes]", log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        if server.is_ready():
            return
        time.sleep(0.03)
    lines = log_file.read_text(errors="replace").splitlines()[-3:]
    raise StackError(f"{server.name} did not start: {' / '.join(lines) or 'it said nothing'}")
