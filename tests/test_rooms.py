"""The import contracts are exhaustive: a module, a package or a folder without a room fails."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES: list[str] = CONTRACTS["root_packages"]
CONTAINERS = {
    name
    for contract in CONTRACTS["contracts"]
    if contract.get("exhaustive")
    for name in contract["containers"]
}
WITHOUT_CONTRACTS = {"benchmarks", "tests"}
BY_DJANGO = {"migrations", "management", "commands", "templatetags"}
"""Folders whose modules Django finds by their names."""
NOT_OURS = {"node_modules"}
# Stands on Python's path by itself, for the `sitecustomize` in it that Python imports first of all.
NO_PACKAGE = {ROOT / "devstack" / "faketime"}


def folders_with_modules(top: Path) -> set[Path]:
    return {file.parent for file in top.rglob("*.py")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to add a module to."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_modules_without_a_room_fail_the_check(copy: Path) -> None:
    new = {f"{container}.drawer" for container in CONTAINERS}
    for module in new:
        (copy / module.replace(".", "/")).with_suffix(".py").write_text('"""Whatever found no place."""\n')

    linted = subprocess.run(
        [ROOT / ".venv" / "bin" / "lint-imports", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode != 0
    assert {module for module in new if not re.search(rf"\b{re.escape(module)}\b", linted.stdout)} == set()


def test_no_other_package_stands_beside_those_with_contracts() -> None:
    tops = {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in NOT_OURS
    }

    assert {top for top in tops if folders_with_modules(ROOT / top)} == {*PACKAGES, *WITHOUT_CONTRACTS}
    assert {file.name for file in ROOT.glob("*.py")} == {"manage.py"}


def test_every_package_is_a_container_of_an_exhaustive_contract() -> None:
    """But for those within the sandbox: some of its packages are a web of imports, without layers."""
    packages = {
        ".".join(folder.relative_to(ROOT).parts)
        for package in PACKAGES
        for folder in folders_with_modules(ROOT / package) - NO_PACKAGE
        if not BY_DJANGO & set(folder.relative_to(ROOT).parts)
    }

    assert {name for name in packages if not name.startswith("sandbox.")} == CONTAINERS


def test_every_folder_with_modules_is_a_package() -> None:
    """The contracts see packages only: a folder without `__init__.py` can be imported all the same."""
    folders = {folder for package in PACKAGES for folder in folders_with_modules(ROOT / package)}

    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == NO_PACKAGE
