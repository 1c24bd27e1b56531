import os
import signal
from pathlib import Path

import psutil
import pytest

from devstack.errors import StackError
from devstack.record import read_record
from devstack.supervisor import MAX_RESTARTS, GaveUp, Stopped, Supervisor
from tests.devstack.conftest import eventually, is_gone, kill, spec

SLEEP = "import time; time.sleep(60)"
IGNORES_TERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
HAS_CHILD = """
import subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleep, start_new_session={own_session})
print(child.pid, flush=True)
time.sleep(60)
"""


def pid_of(supervisor: Supervisor, name: str) -> int:
    popen = supervisor.children[name].popen
    assert popen is not None
    return popen.pid


def logged(supervisor: Supervisor, name: str) -> str:
    log = supervisor.log_file(name)
    return log.read_text() if log.exists() else ""


def start_parent(supervisor: Supervisor, *, own_session: bool) -> int:
    """Start a process that has a child; the child's id."""
    supervisor.start(spec("parent", HAS_CHILD.format(own_session=own_session)))
    eventually(lambda: logged(supervisor, "parent").endswith("\n"))
    return int(logged(supervisor, "parent"))


def looked_around(supervisor: Supervisor) -> Supervisor:
    supervisor.look_around()
    return supervisor


@pytest.mark.parametrize("name", ["worker", "web", "events"])
def test_look_around_restarts_a_killed_process(supervisor: Supervisor, said: list[str], name: str) -> None:
    supervisor.start(spec(name, SLEEP))
    first = pid_of(supervisor, name)

    kill(first)
    eventually(lambda: looked_around(supervisor).children[name].popen and said)

    assert pid_of(supervisor, name) != first
    assert said == [f"{name} ended (killed by SIGKILL); starting it again."]


def test_look_around_ends_what_a_killed_process_left_behind(supervisor: Supervisor) -> None:
    child = start_parent(supervisor, own_session=False)

    kill(pid_of(supervisor, "parent"))
    eventually(lambda: looked_around(supervisor) and is_gone(child))


def test_look_around_gives_up_on_a_process_that_keeps_dying(supervisor: Supervisor, said: list[str]) -> None:
    code = (
        "import time; [print('line', n, flush=True) for n in range(30)]; raise SystemExit('the last words')"
    )
    supervisor.launch(spec("web", code))
    supervisor.children["web"].was_ready = True

    with pytest.raises(GaveUp) as gave_up:
        eventually(supervisor.look_around)

    text = str(gave_up.value)
    assert text.startswith("web ended 6 times in a minute (exit code 1).")
    assert text.endswith("web | the last words")
    assert len(text.splitlines()) == 21
    assert len(said) == MAX_RESTARTS


def test_start_gives_up_at_once_on_a_process_that_never_was_ready(supervisor: Supervisor) -> None:
    with pytest.raises(GaveUp, match=r"^web did not start \(exit code 3\)\.\n  web said nothing\.$"):
        supervisor.start(spec("web", "raise SystemExit(3)", ready=lambda: False))


def test_start_names_a_process_that_takes_too_long(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match=r"web was not ready after 0 seconds"):
        supervisor.start(spec("web", SLEEP, ready=lambda: False), wait=0.2)


def test_run_once_names_a_command_that_failed(supervisor: Supervisor) -> None:
    failing = spec("release", "raise SystemExit('no such table')")

    with pytest.raises(GaveUp, match=r"release failed \(exit code 1\)\.\n  release \| no such table"):
        supervisor.run_once(failing.name, failing.command, failing.env)


def test_look_around_raises_when_asked_to_stop(supervisor: Supervisor) -> None:
    supervisor.ask_to_stop(signal.SIGINT, None)

    with pytest.raises(Stopped):
        supervisor.supervise()


def test_end_all_ends_the_whole_tree_and_nothing_else(
    supervisor: Supervisor, bystander: psutil.Process
) -> None:
    child = start_parent(supervisor, own_session=True)
    supervisor.start(spec("stubborn", IGNORES_TERM))
    eventually(lambda: logged(supervisor, "stubborn"))
    leaders = [pid_of(supervisor, "parent"), pid_of(supervisor, "stubborn")]

    supervisor.end_all()

    assert all(is_gone(pid) for pid in [*leaders, child])
    assert bystander.is_running()
    assert not supervisor.record_file.exists()


def test_spawn_records_each_process(supervisor: Supervisor) -> None:
    supervisor.start(spec("web", SLEEP))
    supervisor.start(spec("worker", SLEEP))

    record = read_record(supervisor.record_file)

    assert record is not None
    assert record.owner.pid == os.getpid()
    assert [(entry.name, entry.pid) for entry in record.processes] == [
        ("web", pid_of(supervisor, "web")),
        ("worker", pid_of(supervisor, "worker")),
    ]


def test_log_file_has_what_the_process_printed(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.run_once("seed", spec("seed", "print('done')").command, {})

    assert (tmp_path / "logs" / "seed.log").read_text() == "done\n"
