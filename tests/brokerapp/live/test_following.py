"""The end of the web process's follower, without a process."""

import asyncio
import contextlib

import pytest

from brokerapp import asgi
from brokerapp.live import hub as hub_module
from brokerapp.live.hub import Hub
from tests.brokerapp.live.processes import Valkey


class HardOfHearing(Hub):
    """Loses the first cancellation, as `asyncio.wait_for` on Python 3.11 does when a write was just done."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9")
        self.following = asyncio.Event()

    async def follow(self) -> None:
        self.following.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()


def test_following_ends_though_a_cancellation_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "STOP_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(asgi, "end_queues_on", lambda signum, hub: None)

    async def start_and_stop() -> None:
        hub = HardOfHearing()
        async with asgi.following(hub):
            await hub.following.wait()

    async def is_over_in_time() -> bool:
        over, _ = await asyncio.wait([asyncio.ensure_future(start_and_stop())], timeout=20)
        return bool(over)

    assert asyncio.run(is_over_in_time())


def test_follow_outlives_an_exception_that_nobody_foresaw(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(valkey.url)
    take, troubles = hub.take, [LookupError("a bug"), ValueError("another")]

    def stumble(message: dict[str, object]) -> None:
        if troubles:
            raise troubles.pop()
        take(message)

    monkeypatch.setattr(hub, "take", stumble)
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

    assert asyncio.run(is_subscribed_in_the_end())
