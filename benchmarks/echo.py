"""A bare Starlette application: what this machine can answer at all, to read other figures against."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def echo(request: Request) -> Response:
    """The body, as it came."""
    return Response(await request.body())


application = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
