import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from devstack import templates
from devstack.errors import StackError


def test_template_of_a_server_that_is_not_ours_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(templates.VARIABLE, raising=False)

    assert templates.template_of("postgres://127.0.0.1:9/none") is None


def test_template_is_made_once_by_the_first_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    name = f"made_once_{os.getpid()}"
    monkeypatch.setenv(templates.VARIABLE, "1")
    monkeypatch.setattr(templates, "DATABASE", name)
    monkeypatch.setattr(templates, "fill", made.append)
    url = os.environ["DATABASE_URL"]
    try:
        with ThreadPoolExecutor(2) as two:
            assert list(two.map(templates.template_of, [url, url])) == [name, name]
        assert len(made) == 1
        with psycopg.connect(templates.named(url, name)):
            pass
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one migration, and a folder for its dumps."""
    for folder in ("requirements", "shop/migrations", "brokerapp/broker/calls/migrations"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "requirements" / "dev.txt").write_text("django==5.2")
    (tmp_path / "shop" / "migrations" / "0001_initial.py").write_text("first")
    monkeypatch.setattr(templates, "ROOT", tmp_path)
    monkeypatch.setattr(templates, "DUMPS", tmp_path / "dumps")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    ["shop/migrations/0001_initial.py", "brokerapp/broker/calls/migrations/0001.py", "requirements/dev.txt"],
)
def test_digest_is_another_after_a_change(project: Path, changed: str) -> None:
    before = templates.digest()
    assert templates.digest() == before

    (project / changed).write_text("changed")

    assert templates.digest() != before


def test_fill_migrates_once_and_restores_from_then_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(command: list[str], **variables: str) -> None:
        ran.append(Path(command[0]).name)
        for argument in command:
            if argument.startswith("--file="):
                Path(argument.removeprefix("--file=")).write_text("-- a dump")

    monkeypatch.setattr(templates, "run", run)

    templates.fill("postgres://127.0.0.1:9/first")
    templates.fill("postgres://127.0.0.1:9/second")

    assert ran[1:] == ["pg_dump", "psql"]
    assert [path.read_text() for path in templates.DUMPS.iterdir()] == ["-- a dump"]


def test_run_tells_what_a_command_said_last() -> None:
    with pytest.raises(StackError, match="sh failed: the last"):
        templates.run(["sh", "-c", "echo first >&2; echo the last >&2; exit 1"])
