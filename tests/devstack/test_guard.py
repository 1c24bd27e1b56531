import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devstack.paths import ROOT
from devstack.record import StackRecord, read_record
from tests.devstack.conftest import eventually, is_gone

OWNER = """
import signal, sys
from pathlib import Path
from devstack import record
from devstack.run import guarded
from devstack.supervisor import Spec, Stopped, Supervisor

record.GRACE_SECONDS = 0.5
folder = Path(sys.argv[1])
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
with guarded(folder / "stack.json"), Supervisor(folder / "stack.json", folder / "logs") as supervisor:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.ask_to_stop)
    try:
        for name in ("web", "worker"):
            supervisor.start(Spec(name, sleep, {}, is_ready=lambda: True))
        print("up", flush=True)
        supervisor.supervise()
    except Stopped:
        pass
print("stopped", flush=True)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs a stack of two sleepers."""
    popen = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert popen.stdout is not None
    assert popen.stdout.readline() == "up\n"
    yield popen
    popen.kill()
    popen.wait()
    popen.stdout.close()


def record_in(folder: Path) -> StackRecord:
    record = read_record(folder / "stack.json")
    assert record is not None
    return record


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stack_stops_whole_on_a_signal(
    owner: "subprocess.Popen[str]", tmp_path: Path, bystander: psutil.Process, number: signal.Signals
) -> None:
    record = record_in(tmp_path)
    guard = [
        child.pid for child in psutil.Process(owner.pid).children() if "devstack.guard" in child.cmdline()
    ]

    owner.send_signal(number)

    assert owner.wait(10) == 0
    assert len(record.processes) == 2
    assert all(is_gone(entry.pid) for entry in record.processes)
    assert len(guard) == 1
    assert is_gone(guard[0])
    assert bystander.is_running()


def test_guard_ends_the_stack_of_a_killed_owner(
    owner: "subprocess.Popen[str]", tmp_path: Path, bystander: psutil.Process
) -> None:
    record = record_in(tmp_path)

    owner.kill()

    eventually(lambda: all(is_gone(entry.pid) for entry in record.processes), seconds=30)
    eventually(lambda: not (tmp_path / "stack.json").exists(), seconds=30)
    assert bystander.is_running()
