"""Imported by every Python whose clock `make test AT=…` sets.

libfaketime (0.9.10) reads the instant until which CPython's sleep waits on the monotonic clock as one of the
clock that it sets, so that `time.sleep` fails; a wait for a length of time it leaves alone.
"""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex, /) -> None:
    """As `time.sleep`."""
    seconds = float(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = sleep
