"""What a stack has started, on disk, so that it can be ended by someone else after a `kill -9` of its owner.

A process is known by its id and its start time, never by its id alone (ids are given again). Processes that
ours started in turn are found by their parent, their process group, or the marker in their environment.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

MARKER = "DEVSTACK_RUN"
"""Environment variable that every process of a stack inherits; its value is unique to the run."""
GRACE_SECONDS = 8.0


@dataclass(frozen=True)
class ProcessRecord:
    """One started process, leader of a process group of its own."""

    name: str
    pid: int
    create_time: float
    stop_signal: int = signal.SIGTERM

    def find(self) -> psutil.Process | None:
        """The live process this record names, or None."""
        try:
            process = psutil.Process(self.pid)
            alive = (
                abs(process.create_time() - self.create_time) < 0.05
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


@dataclass
class StackRecord:
    """A run of the stack: its marker, its owner and what it has started."""

    marker: str
    owner: ProcessRecord
    processes: list[ProcessRecord] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Replace the file at `path` in one step."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(path)


def read_record(path: Path) -> StackRecord | None:
    """The record at `path`; None when there is none, or it cannot be read."""
    try:
        raw = json.loads(path.read_text())
        processes = [ProcessRecord(**entry) for entry in raw["processes"]]
        return StackRecord(marker=raw["marker"], owner=ProcessRecord(**raw["owner"]), processes=processes)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def record_of(name: str, pid: int, stop_signal: int = signal.SIGTERM) -> ProcessRecord:
    """The record of the live process `pid`. Raises psutil.NoSuchProcess when it is gone already."""
    return ProcessRecord(name, pid, psutil.Process(pid).create_time(), stop_signal)


def end_leftovers(path: Path) -> list[str]:
    """End what the dead owner of the record at `path` left running, remove the file, return the leaders'
    names.

    Does nothing while the owner lives.
    """
    record = read_record(path)
    if record is None or (record.owner.find() and record.owner.pid != os.getpid()):
        return []
    leaders = {found: entry for entry in record.processes if (found := entry.find())}
    others = set(marked_processes(record.marker)) - set(leaders)
    end_processes(leaders, others)
    path.unlink(missing_ok=True)
    return [entry.name for entry in leaders.values()]


def end_processes(leaders: dict[psutil.Process, ProcessRecord], others: Iterable[psutil.Process]) -> None:
    """Ask each leader to stop in its own way; after a grace time kill what is left."""
    tree = set(others)
    for process, entry in leaders.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            tree.update(process.children(recursive=True))
            process.send_signal(entry.stop_signal)
    wait_ended(leaders, GRACE_SECONDS)
    for process in [*leaders, *tree]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_ended([*leaders, *tree], GRACE_SECONDS)


def wait_ended(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Wait until every process has ended, for at most `seconds`.

    One that is dead but not yet waited for by its parent counts as ended: in a container nobody may do so.
    """
    deadline = time.monotonic() + seconds
    while any(is_live(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.03)


def is_live(process: psutil.Process) -> bool:
    """Whether the process runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def marked_processes(marker: str) -> list[psutil.Process]:
    """Every live process, save this one, that inherited `marker`."""
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == marker and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
