"""The end of the web process's follower, without a process."""

import asyncio
import contextlib

import pytest

from brokerapp import asgi
from brokerapp.live.hub import Hub


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
    monkeypatch.setattr(asgi, "end_streams_on", lambda signum, hub: None)

    async def start_and_stop() -> None:
        hub = HardOfHearing()
        async with asgi.following(hub):
            await hub.following.wait()

    async def is_over_in_time() -> bool:
        over, _ = await asyncio.wait([asyncio.ensure_future(start_and_stop())], timeout=20)
        return bool(over)

    assert asyncio.run(is_over_in_time())
