"""What waits for one browser with an open page."""

import asyncio
from collections import deque
from collections.abc import Callable

HEARTBEAT = b": still here\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"
"""Something may have been missed: fetch again."""

QUEUE_LENGTH = 32


class PushQueue:
    """The events that wait for one browser. Full means slow: they are dropped for a single `resync`.

    Of prices only one event waits: a second one replaces it by all that is known of the page's symbols.
    """

    __slots__ = ("_ended", "_prices", "_ready", "_waiting", "check_session", "symbols", "user_id")

    def __init__(self, user_id: str, symbols: frozenset[str] = frozenset()) -> None:
        self.user_id = user_id
        self.symbols = symbols
        self.check_session = False
        self._waiting: deque[bytes] = deque()
        self._prices = b""
        self._ready = asyncio.Event()
        self._ended = False

    def put(self, event: bytes) -> None:
        """Queue one event for the browser."""
        if len(self._waiting) >= QUEUE_LENGTH:
            self._waiting.clear()
            event = RESYNC
        self._waiting.append(event)
        self._ready.set()

    def put_prices(self, changed: bytes, whole: Callable[[], bytes]) -> None:
        """Queue an event of prices: what changed or, where one still waits, the whole."""
        self._prices = whole() if self._prices else changed
        self._ready.set()

    def ask_to_check(self) -> None:
        """Have the reader look now whether the session still holds; it resets `check_session`."""
        self.check_session = True
        self._ready.set()

    def end(self) -> None:
        """Let the reader finish at once; what still waits is covered by the next queue's `resync`."""
        self._ended = True
        self._ready.set()

    async def read(self, heartbeat_after: float) -> bytes | None:
        """What waits, or a heartbeat if nothing came within so many seconds, or None once ended.

        It is empty if there is only a session to check.
        """
        try:
            async with asyncio.timeout(heartbeat_after):
                await self._ready.wait()
        except TimeoutError:
            return HEARTBEAT
        if self._ended:
            return None
        self._ready.clear()
        events = b"".join(self._waiting) + self._prices
        self._waiting.clear()
        self._prices = b""
        return events
