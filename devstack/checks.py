"""`make check`: everything that is held without running a test."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devstack.errors import StackError
from devstack.paths import ROOT

PYTHON = sys.executable
BIN = ROOT / ".venv" / "bin"
CHECKS = {
    "ruff": [str(BIN / "ruff"), "check"],
    "ruff format": [str(BIN / "ruff"), "format", "--check"],
    "import contracts": [str(BIN / "lint-imports")],
    "missing migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "state diagrams": [PYTHON, "manage.py", "states", "--check"],
    "Django's system checks": [PYTHON, "manage.py", "check", "--fail-level", "WARNING"],
    "templates": [str(BIN / "djlint"), "templates", "--lint", "--quiet"],
    "container files": [str(BIN / "hadolint"), "Dockerfile"],
    "types": [str(BIN / "mypy")],
}
ENVIRONMENT = {
    "DEBUG": "true",
    # No check reads a row; a port that nobody listens on keeps it so.
    "DATABASE_URL": "postgres://127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history:RuntimeWarning",
}


@dataclass(frozen=True)
class Outcome:
    """How one check went."""

    name: str
    passed: bool
    output: str


def check() -> None:
    """Run every check and name each one that fails, with what it said. Raises StackError when any did."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        failed = []
        for outcome in pool.map(run_check, CHECKS):
            print(f"{'ok    ' if outcome.passed else 'FAILED'}  {outcome.name}", flush=True)
            if not outcome.passed:
                print(outcome.output, flush=True)
                failed.append(outcome.name)
    if failed:
        raise StackError(f"Failed: {', '.join(failed)}.")


def run_check(name: str) -> Outcome:
    """Run one check of CHECKS."""
    done = subprocess.run(
        CHECKS[name],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(name, done.returncode == 0, done.stdout.rstrip())
