"""The import contracts are exhaustive: a module without a room fails the check."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("brokerapp", "onboarding", "funding", "trading", "sandbox", "devstack")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to add a module to."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    "module",
    ["brokerapp/drawer.py", "brokerapp/broker/drawer.py", "funding/drawer.py", "sandbox/drawer.py"],
)
def test_a_module_without_a_room_fails_the_check(copy: Path, module: str) -> None:
    (copy / module).write_text('"""Whatever found no place."""\n')

    linted = subprocess.run(
        [ROOT / ".venv" / "bin" / "lint-imports", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode != 0
    assert "drawer" in linted.stdout
