import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devstack import record
from devstack.supervisor import Spec, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits eight seconds for a process that ignores SIGTERM."""
    monkeypatch.setattr(record, "GRACE_SECONDS", 0.5)


@pytest.fixture
def said() -> list[str]:
    """What the supervisor printed."""
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr("devstack.supervisor.FIRST_BACKOFF_SECONDS", 0.01)
    # Under `make test` the parent to watch would be pytest-xdist's controller; it lives on, but say so.
    monkeypatch.delenv("MAKELEVEL", raising=False)
    with Supervisor(tmp_path / "stack.json", tmp_path / "logs", said.append) as running:
        yield running


@pytest.fixture
def bystander() -> Iterator[psutil.Process]:
    """A process that is none of the stack's."""
    popen = subprocess.Popen(SLEEPER)
    yield psutil.Process(popen.pid)
    popen.kill()
    popen.wait()


def spec(name: str, code: str, *, ready: Callable[[], bool] | None = lambda: True) -> Spec:
    """A process that runs some Python."""
    return Spec(name, [sys.executable, "-c", code], {}, is_ready=ready)


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    """Fail unless the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether no process has this id, or only one that is dead and not yet waited for."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill(pid: int) -> None:
    """`kill -9`."""
    psutil.Process(pid).send_signal(signal.SIGKILL)
