import os
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devstack import postgres, valkey
from devstack.errors import StackError
from devstack.paths import LONGEST_SOCKET_PATH, socket_dir_for
from devstack.record import StackRecord, record_of
from devstack.services import clear_abandoned, embedded_servers


def make_run(parent: Path, name: str, *, owner_alive: bool) -> Path:
    owner = record_of("owner", os.getppid())
    if not owner_alive:
        owner = replace(owner, create_time=owner.create_time - 100)
    (parent / name).mkdir()
    StackRecord("no-such-marker", owner).write(parent / name / "stack.json")
    return parent / name


def test_clear_abandoned_removes_only_what_nobody_owns(tmp_path: Path) -> None:
    living = make_run(tmp_path, "living", owner_alive=True)
    abandoned = make_run(tmp_path, "abandoned", owner_alive=False)
    beginning = tmp_path / "beginning"
    ended_by_its_guard = tmp_path / "ended"
    beginning.mkdir()
    ended_by_its_guard.mkdir()
    hour_ago = tmp_path.stat().st_mtime - 3600
    os.utime(ended_by_its_guard, (hour_ago, hour_ago))

    clear_abandoned(tmp_path)

    assert living.exists()
    assert beginning.exists()
    assert not abandoned.exists()
    assert not ended_by_its_guard.exists()


def test_clear_abandoned_goes_on_where_a_run_ends_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    looked_at = []

    def end(record_file: Path) -> None:
        looked_at.append(record_file.parent)
        record_file.parent.rmdir()

    monkeypatch.setattr("devstack.services.end_leftovers", end)

    clear_abandoned(tmp_path)

    assert len(looked_at) == 2


def test_embedded_servers_starts_none_that_was_given(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://host/db", "REDIS_URL": "redis://host/0"}

    assert embedded_servers(tmp_path, given=given, throwaway=True) == []


def test_initialise_refuses_the_data_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("17\n")

    with pytest.raises(StackError, match=r"is of PostgreSQL 17, not 18: run `make reset`"):
        postgres.initialise(tmp_path)


def test_socket_dir_for_is_near_unless_the_path_is_too_long(tmp_path: Path) -> None:
    assert socket_dir_for(Path("/srv/app/.dev/data")) == Path("/srv/app/.dev/data/sockets")

    far = socket_dir_for(tmp_path / ("deep" * 30))

    assert len(os.fsencode(far / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH
    assert far != socket_dir_for(tmp_path / ("deep" * 31))


def test_valkey_starts_beside_a_damaged_append_only_file() -> None:
    with tempfile.TemporaryDirectory(prefix="damaged-") as name:  # short: a socket's path has about 100 bytes
        folder = Path(name)
        files = folder / "data" / "appendonlydir"
        files.mkdir(parents=True)
        (files / "appendonly.aof.manifest").write_text(
            "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
        )
        (files / "appendonly.aof.1.base.rdb").write_bytes(b"damaged")
        (files / "appendonly.aof.1.incr.aof").write_bytes(b"*2\r\n$damaged")
        server = subprocess.Popen(valkey.server_command(folder / "data", folder), stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not valkey.is_ready(folder):
                assert server.poll() is None, "it did not start"
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            server.kill()
            server.wait()
