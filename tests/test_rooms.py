"""The import contracts are exhaustive: a module without a room fails the check."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEW = ("brokerapp.drawer", "brokerapp.broker.drawer", "funding.drawer", "sandbox.drawer")
PACKAGES = ("brokerapp", "onboarding", "funding", "trading", "sandbox", "devstack")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to add a module to."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_modules_without_a_room_fail_the_check(copy: Path) -> None:
    for module in NEW:
        (copy / module.replace(".", "/")).with_suffix(".py").write_text('"""Whatever found no place."""\n')

    linted = subprocess.run(
        [ROOT / ".venv" / "bin" / "lint-imports", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode != 0
    assert [module for module in NEW if not re.search(rf"\b{re.escape(module)}\b", linted.stdout)] == []
