"""The bare site's pages over the product's own bridge, and nothing else."""

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from brokerapp.web.wsgi_bridge import WsgiBridge

pages = WsgiBridge(
    get_wsgi_application(), threads=settings.WEB_THREADS, body_limit=lambda path: 2**20, too_large=lambda: b""
)


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """The ASGI callable."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        await pages(scope, receive, send)
