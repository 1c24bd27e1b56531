"""The documents name what there is: paths, links, rooms."""

import os
import re
from functools import cache
from pathlib import Path

import pytest

from devstack.paths import ROOT

DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
HOUSE = (ROOT / "docs" / "architecture.md").read_text().partition("## The house")[2]
PRODUCT = ("onboarding", "funding", "trading")
PART = re.compile(r"^\*\*(Context|Choices weighed|Decision|Consequences)\b", re.MULTILINE)
MADE_BY_COMMANDS = (".dev/", "sbom/")
PATH = re.compile(r"[\w*.-]+(/[\w*.-]+)*/?")
FILE = re.compile(r"\.(py|md|toml|ya?ml|html|css|js|sh|txt)$")


@cache
def paths() -> frozenset[str]:
    """All files and folders, from the top, without what is installed or made by commands."""
    found: set[str] = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in {".git", ".venv", ".dev", "node_modules"}]
        here = Path(folder).relative_to(ROOT)
        found |= {str(here / name) for name in (*folders, *files)}
    return frozenset(found)


def is_there(path: str) -> bool:
    """Whether there is such a path; it may leave out where it begins: `services/kyc.py`."""
    if "*" in path:
        return any(ROOT.glob(path))
    path = path.rstrip("/")
    return path in paths() or any(known.endswith(f"/{path}") for known in paths())


def paths_named(text: str) -> list[str]:
    """What stands between backquotes and is a path: not an address, which begins with a slash."""
    quoted = [word.partition("::")[0] for word in re.findall(r"`([^`\n]+)`", without_blocks(text))]
    return [word for word in quoted if PATH.fullmatch(word) and ("/" in word or FILE.search(word))]


def rooms(package: str) -> set[str]:
    """The packages that stand directly in one."""
    return {file.parent.name for file in (ROOT / package).glob("*/__init__.py")}


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_paths_and_links_of_a_document_are_there(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", without_blocks(text))

    named = [path for path in paths_named(text) if not path.startswith(MADE_BY_COMMANDS)]
    assert [path for path in named if not is_there(path)] == []
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_room_is_in_the_tree_and_in_the_arrows() -> None:
    tree, arrows, *_ = blocks(HOUSE)
    in_broker = re.split(r"^  broker/ .*\n", tree, flags=re.MULTILINE)[1].partition("\n  security_log/")[0]

    assert set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)) == rooms("brokerapp")
    assert set(re.findall(r"^    (\w+)(?:/|\.py) ", in_broker, re.MULTILINE)) == rooms("brokerapp/broker") | {
        file.stem for file in (ROOT / "brokerapp" / "broker").glob("[!_]*.py")
    }
    assert set(re.findall(r"\w+", arrows.splitlines()[0])) == rooms("brokerapp") | set(PRODUCT)


@pytest.mark.parametrize("document", ADRS, ids=lambda document: document.stem)
def test_a_choice_has_its_four_parts_in_order(document: Path) -> None:
    heads = PART.findall(document.read_text())

    assert heads == ["Context", "Choices weighed", "Decision", "Consequences"]
