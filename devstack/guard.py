"""`python -m devstack.guard RECORD`: ends a stack whose owner died without a word.

The owner holds the other end of our standard input and never writes to it. When the owner is gone, however it
went, the kernel closes that end, and we end what the record still names.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from devstack.paths import ROOT
from devstack.record import MARKER, end_leftovers, read_record

OWNER_DIES_SECONDS = 5


def start_guard(record_file: Path) -> "subprocess.Popen[bytes]":
    """Start a guard in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
    env = {name: value for name, value in os.environ.items() if name != MARKER}
    return subprocess.Popen(
        [sys.executable, "-m", "devstack.guard", str(record_file)],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def dismiss_guard(guard: "subprocess.Popen[bytes]") -> None:
    """End the guard after an orderly stop; the record is gone by then, so it finds nothing to end."""
    if guard.stdin:
        guard.stdin.close()
    guard.wait(timeout=30)


def main() -> None:
    """Wait for the owner's end, then end its leftovers."""
    sys.stdin.buffer.read()
    record_file = Path(sys.argv[1])
    # The kernel closes a dying owner's files a moment before it counts as dead.
    deadline = time.monotonic() + OWNER_DIES_SECONDS
    while (record := read_record(record_file)) and record.owner.find() and time.monotonic() < deadline:
        time.sleep(0.02)
    end_leftovers(record_file)


if __name__ == "__main__":
    main()
