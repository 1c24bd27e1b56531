"""The prices that the open pages of one process show: who gets which, and that they are wanted."""

import asyncio
import time
from collections import Counter, defaultdict
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from brokerapp.live.prices import WANTED, WANTED_SECONDS
from brokerapp.live.push_queue import PushQueue

if TYPE_CHECKING:
    import redis.asyncio as redis

SAY_EVERY_SECONDS = WANTED_SECONDS / 3
LEAST_PAUSE_SECONDS = 0.1
"""Between two words on what is wanted, however many pages are opened."""


class PriceBoard:
    """Pages that show the same symbols share one message, made once."""

    def __init__(self) -> None:
        self._pages: defaultdict[frozenset[str], set[PushQueue]] = defaultdict(set)
        self._watchers: Counter[str] = Counter()
        self._latest: dict[str, str] = {}
        self._head = ""
        self._opened = asyncio.Event()

    def add(self, queue: PushQueue) -> None:
        """A page was opened: it gets what is known of its symbols, and then what changes."""
        if not queue.symbols:
            return
        self._pages[queue.symbols].add(queue)
        self._watchers.update(queue.symbols)
        self._opened.set()
        if any(symbol in self._latest for symbol in queue.symbols):
            queue.put_prices(self._whole(queue.symbols), partial(self._whole, queue.symbols))

    def remove(self, queue: PushQueue) -> None:
        """A page is gone."""
        pages = self._pages.get(queue.symbols)
        if not queue.symbols or pages is None:
            return
        pages.discard(queue)
        if not pages:
            del self._pages[queue.symbols]
        self._watchers.subtract(queue.symbols)
        for symbol in queue.symbols:
            if self._watchers[symbol] <= 0:
                del self._watchers[symbol]
                self._latest.pop(symbol, None)

    def take(self, tick: bytes) -> None:
        """Hand a tick on: to each page what changed of its symbols, and to all of them a beat."""
        head, *lines = tick.decode().split("\n")
        beat, self._head = head[0] == "1", head[1:]
        changed = {}
        for line in lines:
            symbol, _, row = line.partition(" ")
            if symbol in self._watchers:
                changed[symbol] = row
        self._latest |= changed
        for symbols, queues in self._pages.items():
            mine = {symbol: changed[symbol] for symbol in symbols & changed.keys()}
            if not mine and not beat:
                continue
            event = self._event(mine)
            for queue in queues:
                queue.put_prices(event, partial(self._whole, symbols))

    def _whole(self, symbols: frozenset[str]) -> bytes:
        return self._event({each: self._latest[each] for each in symbols if each in self._latest})

    def _event(self, rows: dict[str, str]) -> bytes:
        listed = ",".join(f'"{symbol}":{row}' for symbol, row in rows.items())
        return f'event: prices\ndata: {self._head[:-1]},"prices":{{{listed}}}}}\n\n'.encode()

    async def say_wanted(self, server: "redis.Redis") -> None:
        """Say again and again, and at once for a page that is opened, which symbols are wanted.

        Raises `redis.RedisError` or `OSError` when the server is away.
        """
        while True:
            self._opened.clear()
            if self._watchers:
                await server.zadd(WANTED, dict.fromkeys(self._watchers, time.time() + WANTED_SECONDS))
            await asyncio.sleep(LEAST_PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(SAY_EVERY_SECONDS):
                    await self._opened.wait()
