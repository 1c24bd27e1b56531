"""The web process: pages through Django's WSGI handler on threads, pushes on the event loop, one port.

See docs/adr/0002-pages-and-pushes-in-one-process.md for why.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from types import FrameType

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, LifespanScope, Scope
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from brokerapp.deployment.start import refuse_unsafe
from brokerapp.live.hub import Hub
from brokerapp.live.pushes import LiveApp
from brokerapp.ui.error_pages import too_large
from brokerapp.web.bodies import body_limit
from brokerapp.web.wsgi_bridge import WsgiBridge

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerapp.settings")

LIVE_PATH = "/live/"
STOP_RETRY_SECONDS = 0.5

hub = Hub(settings.REDIS_URL)
live = LiveApp(hub)
pages = WsgiBridge(
    get_wsgi_application(),
    threads=settings.WEB_THREADS,
    body_limit=body_limit,
    too_large=too_large,
)
refuse_unsafe()


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """The ASGI callable."""
    if scope["type"] == "lifespan":
        await serve_lifespan(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == LIVE_PATH:
        await live(scope, receive, send)
    elif scope["type"] == "http":
        await pages(scope, receive, send)


async def serve_lifespan(scope: LifespanScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Follow the channel from start to stop of the process."""
    await receive()
    async with following(hub):
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


@contextlib.asynccontextmanager
async def following(hub: Hub) -> AsyncIterator[None]:
    """Keep the hub subscribed, and end its streams as soon as the process is told to stop."""
    task = asyncio.create_task(hub.follow())
    for signum in (signal.SIGTERM, signal.SIGINT):
        end_queues_on(signum, hub)
    try:
        yield
    finally:
        hub.end_queues()
        # A cancellation can get lost: the Redis library writes under `asyncio.wait_for`, which on Python 3.11
        # swallows one that comes in the moment the write is done.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=STOP_RETRY_SECONDS)


def end_queues_on(signum: signal.Signals, hub: Hub) -> None:
    """End the hub's streams when the signal comes, before the server's own handler sees it.

    The server tells the application of its end only when every connection is closed, and an open stream
    would keep it waiting for that.
    """
    loop = asyncio.get_running_loop()
    server_handler = signal.getsignal(signum)

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.end_queues)
        if callable(server_handler):
            server_handler(number, frame)

    signal.signal(signum, handle)
