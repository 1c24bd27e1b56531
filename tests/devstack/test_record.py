import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from devstack.record import MARKER, StackRecord, end_leftovers, marked_processes, read_record, record_of
from tests.devstack.conftest import SLEEPER, eventually, is_gone


@pytest.fixture
def marker() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def leftover(marker: str) -> Iterator["subprocess.Popen[bytes]"]:
    popen = subprocess.Popen(SLEEPER, env=os.environ | {MARKER: marker}, start_new_session=True)
    # Until exec the child still has our own environment.
    eventually(lambda: marked_processes(marker))
    yield popen
    popen.kill()
    popen.wait()


def write(path: Path, marker: str, *pids: int, owner_alive: bool = False) -> StackRecord:
    owner = record_of("owner", os.getppid())
    if not owner_alive:
        owner = replace(owner, create_time=owner.create_time - 100)
    record = StackRecord(marker, owner, [record_of("web", pid) for pid in pids])
    record.write(path)
    return record


def test_end_leftovers_ends_what_a_dead_owner_left(
    tmp_path: Path, marker: str, leftover: "subprocess.Popen[bytes]", bystander: psutil.Process
) -> None:
    write(tmp_path / "stack.json", marker, leftover.pid)

    assert end_leftovers(tmp_path / "stack.json") == ["web"]

    assert is_gone(leftover.pid)
    assert bystander.is_running()
    assert not (tmp_path / "stack.json").exists()


def test_end_leftovers_finds_a_process_that_was_not_recorded(
    tmp_path: Path, marker: str, leftover: "subprocess.Popen[bytes]"
) -> None:
    write(tmp_path / "stack.json", marker)

    end_leftovers(tmp_path / "stack.json")

    assert is_gone(leftover.pid)


def test_end_leftovers_spares_a_living_owners_processes(
    tmp_path: Path, marker: str, leftover: "subprocess.Popen[bytes]"
) -> None:
    write(tmp_path / "stack.json", marker, leftover.pid, owner_alive=True)

    assert end_leftovers(tmp_path / "stack.json") == []

    assert not is_gone(leftover.pid)


def test_end_leftovers_spares_a_stranger_with_a_recorded_id(
    tmp_path: Path, marker: str, bystander: psutil.Process
) -> None:
    record = write(tmp_path / "stack.json", marker, bystander.pid)
    record.processes = [replace(entry, create_time=entry.create_time - 60) for entry in record.processes]
    record.write(tmp_path / "stack.json")

    assert end_leftovers(tmp_path / "stack.json") == []

    assert bystander.is_running()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"marker": "x"}'])
def test_read_record_takes_an_unreadable_file_for_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "stack.json").write_text(text)

    assert read_record(tmp_path / "stack.json") is None
