import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack import bootstrap


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the checkout, with a `.venv` that is whole."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").touch()
    (venv / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "BEGUN", venv / ".devstack-begun")
    return tmp_path


def test_is_whole_accepts_a_finished_venv(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))

    assert bootstrap.is_whole()


@pytest.mark.parametrize("damage", ["begun", "no configuration", "no python"])
def test_is_whole_refuses_a_half_made_venv(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    if damage == "begun":
        bootstrap.BEGUN.touch()
    elif damage == "no configuration":
        (checkout / ".venv" / "pyvenv.cfg").unlink()
    else:
        monkeypatch.setattr(bootstrap, "PYTHON", checkout / "missing")

    assert not bootstrap.is_whole()


def test_find_python_says_when_every_python_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(bootstrap.SetUpError, match=r"^Python 3\.11 or newer is needed and this is 3\.9: "):
        bootstrap.find_python()


def test_find_python_says_when_venv_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(bootstrap.SetUpError, match=r"venv module is missing.*python3-venv"):
        bootstrap.find_python()


def test_run_fails_with_the_last_line_that_says_something() -> None:
    code = "import sys; sys.exit('ERROR: no such package\\n\\n[notice] A new release of pip is available\\n')"

    with pytest.raises(bootstrap.SetUpError, match=r"^Installing failed: ERROR: no such package$"):
        bootstrap.run([sys.executable, "-c", code], "Installing failed")


@pytest.mark.parametrize("text", ["", "{", "{}"])
def test_read_stamp_of_an_unfinished_set_up_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp").write_text(text)

    assert bootstrap.read_stamp(tmp_path / "stamp") == {}


def test_write_stamp_is_read_back(tmp_path: Path) -> None:
    bootstrap.write_stamp(tmp_path / "new" / "stamp", "abc")

    assert bootstrap.read_stamp(tmp_path / "new" / "stamp") == {"lock": "abc"}
    assert json.loads((tmp_path / "new" / "stamp").read_text()) == {"lock": "abc"}


def test_bootstrap_imports_the_standard_library_alone() -> None:
    code = "import sys; sys.path.insert(0, 'devstack'); import bootstrap"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=bootstrap.ROOT,
        env=os.environ,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_make_names_a_missing_python() -> None:
    done = subprocess.run(
        ["make", "setup", "PYTHON=python-that-is-not-there"],
        cwd=bootstrap.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode
    assert done.stderr.startswith("python-that-is-not-there is missing: install Python 3.11 or newer")
