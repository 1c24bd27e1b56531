"""A WSGI application on an ASGI server's threads.

A page crosses between the event loop and a thread once each way: every crossing waits for the interpreter
lock, and the benchmarks show what more of them cost (docs/adr/0002-pages-and-pushes-in-one-process.md). The
body is read before a thread is taken, so that a slow upload keeps no other page waiting.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from wsgiref.types import InputStream, WSGIApplication

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope

BODY_IN_MEMORY_BYTES = 256 * 1024
CHUNK_BYTES = 256 * 1024
LINGER_BYTES = 200 * 1024 * 1024
LINGER_SECONDS = 10.0
"""How much of a body that is too large is thrown away at most, and for how long."""
HELD_BYTES = 4 * 1024 * 1024
"""An answer is kept for a browser that reads slowly, up to this size, so that it keeps no thread waiting."""
HEADERS_OF_CGI = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class BodyTooLarge(Exception):
    """The request's body is larger than the site reads; `more` of it is still to come."""

    def __init__(self, *, more: bool) -> None:
        super().__init__()
        self.more = more


class BrowserLeft(Exception):
    """The connection ended before the whole request was read."""


class WsgiBridge:
    """Serves HTTP requests with a WSGI application on `threads` threads.

    `body_limit` gives the most bytes of a body by the path. A larger one reaches no thread: its answer
    is 413, with the HTML of `too_large`.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        threads: int,
        body_limit: Callable[[str], int],
        too_large: Callable[[], bytes],
    ) -> None:
        self.application = application
        self.body_limit = body_limit
        self.too_large = too_large
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        loop = asyncio.get_running_loop()
        with SpooledTemporaryFile(max_size=BODY_IN_MEMORY_BYTES) as body:
            try:
                await self._read_body(scope, receive, body)
            except BodyTooLarge as refused:
                if refused.more:
                    await throw_away(receive)
                await refuse_body(send, self.too_large())
                return
            except BrowserLeft:
                return
            answer = Answer(loop, send)
            environ = build_environ(scope, body)
            rest = await loop.run_in_executor(self._threads, answer.run, self.application, environ)
        for event in rest:
            await send(event)

    async def _read_body(self, scope: HTTPScope, receive: ASGIReceiveCallable, body: IO[bytes]) -> None:
        most = self.body_limit(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            raise BodyTooLarge(more=True)
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise BrowserLeft
            body.write(message["body"])
            if body.tell() > most:
                raise BodyTooLarge(more=message["more_body"])
            more = message["more_body"]
        body.seek(0)


class Answer:
    """One request's answer as it comes from the WSGI application, on its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: ASGISendCallable) -> None:
        self._loop = loop
        self._send = send
        self._events: list[ASGISendEvent] = []

    def run(self, application: WSGIApplication, environ: dict[str, Any]) -> list[ASGISendEvent]:
        """Call the application and give the events still to be sent; of a long answer, only the last."""
        chunks = application(environ, self._start)
        try:
            body: list[bytes] = []
            size = kept = 0
            for chunk in chunks:
                body.append(chunk)
                size += len(chunk)
                if size >= CHUNK_BYTES:
                    self._add_body(b"".join(body), more=True)
                    kept += size
                    body, size = [], 0
                if kept >= HELD_BYTES:
                    self._flush()
                    kept = 0
            self._add_body(b"".join(body), more=False)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        return self._events

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        self._events.append(
            {
                "type": "http.response.start",
                "status": int(status[:3]),
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
                ],
                "trailers": False,
            }
        )

    def _add_body(self, body: bytes, *, more: bool) -> None:
        self._events.append({"type": "http.response.body", "body": body, "more_body": more})

    def _flush(self) -> None:
        for event in self._events:
            asyncio.run_coroutine_threadsafe(self._deliver(event), self._loop).result()
        self._events = []

    async def _deliver(self, event: ASGISendEvent) -> None:
        await self._send(event)


async def refuse_body(send: ASGISendCallable, page: bytes) -> None:
    """Answer 413 with a page."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(page)),
        (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": page, "more_body": False})


async def throw_away(receive: ASGIReceiveCallable) -> None:
    """Read what the browser still sends, for a while, and keep none of it.

    A browser whose connection is closed while it sends shows an error of its own instead of our answer.
    """
    thrown, more = 0, True
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while more and thrown < LINGER_BYTES:
                message = await receive()
                more = message["type"] == "http.request" and message["more_body"]
                thrown += len(message["body"]) if message["type"] == "http.request" else 0


def build_environ(scope: HTTPScope, body: InputStream | IO[bytes]) -> dict[str, Any]:
    """The WSGI environment of an ASGI request (PEP 3333; the ASGI specification's WSGI section).

    Headers whose names contain an underscore are left out: WSGI spells `X_Forwarded_For` and
    `X-Forwarded-For` alike, so a browser could slip the first past the proxy that sets the second.
    """
    host, port = scope["server"] or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue
        key = HEADERS_OF_CGI.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        separator = "; " if name == b"cookie" else ","
        environ[key] = f"{environ[key]}{separator}{text}" if key in environ else text
    return environ
