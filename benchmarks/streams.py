"""Many idle `/live/` streams on one process: its memory, and how long a push takes to reach them all."""

import asyncio
import resource
import time
from dataclasses import dataclass

import redis
import uvloop

from benchmarks.load import LOOPBACK

OPEN_AT_ONCE = 50


@dataclass
class Crowd:
    """What was seen while the streams were open."""

    opened: int
    opening_seconds: float
    reached: int
    push_seconds: float


class Listener(asyncio.Protocol):
    """One browser: sends the request, then counts what comes."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.received = b""
        self.opened = asyncio.Event()
        self.pushed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if b"event: resync" in self.received:
            self.opened.set()
        if b"event: changed" in self.received:
            self.pushed.set()


def raise_file_limit(needed: int) -> None:
    """Allow this process and its children that many open files; raises `ValueError` past the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(needed, hard)), hard))


async def _hold(port: int, cookies: list[str], channels: list[str], redis_url: str, seconds: float) -> Crowd:
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(OPEN_AT_ONCE)

    async def open_one(cookie: str) -> Listener:
        request = f"GET /live/ HTTP/1.1\r\nHost: {LOOPBACK}\r\nCookie: {cookie}\r\n\r\n".encode()
        async with gate:
            _, listener = await loop.create_connection(lambda: Listener(request), LOOPBACK, port)
            await asyncio.wait_for(listener.opened.wait(), 30)
        return listener

    started = time.perf_counter()
    listeners = await asyncio.gather(*map(open_one, cookies))
    opening = time.perf_counter() - started
    await asyncio.sleep(seconds)
    started = time.perf_counter()
    with redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=False) as pipe:
        for channel in channels:
            pipe.publish(channel, '{"noun":"transfer","id":"1"}')
        pipe.execute()
    await asyncio.wait_for(asyncio.gather(*(each.pushed.wait() for each in listeners)), 30)
    took = time.perf_counter() - started
    for each in listeners:
        each.transport.close()
    return Crowd(len(listeners), opening, sum(each.pushed.is_set() for each in listeners), took)


def hold_streams(
    port: int, cookies: list[str], channels: list[str], redis_url: str, *, seconds: float
) -> Crowd:
    """Open one stream per cookie, leave them idle for `seconds`, push once to each channel, hang up.

    Raises `TimeoutError` when a stream does not open, or a push does not arrive, within 30 seconds.
    """
    return uvloop.run(_hold(port, cookies, channels, redis_url, seconds))
