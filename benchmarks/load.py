"""A bounded HTTP/1.1 load generator for loopback: keep-alive connections, one request at a time on each."""

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import uvloop

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LOOPBACK = "127.0.0.1"


@dataclass
class Tally:
    """What a run saw: latencies of the good answers in seconds, and how many answers were anything else."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    bad: int = 0

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """The latency in milliseconds that `percent` of the good answers stayed under."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1000


class Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer is complete, until the deadline."""

    def __init__(self, request: bytes, expect: bytes, deadline: float, tally: Tally) -> None:
        self.request, self.expect, self.deadline, self.tally = request, expect, deadline, tally
        self.buffer = b""
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.ask()

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head)
        if not separator or (length and len(body) < int(length[1])):
            return
        now = time.perf_counter()
        if length and head.startswith(b"HTTP/1.1 200") and self.expect in body:
            self.tally.latencies.append(now - self.asked)
        else:
            self.tally.bad += 1
        self.buffer = b""
        if now < self.deadline and length:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.bad += exc is not None
        if not self.closed.done():
            self.closed.set_result(None)


async def _drive(port: int, requests: Sequence[bytes], expect: bytes, seconds: float) -> Tally:
    loop = asyncio.get_running_loop()
    tally = Tally(seconds)
    deadline = time.perf_counter() + seconds
    protocols = []
    for request in requests:
        _, protocol = await loop.create_connection(
            partial(Connection, request, expect, deadline, tally), LOOPBACK, port
        )
        protocols.append(protocol)
    await asyncio.wait_for(asyncio.gather(*(protocol.closed for protocol in protocols)), seconds + 10)
    return tally


def get_pages(
    port: int, path: str, cookie: str, *, expect: bytes, connections: int = 16, seconds: float = 10
) -> Tally:
    """Ask for one page over and over on `connections` connections for `seconds`; loopback only.

    An answer is good when its status is 200 and its body contains `expect`. Raises `TimeoutError` when
    answers are still missing ten seconds after the end.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nCookie: {cookie}\r\n\r\n".encode()
    return send_requests(port, [request] * connections, expect=expect, seconds=seconds)


def send_requests(port: int, requests: Sequence[bytes], *, expect: bytes, seconds: float) -> Tally:
    """Open a connection for each request and send it there over and over; otherwise as `get_pages`."""
    return uvloop.run(_drive(port, requests, expect, seconds))
