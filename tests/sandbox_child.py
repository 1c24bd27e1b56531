"""What a sandbox's process runs in tests: `python -m sandbox`, where its modules are imported already.

It stands apart from `tests.sandbox_process`, so that the process imports nothing that only tests need.
"""

import datetime as dt
import os
import sys

import uvloop  # noqa: F401  uvicorn imports it as it starts

from sandbox.__main__ import main
from sandbox.endpoints import ENDPOINTS
from sandbox.instruments.assets import load_assets
from sandbox.kernel.trading_calendar import session_on
from sandbox.server import Routes

# What each would begin with, in the same way: what is read and compiled here is kept by the modules.
load_assets()
Routes(ENDPOINTS)
session_on(dt.datetime.now(dt.UTC).date())


def serve(arguments: list[str], log: str) -> None:
    """The command with these arguments; what it prints goes to the end of the file `log`."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    sys.exit(main(arguments))
