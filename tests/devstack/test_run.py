import subprocess
import sys
from pathlib import Path

import pytest

from devstack import paths
from devstack.errors import StackError
from devstack.run import check_ports, keep_last_logs, only_stack
from devstack.table import summary

ENV = {
    "PORT": "8000",
    "SANDBOX_PORT": "8100",
    "DEMO_MODE": "true",
    "BROKER_BASE_URL": "http://127.0.0.1:8100",
}
HOLDER = """
from pathlib import Path
from devstack import paths
from devstack.run import only_stack

paths.DEV_DIR, paths.LOCK_FILE = Path({folder!r}), Path({folder!r}) / "run.lock"
with only_stack():
    print("held", flush=True)
    input()
"""


def test_only_stack_refuses_a_second_stack_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "DEV_DIR", tmp_path)
    monkeypatch.setattr(paths, "LOCK_FILE", tmp_path / "run.lock")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(folder=str(tmp_path))],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with (
        pytest.raises(StackError, match=rf"already running in this folder \(process {holder.pid}\)"),
        only_stack(),
    ):
        pass

    holder.communicate("\n", timeout=10)
    with only_stack():
        assert int((tmp_path / "run.lock").read_text())


def test_check_ports_refuses_one_port_for_both() -> None:
    env = {"HOST": "127.0.0.1", "PORT": "0", "SANDBOX_PORT": "0"}

    with pytest.raises(StackError, match="PORT and SANDBOX_PORT are both 0"):
        check_ports(env, {})


def test_keep_last_logs_begins_with_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("old")

    keep_last_logs(tmp_path)

    assert (tmp_path / "web.log.1").read_text() == "old"
    assert not (tmp_path / "web.log").exists()


def test_summary_shows_people_mailbox_and_console_in_demo_mode() -> None:
    people = [{"email": "ops@example.com", "password": "practice", "shows": "operations"}]

    text = summary(ENV, Path(".dev/logs"), people=people)

    assert "http://localhost:8000/mailbox/" in text
    assert "http://127.0.0.1:8100/" in text
    assert "ops@example.com  practice  operations" in text


def test_summary_shows_neither_outside_demo_mode() -> None:
    env = ENV | {"DEMO_MODE": "false", "BROKER_BASE_URL": "https://broker.example.com"}

    text = summary(env, Path(".dev/logs"), people=[])

    assert "mailbox" not in text
    assert "Sandbox" not in text
    assert "https://broker.example.com" in text
