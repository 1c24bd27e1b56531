"""The web process's application with short deadlines, and two answers of known size."""

from typing import Any

from brokerapp.web import protocol

protocol.HEADER_SECONDS = 2.0
protocol.BODY_SECONDS = 1.0
protocol.BODY_BYTES_A_SECOND = 4000
protocol.READ_SECONDS = 1.0

from brokerapp import asgi  # noqa: E402
from brokerapp.web.wsgi_bridge import WsgiBridge  # noqa: E402

SIZES = {"/large/": 3_000_000, "/small/": 0}


def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An answer without Django."""
    size = SIZES[environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * size] if size else [b"small"]


plain = WsgiBridge(answer, threads=8, body_limit=lambda _path: 1000, too_large=bytes)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Ours, but for the two."""
    if scope["type"] == "http" and scope["path"] in SIZES:
        await plain(scope, receive, send)
    else:
        await asgi.application(scope, receive, send)
