import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from brokerapp.web import wsgi_bridge
from brokerapp.web.wsgi_bridge import CHUNK_BYTES, WsgiBridge

StartResponse = Callable[..., Any]


class Exchange:
    """One request to a bridge, driven without a server."""

    def __init__(self, application: Any, *, threads: int = 1, max_body_bytes: int = 1000) -> None:
        self.read: list[bytes | None] = []
        self.bridge = WsgiBridge(
            application,
            threads=threads,
            body_limit=lambda _path: max_body_bytes,
            too_large=lambda: b"<h1>Too large</h1>",
        )
        self.sent: list[dict[str, Any]] = []

    async def ask(
        self,
        *body: bytes | None,
        headers: list[tuple[bytes, bytes]] | None = None,
        stalls_after: int = -1,
        **scope: Any,
    ) -> None:
        """Send the parts of a body; None: the browser hangs up; after `stalls_after` it falls silent."""
        parts = iter(body or (b"",))
        left = len(body or (b"",))

        async def receive() -> dict[str, Any]:
            nonlocal left
            if len(self.read) == stalls_after:
                await asyncio.Event().wait()
            part = next(parts)
            self.read.append(part)
            left -= 1
            await asyncio.sleep(0)
            if part is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": left > 0}

        async def send(event: dict[str, Any]) -> None:
            self.sent.append(event)

        whole = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "http_version": "1.1",
            "path": "/",
            "query_string": b"",
            "headers": headers or [],
            "client": ("192.0.2.1", 5),
            "server": ("h", 80),
        } | scope
        await self.bridge(whole, receive, send)  # type: ignore[arg-type]

    def run(self, *body: bytes | None, **kwargs: Any) -> "Exchange":
        asyncio.run(self.ask(*body, **kwargs))
        return self

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def body(self) -> bytes:
        return b"".join(event.get("body", b"") for event in self.sent)


class Echo:
    """A WSGI application that answers with the body it got and keeps the environment."""

    environ: dict[str, Any]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        self.environ = environ
        start_response(
            "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        )
        return [environ["wsgi.input"].read()]


def test_bridge_page_is_sent_as_one_head_and_one_body() -> None:
    exchange = Exchange(Echo()).run(b"one ", b"two")

    assert [event["type"] for event in exchange.sent] == ["http.response.start", "http.response.body"]
    assert (exchange.status, exchange.body) == (200, b"one two")
    assert exchange.sent[0]["headers"][1:] == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


def test_bridge_environ_carries_the_request() -> None:
    echo = Echo()

    Exchange(echo).run(
        method="POST",
        path="/café",
        query_string=b"q=\xff%20",
        scheme="https",
        headers=[(b"content-type", b"text/x"), (b"host", b"example.com"), (b"x-a", b"1"), (b"x-a", b"2")],
    )

    assert echo.environ["REQUEST_METHOD"] == "POST"
    assert echo.environ["PATH_INFO"].encode("latin-1").decode() == "/café"
    assert echo.environ["QUERY_STRING"] == "q=\xff%20"
    assert echo.environ["wsgi.url_scheme"] == "https"
    assert echo.environ["REMOTE_ADDR"] == "192.0.2.1"
    assert echo.environ["CONTENT_TYPE"] == "text/x"
    assert echo.environ["HTTP_HOST"] == "example.com"
    assert echo.environ["HTTP_X_A"] == "1,2"


def test_bridge_header_spelled_with_underscore_cannot_stand_in_for_the_proxys() -> None:
    echo = Echo()

    Exchange(echo).run(headers=[(b"x_forwarded_for", b"1.1.1.1"), (b"x-forwarded-for", b"203.0.113.7")])

    assert echo.environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.7"


def test_bridge_over_a_socket_file_has_no_client_address() -> None:
    echo = Echo()

    Exchange(echo).run(client=None, server=("/run/web.sock", None))

    assert echo.environ["REMOTE_ADDR"] == ""


@pytest.mark.parametrize(
    ("parts", "declared"),
    [([b"x" * 1001], None), ([b"x" * 600] * 2, None), ([b""], b"1001")],
    ids=["one part", "parts", "declared"],
)
def test_bridge_body_too_large_is_refused_without_the_application(
    parts: list[bytes], declared: bytes | None
) -> None:
    def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        raise AssertionError("called")

    headers = [(b"content-length", declared)] if declared else []

    exchange = Exchange(application).run(*parts, headers=headers)

    assert (exchange.status, exchange.body) == (413, b"<h1>Too large</h1>")
    assert (b"content-type", b"text/html; charset=utf-8") in exchange.sent[0]["headers"]


def test_bridge_body_too_large_is_thrown_away_before_the_answer() -> None:
    exchange = Exchange(Echo()).run(*[b"x" * 600] * 5)

    assert (exchange.status, len(exchange.read)) == (413, 5)


def test_bridge_body_far_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_bridge, "LINGER_BYTES", 2000)

    exchange = Exchange(Echo()).run(*[b"x" * 600] * 20)

    assert (exchange.status, len(exchange.read)) == (413, 6)


def test_bridge_body_too_large_that_never_ends_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_bridge, "LINGER_SECONDS", 0.01)

    assert Exchange(Echo()).run(b"x" * 1001, b"never", stalls_after=1).status == 413


def test_bridge_body_at_the_limit_is_read() -> None:
    assert Exchange(Echo()).run(b"x" * 1000).body == b"x" * 1000


def test_bridge_browser_that_hangs_up_while_uploading_reaches_no_page() -> None:
    def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        raise AssertionError("called")

    assert Exchange(application).run(b"half", None, b"").sent == []


def test_bridge_slow_upload_leaves_the_only_thread_to_others() -> None:
    exchange, quick = Exchange(Echo()), Exchange(Echo())
    quick.bridge = exchange.bridge

    async def both() -> None:
        pause = asyncio.Event()

        async def receive_slowly() -> dict[str, Any]:
            await pause.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def ignore(event: dict[str, Any]) -> None:
            pass

        scope = {"type": "http", "path": "/", "headers": []}
        upload = asyncio.create_task(exchange.bridge(scope, receive_slowly, ignore))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await asyncio.wait_for(quick.ask(b"quick"), 5)
        upload.cancel()

    asyncio.run(both())
    assert quick.body == b"quick"


class Chunks:
    """A long answer that knows whether it was closed, and on which threads it was read."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.closed = False
        self.threads: set[str] = set()

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.count):
            self.threads.add(threading.current_thread().name)
            yield b"x" * 64 * 1024

    def close(self) -> None:
        self.closed = True
        self.threads.add(threading.current_thread().name)


def test_bridge_long_answer_is_streamed_from_one_thread_and_closed() -> None:
    chunks = Chunks(20)

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return chunks

    exchange = Exchange(application, threads=4).run()

    assert exchange.body == b"x" * 64 * 1024 * 20
    assert max(len(event.get("body", b"")) for event in exchange.sent) <= CHUNK_BYTES
    assert [event["more_body"] for event in exchange.sent[1:]] == [True] * 5 + [False]
    assert chunks.closed
    assert len(chunks.threads) == 1


class BrokenChunks(Chunks):
    def __iter__(self) -> Iterator[bytes]:
        raise ZeroDivisionError


def test_bridge_fault_in_the_application_reaches_the_server_and_closes_the_answer() -> None:
    chunks = BrokenChunks(1)

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return chunks

    with pytest.raises(ZeroDivisionError):
        Exchange(application).run()
    assert chunks.closed
