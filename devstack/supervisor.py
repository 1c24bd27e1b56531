"""Runs the processes of the stack: restarts one that dies, gives up on one that keeps dying, ends them all.

Each process leads a session of its own, writes straight into its log file, and is recorded on disk before the
next one starts. One thread, which looks around ten times a second.
"""

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from devstack.errors import StackError
from devstack.paths import ROOT
from devstack.record import MARKER, StackRecord, end_processes, marked_processes, record_of

TICK_SECONDS = 0.1
MAX_RESTARTS = 5
RESTART_WINDOW_SECONDS = 60.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8.0
LAST_LINES = 20


class Stopped(Exception):
    """The person at the terminal, or the system, asked for the end."""


class GaveUp(StackError):
    """A process ended and is not started again; the message has its name and its last lines."""


@dataclass(frozen=True)
class Spec:
    """A process to keep running. Without `is_ready` it counts as ready once it has lived for a second."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    is_ready: Callable[[], bool] | None = None
    stop_signal: int = signal.SIGTERM


@dataclass
class Child:
    """A process that is kept running, and how that has gone so far."""

    spec: Spec
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    was_ready: bool = False
    restart_at: float | None = None
    deaths: deque[float] = field(default_factory=deque)


class Supervisor:
    """The processes of one run. Use as a context manager: leaving the block ends every one of them."""

    def __init__(self, record_file: Path, log_dir: Path, say: Callable[[str], None] = print) -> None:
        self.record_file = record_file
        self.log_dir = log_dir
        self.say = say
        self.children: dict[str, Child] = {}
        self.stop_asked = False
        self.record = StackRecord(marker=uuid.uuid4().hex, owner=record_of("owner", os.getpid()))
        # Only make's child watches its parent: a shell that goes away leaves a background job running.
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None

    def __enter__(self) -> "Supervisor":
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.record.write(self.record_file)
        return self

    def __exit__(self, *_: object) -> None:
        self.end_all()

    def ask_to_stop(self, *_: object) -> None:
        """Signal handler: raise Stopped at the next look around; a second time, kill without waiting."""
        if self.stop_asked:
            for process in marked_processes(self.record.marker):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self.stop_asked = True

    def start(self, spec: Spec, *, wait: float = 30.0) -> None:
        """Start a process, keep it running from now on, and wait up to `wait` seconds until it is ready.

        Raises GaveUp when it ends before that, StackError when it takes longer, Stopped when asked to stop.
        """
        self.launch(spec)
        self.wait_until_ready(spec.name, wait)

    def launch(self, spec: Spec) -> None:
        """Start a process and keep it running from now on, without waiting for it."""
        self.children[spec.name] = Child(spec)
        self._spawn(self.children[spec.name])

    def wait_until_ready(self, name: str, seconds: float) -> None:
        """Wait for a launched process; raises as `start` does."""
        child = self.children[name]
        deadline = time.monotonic() + seconds
        while not child.was_ready:
            self.look_around()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{name} was not ready after {seconds:.0f} seconds.\n{self.last_lines(name)}"
                )
            time.sleep(TICK_SECONDS / 2)

    def run_once(self, name: str, command: list[str], env: Mapping[str, str]) -> None:
        """Run a command to its end. Raises GaveUp when it fails, Stopped when asked to stop."""
        popen = self._popen(Spec(name, command, env))
        while popen.poll() is None:
            self.look_around()
            time.sleep(TICK_SECONDS / 2)
        if popen.returncode:
            raise GaveUp(f"{name} failed ({describe_exit(popen.returncode)}).\n{self.last_lines(name)}")

    def supervise(self) -> None:
        """Keep everything running; returns never. Raises Stopped when asked to stop, or GaveUp."""
        while True:
            self.look_around()
            time.sleep(TICK_SECONDS)

    def look_around(self) -> None:
        """One turn: notice deaths, restart what is due, notice what became ready."""
        if self.stop_asked or (self._parent is not None and os.getppid() != self._parent):
            raise Stopped
        for child in self.children.values():
            if child.popen is None:
                if child.restart_at is not None and time.monotonic() >= child.restart_at:
                    self._spawn(child)
            elif child.popen.poll() is not None:
                self._bury(child)
            elif not child.was_ready:
                child.was_ready = self._is_ready(child)

    def last_lines(self, name: str) -> str:
        """The end of a process's log."""
        lines = self.log_file(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {name} | {line}" for line in lines[-LAST_LINES:]) or f"  {name} said nothing."

    def log_file(self, name: str) -> Path:
        """Where a process's output goes."""
        return self.log_dir / f"{name}.log"

    def end_all(self) -> None:
        """End every process, those started last first, and what they started; then forget the record."""
        living = {name: child.popen for name, child in self.children.items() if child.popen}
        entries = {entry.pid: entry for entry in self.record.processes}
        servers = {name for name in living if name in ("postgres", "valkey")}
        for group in (living.keys() - servers, servers):
            leaders = {}
            for name in group:
                entry = entries.get(living[name].pid)
                process = entry and entry.find()
                if entry and process:
                    leaders[process] = entry
            end_processes(leaders, ())
        end_processes({}, marked_processes(self.record.marker))
        for popen in living.values():
            popen.wait()
        self.record_file.unlink(missing_ok=True)

    def _spawn(self, child: Child) -> None:
        child.restart_at = None
        child.popen = self._popen(child.spec)
        child.started_at = time.monotonic()

    def _popen(self, spec: Spec) -> "subprocess.Popen[bytes]":
        with self.log_file(spec.name).open("ab") as log:
            popen = subprocess.Popen(
                spec.command,
                cwd=ROOT,
                env={**spec.env, MARKER: self.record.marker},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.record.processes = [entry for entry in self.record.processes if entry.find()]
        with contextlib.suppress(psutil.NoSuchProcess):
            self.record.processes.append(record_of(spec.name, popen.pid, spec.stop_signal))
        self.record.write(self.record_file)
        return popen

    def _is_ready(self, child: Child) -> bool:
        if child.spec.is_ready:
            return child.spec.is_ready()
        return time.monotonic() - child.started_at > 1.0

    def _bury(self, child: Child) -> None:
        """A process ended: end what it left behind, and plan its restart or give up."""
        assert child.popen is not None
        how = describe_exit(child.popen.returncode)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.popen.pid, signal.SIGKILL)
        child.popen = None
        now = time.monotonic()
        child.deaths.append(now)
        while child.deaths[0] < now - RESTART_WINDOW_SECONDS:
            child.deaths.popleft()
        name = child.spec.name
        if not child.was_ready:
            raise GaveUp(f"{name} did not start ({how}).\n{self.last_lines(name)}")
        if len(child.deaths) > MAX_RESTARTS:
            raise GaveUp(
                f"{name} ended {len(child.deaths)} times in a minute ({how}).\n{self.last_lines(name)}"
            )
        backoff = min(FIRST_BACKOFF_SECONDS * 2 ** (len(child.deaths) - 1), LONGEST_BACKOFF_SECONDS)
        child.restart_at = now + backoff
        self.say(f"{name} ended ({how}); starting it again.")


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"
