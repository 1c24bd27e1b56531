"""A TCP server on localhost that answers each connection as told: for what `responses` cannot imitate."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE_SECONDS = 10.0

Answer = bytes | Callable[[socket.socket], None]


@dataclass
class Wire:
    """The server's address, and the requests it has got."""

    url: str
    requests: list[bytes] = field(default_factory=list)


def read_request(connection: socket.socket) -> bytes:
    """The next request on a connection; what there is of it where the client ends it."""
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(65536)
        if not chunk:
            return head
        head += chunk
    headers, _, body = head.partition(b"\r\n\r\n")
    for line in headers.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return headers + b"\r\n\r\n" + body


@contextmanager
def serve(*answers: Answer) -> Iterator[Wire]:
    """Answer the n-th connection with the n-th answer, then close it; b"" closes it without a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def run() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                wire.requests.append(read_request(connection))
                try:
                    answer(connection) if callable(answer) else connection.sendall(answer)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes an accept, which close alone does not
        listener.close()
        thread.join(timeout=5)


def gives_up(connection: socket.socket) -> bool:
    """Say nothing until the client has closed the connection; False when it waits for a word of ours."""
    connection.settimeout(PATIENCE_SECONDS)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def reply(
    body: bytes = b"{}", *, status: str = "200 OK", length: int | None = None, headers: str = ""
) -> bytes:
    """An HTTP reply; `length` overrides the true Content-Length."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def event_stream(*chunks: bytes, end: bool = True) -> bytes:
    """A chunked event stream; with `end=False` it is cut off before the last chunk."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    head += b"X-Request-ID: " + b"e" * 32 + b"\r\n\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if end else b"")
