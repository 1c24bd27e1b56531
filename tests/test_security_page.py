"""docs/security.md names every requirement of OWASP's ASVS 5.0, levels 1 and 2, and tests that there are."""

import ast
import re
from collections import Counter
from functools import cache

import pytest

from devstack.paths import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE
)
STANDS = {"met", "partly", "not met", "proxy", "n/a"}

LEVEL_1 = """
1.2.1-5 1.3.1-2 1.5.1 2.1.1 2.2.1-2 2.3.1 3.2.1-2 3.3.1 3.4.1-2 3.5.1-3 4.1.1 4.4.1 5.2.1-2 5.3.1-2 6.1.1
6.2.1-8 6.3.1-2 6.4.1-2 7.2.1-4 7.4.1-2 8.1.1 8.2.1-2 8.3.1 9.1.1-3 9.2.1 10.4.1-5 11.3.1-2 11.4.1 12.1.1
12.2.1-2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
"""
LEVEL_2 = """
1.1.1-2 1.2.6-9 1.3.3-11 1.4.1-3 1.5.2 2.1.2-3 2.2.3 2.3.2-4 2.4.1 3.3.2-4 3.4.3-6 3.5.4-5 3.7.1-2 4.1.2-3
4.2.1 4.3.1-2 4.4.2-4 5.1.1 5.2.3 5.4.1-3 6.1.2-3 6.2.9-12 6.3.3-4 6.4.3-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3
7.3.1-2 7.4.3-5 7.5.1-2 7.6.1-2 8.1.2 8.2.3 8.4.1 9.2.2-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.6-11 10.5.1-5
10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.3 11.4.2-4 11.5.1 11.6.1 12.1.2-3 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2
13.4.2-5 14.1.1-2 14.2.2-4 14.3.2-3 15.1.2-3 15.2.2-3 15.3.2-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
17.1.1 17.2.1-4 17.3.1-2
"""


def numbers(text: str) -> set[str]:
    """The ids that "1.2.1-3 1.3.1" stands for."""
    found = set()
    for part in text.split():
        head, _, last = part.rpartition(".")
        first, _, end = last.partition("-")
        found |= {f"{head}.{number}" for number in range(int(first), int(end or first) + 1)}
    return found


@cache
def names_in(path: str) -> set[str]:
    file = ROOT / path
    if not file.is_file():
        return set()
    tree = ast.parse(file.read_text())
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_every_requirement_stands_there_once_with_its_level() -> None:
    rows = ROW.findall(PAGE)

    assert not [number for number, times in Counter(row[0] for row in rows).items() if times > 1]
    assert {row[0] for row in rows if row[1] == "1"} == numbers(LEVEL_1)
    assert {row[0] for row in rows if row[1] == "2"} == numbers(LEVEL_2)
    assert len(rows) == 253


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: row[0])
def test_requirement_is_shown_by_tests_that_there_are(row: tuple[str, ...]) -> None:
    number, _, _, stands, how, shown = row
    named = re.findall(r"`(tests/[^:`]+)::(\w+)`", shown)

    assert stands in STANDS
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []
    # Without a test: what does not concern us, what others must do, and what is not met, each with why.
    assert named or how.strip(), f"{number} says neither how nor by which test"


def test_what_is_not_met_is_said_above_the_tables() -> None:
    stands = Counter(row[3] for row in ROW.findall(PAGE))

    for word in STANDS - {"n/a"}:
        assert f"{stands[word]} {word}" in PAGE, word
