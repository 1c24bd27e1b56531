"""`make test`: which processes its arguments concern, and the two at once."""

import textwrap
from pathlib import Path

import pytest

from devstack import testing
from devstack.errors import StackError
from devstack.testing import BROWSER, Part, parts_for, run_at_once

GUIDE = "tests/e2e/test_styleguide.py"
HOURS = "tests/trading/test_hours.py"


def paths(*arguments: str, without_browser: bool = False) -> list[list[str]]:
    """The paths that each process is given, which come last."""
    parts = parts_for(list(arguments), without_browser=without_browser)
    options = [one for one in arguments if not testing.names_tests(one) or "-k" in arguments]
    return [part.arguments[part.arguments.index("-rs") + 1 + len(options) :] for part in parts]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [[], [BROWSER]]),
        (["-x", "-k", "hours"], [[], [BROWSER]]),
        (["tests"], [["tests"], [BROWSER]]),
        (["."], [["."], [BROWSER]]),
        ([HOURS], [[HOURS]]),
        ([f"{HOURS}::test_one", "-n0"], [[f"{HOURS}::test_one"]]),
        ([GUIDE], [[GUIDE]]),
        ([HOURS, GUIDE], [[HOURS], [GUIDE]]),
        (["-k", "tests/e2e"], [[], [BROWSER]]),
        (["tests", GUIDE], [["tests"], [GUIDE]]),
    ],
)
def test_parts_for_paths(arguments: list[str], expected: list[list[str]]) -> None:
    assert paths(*arguments) == expected


def test_parts_for_hands_every_option_to_both() -> None:
    for part in parts_for(["-x", "-k", "tests", "--ignore", "tests/ui", HOURS, GUIDE], without_browser=False):
        options = [one for one in part.arguments if one not in (HOURS, GUIDE)]
        assert options[-5:] == ["-x", "-k", "tests", "--ignore", "tests/ui"]


def test_parts_for_without_browser() -> None:
    assert paths(without_browser=True) == [[]]
    assert paths(HOURS, GUIDE, without_browser=True) == [[HOURS]]
    with pytest.raises(StackError, match="browser tests alone"):
        paths(GUIDE, without_browser=True)


@pytest.mark.parametrize(("cores", "beside", "alone"), [(None, 2, 3), (1, 2, 3), (4, 4, 5), (64, 8, 9)])
def test_parts_for_spreads_over_the_cores(
    cores: int | None, beside: int, alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)

    def workers(*, without_browser: bool) -> str:
        arguments = parts_for([], without_browser=without_browser)[0].arguments
        return arguments[arguments.index("--numprocesses") + 1]

    assert workers(without_browser=False) == str(beside)
    assert workers(without_browser=True) == str(alone)


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that makes a pytest process of some lines of tests, apart from the project's settings."""
    # The process in which this test runs may be a worker of pytest-xdist; those it starts are not.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "pytest.ini").touch()

    def make(name: str, code: str, *options: str) -> Part:
        path = tmp_path / f"test_{name}.py"
        path.write_text(textwrap.dedent(code))
        own = ["-c", str(tmp_path / "pytest.ini"), "-p", "devstack.pytest_services"]
        return Part(name, [*own, *options, str(path)])

    return make


def test_run_at_once_ends_with_one_summary_of_both(part, capfd: pytest.CaptureFixture[str]) -> None:
    good = part("good", "def test_one(): pass\ndef test_two(): pass")
    bad = part("bad", "import pytest\ndef test_bad(): assert 0\ndef test_left_out(): pytest.skip()")

    assert run_at_once([good, bad]) == 1

    lines = capfd.readouterr().out.splitlines()
    assert lines[-2].startswith("FAILED ")
    assert lines[-2].endswith("test_bad.py::test_bad")
    assert " 1 failed, 2 passed, 1 skipped in " in lines[-1]
    assert lines[-1].startswith("===")


def test_run_at_once_shows_one_after_the_other(part, capfd: pytest.CaptureFixture[str]) -> None:
    slow = part("slow", "import time\ndef test_slow(): time.sleep(1.5)", "-v")
    quick = part("quick", "def test_quick(): pass", "-v")

    assert run_at_once([slow, quick]) == 0

    text = capfd.readouterr().out
    assert text.index("test_slow PASSED") < text.index(" 1 passed") < text.index("test_quick PASSED")


@pytest.mark.parametrize("failing_first", [True, False])
def test_run_at_once_stops_both_at_the_first_failure(
    part, capfd: pytest.CaptureFixture[str], failing_first: bool
) -> None:
    bad = part("bad", "def test_bad(): assert 0", "-x")
    endless = part("endless", "import time\ndef test_endless(): time.sleep(600)", "-x")

    assert run_at_once([bad, endless] if failing_first else [endless, bad]) in (1, 2)

    summary = capfd.readouterr().out.splitlines()[-1]
    assert " 1 failed" in summary
    assert "passed" not in summary, "the other ran to its end"


def test_run_at_once_part_that_cannot_start_is_an_error(part, capfd: pytest.CaptureFixture[str]) -> None:
    good = part("good", "def test_one(): pass")
    broken = part("broken", "", "--no-such-option")

    assert run_at_once([good, broken]) == 4

    assert " 1 passed, 1 error in " in capfd.readouterr().out.splitlines()[-1]


def test_run_at_once_one_without_a_chosen_test_is_well(part, capfd: pytest.CaptureFixture[str]) -> None:
    code = "def test_one(): pass"

    assert run_at_once([part("chosen", code, "-k", "one"), part("other", code, "-k", "two")]) == 0
    assert " 1 passed, 1 deselected in " in capfd.readouterr().out.splitlines()[-1]

    assert run_at_once([part("other", code, "-k", "two")]) == 5
