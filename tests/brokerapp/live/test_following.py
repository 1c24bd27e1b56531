"""The end of the web process's follower, without a process."""

import asyncio

import pytest
from redis.asyncio.connection import AbstractConnection

from brokerapp import asgi
from brokerapp.live import hub as hub_module
from brokerapp.live.hub import Hub
from tests import loops
from tests.brokerapp.live.processes import Valkey


def test_following_ends_though_a_cancellation_is_lost(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stops in the very moment in which a ping has been written.

    The Redis library writes under `asyncio.wait_for`, which on Python 3.11 answers a cancellation of that
    moment with the write's result: the follower never hears of it. Later versions of Python pass it on.
    """
    hub = Hub(valkey.url)
    ping_written = asyncio.Event()
    write = AbstractConnection._send_packed_command

    async def write_and_tell(connection: AbstractConnection, command: list[bytes]) -> None:
        await write(connection, command)
        if hub.subscribed:
            ping_written.set()

    async def start_and_stop() -> None:
        async with asgi.following(hub):
            await ping_written.wait()

    monkeypatch.setattr(AbstractConnection, "_send_packed_command", write_and_tell)
    monkeypatch.setattr(hub_module, "PING_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(asgi, "STOP_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(asgi, "end_queues_on", lambda signum, hub: None)

    async def is_over_in_time() -> bool:
        over, _ = await asyncio.wait([asyncio.ensure_future(start_and_stop())], timeout=5)
        return bool(over)

    assert loops.run(is_over_in_time())


def test_follow_outlives_an_exception_that_nobody_foresaw(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(valkey.url)
    take, troubles = hub._take, [LookupError("a bug"), ValueError("another")]

    def stumble(message: dict[str, object]) -> None:
        if troubles:
            raise troubles.pop()
        take(message)

    monkeypatch.setattr(hub, "_take", stumble)
    monkeypatch.setattr(hub_module, "FIRST_RETRY_SECONDS", 0.01)

    async def is_subscribed_in_the_end() -> bool:
        task = asyncio.create_task(hub.follow())
        for _ in range(500):
            if hub.subscribed or task.done():
                break
            await asyncio.sleep(0.01)
        alive = hub.subscribed and not task.done()
        task.cancel()
        await asyncio.wait([task], timeout=2)
        return alive

    assert loops.run(is_subscribed_in_the_end())
