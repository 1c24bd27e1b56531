"""`make test`: the browser tests and all others, each a pytest process of its own, at once, with one summary.

They are apart because Playwright keeps an event loop in the tests' thread from its first test to the end: no
other loop can run there, nor Django's database. They run at once because both spend half their time waiting
for processes of their own. Where the arguments concern one part, only that is run.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError
from devstack.instants import environment_at, instant
from devstack.paths import ROOT
from devstack.services import throwaway_services
from devstack.valkey import url_after

SPREAD = ["--dist", "loadfile", "--no-loadscope-reorder"]
MOST_WORKERS = 8
"""Each has its own copy of the database and its own Redis database, see BROWSER_REDIS_STEP."""
BROWSER = "tests/e2e"
TAKES_A_VALUE = ("-k", "-m", "-p", "--ignore", "--ignore-glob", "--deselect")
"""Options whose value may look like the path of a test."""
STOPS_EARLY = ("-x", "--exitfirst", "--maxfail")

REPORT = "DEVSTACK_TEST_REPORT"
"""Environment variable: the file into which devstack.pytest_services writes how a part went."""
BROWSER_REDIS_STEP = 16
"""How far the browser tests' Redis databases are from those of the other tests' workers."""
COUNTED = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error")
"""pytest's words, in its order."""
FAILED, NOTHING_CHOSEN = 1, 5
"""pytest's exit codes when a test failed, and when none was chosen."""


@dataclass(frozen=True)
class Part:
    """A pytest process: its name and its arguments."""

    name: str
    arguments: list[str]


@dataclass
class Running:
    """A part under way: where its output is kept while it is not its turn, and where it reports."""

    part: Part
    process: "subprocess.Popen[bytes]"
    output: Path | None
    report: Path
    interrupted: bool = False


def test(arguments: list[str]) -> int:
    """Run the tests that `arguments` ask for; pytest's exit code.

    Ours: `--at INSTANT` (see devstack.instants) and `--without-browser`; the rest is pytest's. Raises
    StackError when a server does not start, or libfaketime is missing.
    """
    parser = argparse.ArgumentParser(prog="make test", allow_abbrev=False, add_help=False)
    parser.add_argument("--at", metavar="INSTANT")
    parser.add_argument("--without-browser", action="store_true")
    options, rest = parser.parse_known_args(arguments)
    parts = parts_for(rest, without_browser=options.without_browser or bool(options.at))
    if options.at:
        at, what = instant(options.at)
        os.environ.update(environment_at(at))
        print(f"Without the browser, at {at:%Y-%m-%d %H:%M:%S} UTC{what and f': {what}'}", flush=True)
    if len(parts) == 1:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *parts[0].arguments])
    return run_at_once(parts)


def parts_for(arguments: list[str], *, without_browser: bool) -> list[Part]:
    """The processes that pytest's `arguments` concern. Raises StackError when there is none."""
    paths = [
        argument
        for before, argument in zip(["", *arguments], arguments, strict=False)
        if before not in TAKES_A_VALUE and names_tests(argument)
    ]
    options = [argument for argument in arguments if argument not in paths]
    others = [path for path in paths if not is_within(path, BROWSER)]
    browser = [path for path in paths if path not in others]
    if not browser and (not paths or any(is_within(BROWSER, path) for path in others)):
        browser = [BROWSER]
    parts = []
    if others or not paths:
        workers = worker_count(alone=not browser or without_browser)
        spread = ["--numprocesses", str(workers), *SPREAD]
        parts.append(Part("the tests without a browser", [*spread, "-rs", *options, *others]))
    if browser and not without_browser:
        parts.append(Part("the browser tests", ["-rs", *options, *browser]))
    if not parts:
        raise StackError("Those are browser tests alone, and a browser goes by the machine's clock.")
    return parts


def worker_count(*, alone: bool) -> int:
    """How many processes run the tests without a browser: one for each core, and two at least.

    One more where the browser tests do not run beside them: a third of their time is waiting for processes.
    """
    return min(max(2, os.cpu_count() or 2), MOST_WORKERS) + alone


def names_tests(argument: str) -> bool:
    """Whether it is the path of a test or of a folder of tests, perhaps with `::test`."""
    path = path_of(argument)
    return path.exists() and (is_within(argument, "tests") or path == ROOT)


