"""Sandbox processes whose clock does not depend on when the tests are run."""

import datetime as dt
from pathlib import Path
from typing import Any

from tests.sandbox_process import SandboxProcess

START = dt.datetime(2027, 1, 4, 15, 0, tzinfo=dt.UTC)  # a Monday, half an hour into the session


def process_at(state: Path, begin: dt.datetime = START, **options: Any) -> SandboxProcess:
    """Not started yet; ``options`` as for ``SandboxProcess``. Its clock runs on from ``begin``."""
    return SandboxProcess(state, begin=begin, **options)


def now_of(sandbox: SandboxProcess) -> dt.datetime:
    """What time it is there; aware UTC."""
    return dt.datetime.fromisoformat(sandbox.get("/_sandbox/clock")["now"]).astimezone(dt.UTC)
