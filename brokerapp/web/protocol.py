"""HTTP connections with deadlines: whoever sends or reads too slowly, or too much, is hung up on.

uvicorn waits for headers and bodies for as long as the other end likes, and keeps whatever headers come.
Here a request's headers come within `HEADER_SECONDS` and `HEADER_BYTES`; its body within `BODY_SECONDS`, and
a second more for each `BODY_BYTES_A_SECOND` of it that came; and the connection ends after `READ_SECONDS` in
which nothing of an answer was taken. An address has at most `CONNECTIONS_PER_ADDRESS` connections to a
process; behind proxies of ours, whose address all connections have, that many requests under way.
"""

from asyncio import TimerHandle, Transport
from collections import Counter, deque
from functools import partial
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from brokerapp.web.addresses import forwarded_address, network_of

HEADER_SECONDS = 10.0
HEADER_BYTES = 64 * 1024
BODY_SECONDS = 20.0
BODY_BYTES_A_SECOND = 16 * 1024
READ_SECONDS = 20.0

TOO_LONG = ("431 Request Header Fields Too Large", "The headers of this request are too long.")
TOO_MANY = ("503 Service Unavailable", "Too many connections from this address.")
TOO_SLOW = ("408 Request Timeout", "This request took too long to arrive.")

held: Counter[str] = Counter()
"""What each network holds of this process: connections, or requests under way behind proxies."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose patience ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: TimerHandle | None = None  # of the headers or the body, whichever is awaited
        self._reader: TimerHandle | None = None
        self._in_headers, self._has_begun = True, False
        self._header_bytes = self._read_header_bytes = self._body_bytes = self._unsent = 0
        self._completed = 0
        self._began = 0.0
        self._holds: deque[str] = deque()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()
        if not settings.TRUSTED_PROXY_HOPS and not self._hold(self._peer()):
            self._refuse(TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._reader):
            if timer:
                timer.cancel()
        while self._holds:
            self._let_go()
        super().connection_lost(exc)

    # Headers and body

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_headers and self._deadline is None:
            self._expect_headers()
        in_headers, completed = self._in_headers, self._completed
        super().data_received(data)
        # Headers that have not ended. What a body ended in is not counted: its last part can be large.
        if in_headers and self._in_headers and self._completed == completed:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
                self._refuse(TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._read_header_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = True
        self._expect_headers()

    def on_headers_complete(self) -> None:
        too_long = self._read_header_bytes > HEADER_BYTES
        self._in_headers, self._header_bytes, self._read_header_bytes = False, 0, 0
        self._began, self._body_bytes = self.loop.time(), 0
        self._set_deadline(BODY_SECONDS, self._check_body)
        app = self.app
        if settings.TRUSTED_PROXY_HOPS and not self._hold(self._forwarded()):
            self.app = partial(refuse_request, TOO_MANY)
        elif too_long:
            self.app = partial(refuse_request, TOO_LONG)
        try:
            super().on_headers_complete()
        finally:
            self.app = app

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_headers, self._has_begun = True, False
        self._completed += 1
        self._set_deadline(None)
        super().on_message_complete()

    def _expect_headers(self) -> None:
        self._set_deadline(HEADER_SECONDS, self._give_up_on_headers)

    def _give_up_on_headers(self) -> None:
        if self._header_bytes or self._has_begun:
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()

    def _check_body(self) -> None:
        allowed = BODY_SECONDS + self._body_bytes / BODY_BYTES_A_SECOND
        left = self._began + allowed - self.loop.time()
        if left > 0 or self.flow.read_paused:
            self._set_deadline(max(left, 1.0), self._check_body)
        else:
            self.transport.close()

    def _set_deadline(self, seconds: float | None, end: Any = None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, end)

    # The answer

    def on_response_complete(self) -> None:
        if settings.TRUSTED_PROXY_HOPS:
            self._let_go()
        super().on_response_complete()
        self._watch_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def _watch_reader(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        if self._unsent and self._reader is None:
            self._reader = self.loop.call_later(READ_SECONDS, self._check_reader)

    def _check_reader(self) -> None:
        self._reader = None
        before = self._unsent
        if before and self.transport.get_write_buffer_size() >= before:
            self.transport.abort()  # to close it would wait for what is not taken
        else:
            self._watch_reader()

    # Who

    def _peer(self) -> str:
        return network_of(self.client[0] if self.client else "")

    def _forwarded(self) -> str:
        forwarded = b",".join(value for name, value in self.headers if name == b"x-forwarded-for")
        peer = self.client[0] if self.client else ""
        address = forwarded_address(forwarded.decode("latin-1"), peer)
        return network_of(str(address or ""))

    def _hold(self, network: str) -> bool:
        """Count one in; whether there was room. Over a socket file without a proxy nobody is told apart."""
        has_room = not network or held[network] < settings.CONNECTIONS_PER_ADDRESS
        self._holds.append(network if has_room else "")
        if network and has_room:
            held[network] += 1
        return has_room

    def _let_go(self) -> None:
        network = self._holds.popleft() if self._holds else ""
        if network:
            held[network] -= 1
            if not held[network]:
                del held[network]

    def _refuse(self, answer: tuple[str, str]) -> None:
        status, text = answer
        head = (
            f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\n"
        )
        self.transport.write(f"{head}connection: close\r\n\r\n{text}".encode())
        self.transport.close()


async def refuse_request(
    answer: tuple[str, str], scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """Answer a request with one of the refusals above, whatever it asks for."""
    status, words = answer
    text = words.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"retry-after", b"5"),
        (b"connection", b"close"),
    ]
    code = int(status.split()[0])
    await send({"type": "http.response.start", "status": code, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": text, "more_body": False})
