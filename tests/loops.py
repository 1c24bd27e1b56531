"""Event loops of a test's own, also after browser tests."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run`, also after browser tests."""
    with apart_from_playwright():
        return asyncio.run(coroutine)


@contextmanager
def apart_from_playwright() -> Iterator[None]:
    """Within, no event loop counts as running.

    Playwright's goes on until the session ends, in a greenlet of the tests' thread, and would keep every
    other from starting.
    """
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
