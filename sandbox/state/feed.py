"""Who waits for events."""

import asyncio
import contextlib
from collections.abc import Iterator


class Feed:
    """Wakes the readers of streams when there is something new, and when the process is to end."""

    def __init__(self) -> None:
        self._wakes: set[asyncio.Event] = set()
        self.is_closed = False

    @property
    def readers(self) -> int:
        return len(self._wakes)

    @contextlib.contextmanager
    def reader(self) -> Iterator[asyncio.Event]:
        wake = asyncio.Event()
        self._wakes.add(wake)
        try:
            yield wake
        finally:
            self._wakes.discard(wake)

    def notify(self) -> None:
        for wake in self._wakes:
            wake.set()

    def close(self) -> None:
        self.is_closed = True
        self.notify()