def is_within(argument: str, folder: str) -> bool:
    """Whether the path in `argument` is that of `folder` or of something below it."""
    return path_of(argument).is_relative_to(path_of(folder))


def path_of(argument: str) -> Path:
    """The file or folder that a test's id begins with."""
    return (ROOT / argument.split("::", 1)[0]).resolve()


def run_at_once(parts: list[Part]) -> int:
    """Run the parts at once on the same servers; show one's output after the other's, then one summary."""
    begun = time.monotonic()
    running: list[Running] = []
    with throwaway_services() as variables, tempfile.TemporaryDirectory(prefix="brokerapp-test-") as folder:
        with ended_with(running):
            for index, part in enumerate(parts):
                running.append(start(part, index, variables, Path(folder)))
            for one in running:
                show(one, running)
        reports = [read_report(one) for one in running]
    codes = [one.process.returncode for one in running]
    print(summary(reports, time.monotonic() - begun), flush=True)
    return next((code for code in codes if code not in (0, NOTHING_CHOSEN)), min(codes))


def start(part: Part, index: int, variables: Mapping[str, str], folder: Path) -> Running:
    """Start a part; all but the first keep their output in a file until it is their turn."""
    report, output = folder / f"{index}.json", folder / f"{index}.txt" if index else None
    env = os.environ | variables | {REPORT: str(report)}
    env["REDIS_URL"] = url_after(env["REDIS_URL"], index * BROWSER_REDIS_STEP)
    colour = [f"--color={'yes' if sys.stdout.isatty() else 'auto'}"]
    command = [sys.executable, "-m", "pytest", *colour, *part.arguments]
    with output.open("wb") if output else contextlib.nullcontext() as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=file, start_new_session=True
        )
    return Running(part, process, output, report)


@contextlib.contextmanager
def ended_with(running: list[Running]) -> Iterator[None]:
    """Interrupt what still runs when the block is left, and wait for it: each ends what it started.

    They are in sessions of their own, so that a Ctrl-C reaches them once, from here. A shell's background job
    ignores it, and so would what that starts, had we no handler of our own.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for one in running:
            interrupt(one)
        for one in running:
            one.process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(one: Running) -> None:
    """What Ctrl-C does, once, and unless it has ended."""
    if one.process.poll() is None and not one.interrupted:
        one.interrupted = True
        one.process.send_signal(signal.SIGINT)


def show(one: Running, running: list[Running]) -> None:
    """Follow a part to its end. When another failed and was to stop at that (`-x`), this one stops too."""
    shown = 0
    while True:
        ended = one.process.poll() is not None
        shown += copy_from(one.output, shown) if one.output else 0
        if ended:
            return
        if any(other.process.poll() == FAILED and stops_early(other.part) for other in running):
            interrupt(one)
        time.sleep(0.1)


def stops_early(part: Part) -> bool:
    """Whether it was told to end at a failure."""
    return any(argument.startswith(STOPS_EARLY) for argument in part.arguments)


def copy_from(output: Path, offset: int) -> int:
    """Print what a file holds from `offset` on; how many bytes that was."""
    with output.open("rb") as file:
        file.seek(offset)
        content = file.read()
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
    return len(content)


def read_report(one: Running) -> dict[str, list[str]]:
    """The ids of the tests by pytest's word for how they went; an error when the part could not say."""
    try:
        return dict(json.loads(one.report.read_text()))
    except (FileNotFoundError, ValueError):
        return {"error": [f"{one.part.name} ended without a report"]}


def summary(reports: Iterable[Mapping[str, list[str]]], seconds: float) -> str:
    """The failures of all parts and, last, one line of totals in pytest's form."""
    counts: Counter[str] = Counter()
    lines = []
    for report in reports:
        counts.update({outcome: len(ids) for outcome, ids in report.items()})
        lines += [
            f"{outcome.upper()} {name}" for outcome in ("failed", "error") for name in report.get(outcome, [])
        ]
    totals = ", ".join(f"{counts[outcome]} {outcome}" for outcome in COUNTED if counts[outcome])
    minutes, rest = divmod(round(seconds), 60)
    closing = f" {totals or 'no tests ran'} in {seconds:.2f}s (0:{minutes:02}:{rest:02}) "
    return "\n".join(["", *lines, closing.center(shutil.get_terminal_size().columns, "=")])
