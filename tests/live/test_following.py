"""The end of the web process's follower, without a process."""

import asyncio

from brokerapp import asgi
from brokerapp.live.hub import Hub


class Deaf(Hub):
    """Loses the first cancellation, as a library can whose own time limit ends in the same moment."""

    lost = 0

    async def follow(self) -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if self.lost:
                    raise
                self.lost += 1


def test_following_ends_though_a_cancellation_is_lost(monkeypatch) -> None:
    monkeypatch.setattr(asgi, "STOP_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(asgi, "end_streams_on", lambda signum, hub: None)
    hub = Deaf("redis://127.0.0.1:9")

    async def start_and_stop() -> None:
        async with asgi.following(hub):
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(start_and_stop(), 5))

    assert (hub.lost, hub.closing) == (1, True)
