"""What is the same for everybody, and need not be asked of the database for every page."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TypeVar

Found = TypeVar("Found")

SECONDS = 2.0
"""How long a process goes by what it found; tests set it to 0."""


def for_a_moment(find: Callable[[datetime], Found]) -> Callable[[datetime], Found]:
    """`find`, whose answer this process keeps for SECONDS. For what a page only shows, never for a rule."""
    kept: list[tuple[float, Found]] = []

    @wraps(find)
    def get(now: datetime) -> Found:
        at = time.monotonic()
        if not kept or at - kept[-1][0] >= SECONDS:
            kept[:] = [(at, find(now))]
        return kept[-1][1]

    return get
