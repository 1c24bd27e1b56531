"""`GET /live/`: a signed-in person's events, as an ASGI application of its own.

`?prices=AAPL,MSFT` adds the prices of what the page shows.

It is not a Django view: Django's asynchronous handler would run the synchronous middleware of every
request through a thread, and an idle stream needs none of it.
"""

import asyncio
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import parse_cookie

from brokerapp.live.hub import Hub, TooManyQueues
from brokerapp.live.prices import read_symbols
from brokerapp.live.push_queue import PushQueue
from brokerapp.live.sessions import get_user_id

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 20.0
SESSION_CHECK_SECONDS = 60.0
SEND_TIMEOUT_SECONDS = 30.0
RECONNECT_MILLISECONDS = (2_000, 6_000)
"""A range, so that the browsers of a restarted process do not all come back in the same second."""

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]


class LiveApp:
    """Serves the streams of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        # Few threads: a thousand browsers that come back at once must not take the database from the pages.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live-session")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["method"] != "GET":
            return await refuse(send, 405)
        session_key = read_session_key(scope)
        try:
            user_id = await self._get_user_id(session_key)
            if user_id is None:
                return await refuse(send, 401)
            queue = self.hub.open(user_id, read_symbols(scope.get("query_string", b"")))
        except (DatabaseError, TooManyQueues) as error:
            logger.warning("Pushes were refused: %s", type(error).__name__)
            return await refuse(send, 503)
        watch = asyncio.create_task(end_when_gone(receive, queue))
        try:
            await self._serve(queue, session_key, send)
        except TimeoutError:
            logger.info("Pushes ended: the browser stopped reading")
        finally:
            watch.cancel()
            self.hub.close(queue)

    async def _serve(self, queue: PushQueue, session_key: str, send: ASGISendCallable) -> None:
        retry = random.randint(*RECONNECT_MILLISECONDS)  # noqa: S311 - not a secret
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS, "trailers": False})
        await send_body(send, f"retry: {retry}\n\n".encode())
        checked = time.monotonic()
        while (events := await queue.read(HEARTBEAT_SECONDS)) is not None:
            if queue.check_session or time.monotonic() - checked > SESSION_CHECK_SECONDS:
                queue.check_session = False
                if not await self._still_signed_in(queue, session_key):
                    break
                checked = time.monotonic()
            if events:
                await send_body(send, events)
        await send_body(send, b"", more=False)

    async def _still_signed_in(self, queue: PushQueue, session_key: str) -> bool:
        try:
            return await self._get_user_id(session_key) == queue.user_id
        except DatabaseError:
            return True  # asked again in a minute; ending every stream would only add to the trouble

    async def _get_user_id(self, session_key: str) -> str | None:
        if not session_key:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, get_user_id, session_key)


async def end_when_gone(receive: ASGIReceiveCallable, queue: PushQueue) -> None:
    """End the stream when its browser hangs up: an idle stream would not notice by writing."""
    while (await receive())["type"] != "http.disconnect":
        pass
    queue.end()


async def send_body(send: ASGISendCallable, body: bytes, *, more: bool = True) -> None:
    """Send one part of the answer. Raises `TimeoutError` when the browser does not take it."""
    async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def refuse(send: ASGISendCallable, status: int) -> None:
    """Answer without a stream; an `EventSource` then closes for good and the page polls."""
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def read_session_key(scope: HTTPScope) -> str:
    """The session cookie's value, or an empty string."""
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(header.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
