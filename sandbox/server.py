"""The HTTP side: authentication, request ids, rate headers, faults, error shape, one transaction a call."""

import asyncio
import base64
import binascii
import contextlib
import datetime as dt
import hmac
import re
import uuid
from collections.abc import Iterable
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import StreamingResponse
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox import progress
from sandbox.state.api import Call, Endpoint, Handler, Refusal, Reply, encode_json, not_found
from sandbox.state.rows import Fault
from sandbox.state.world import CallRecord, World, log
from sandbox.streams.faults import Cut

MAX_BODY = 128 << 20
NO_CREDENTIALS = Reply(403, b'{"message": "forbidden."}\n')
WITHOUT_KEY = "/v1beta3/crypto/"  # market data of coins is for everyone; a wrong key is refused there too
WRONG_CREDENTIALS = Reply(401, b'{"message": "unauthorized."}\n')
OVER_BUDGET = Reply(429, {"code": 42910000, "message": "rate limit exceeded"})
TOO_LARGE = Reply(413, {"code": 41310000, "message": "request body is too large"})
INTERNAL = Reply(500, {"code": 50010000, "message": "internal server error"})


class Dropped(Exception):
    """The connection is to be closed without any answer."""


class Protocol(HttpToolsProtocol):
    """Lets the application reach the connection, to drop it without an answer."""

    def connection_made(self, transport: Any) -> None:
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class Routes:
    """Finds the handler of a request; paths are grouped by their first two segments."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._groups: dict[str, list[tuple[str, re.Pattern[str], Handler]]] = {}
        for endpoint in endpoints:
            pattern = compile_path(endpoint.path)[0]
            group = self._groups.setdefault(self._group(endpoint.path), [])
            group.append((endpoint.method, pattern, endpoint.handler))

    @staticmethod
    def _group(path: str) -> str:
        return "/".join(path.split("/", 3)[:3])

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Raises a 404 for an unknown path, a 405 for a known one with another method."""
        known = False
        for candidate, pattern, handler in self._groups.get(self._group(path), ()):
            match = pattern.match(path)
            if match and candidate == method:
                return handler, match.groupdict()
            known = known or match is not None
        raise Refusal(405, 40510000, "method not allowed") if known else not_found("endpoint not found")


class App:
    """The ASGI application."""

    def __init__(self, world: World, endpoints: Iterable[Endpoint]) -> None:
        self.world = world
        self.routes = Routes(endpoints)
        self._dated = (dt.datetime.min.replace(tzinfo=dt.UTC), "")
        self._credentials = f"{world.settings.key}:{world.settings.secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        request_id = uuid.uuid4().hex
        try:
            reply = await self._answer(scope, receive)
            self._record(scope, reply.status, request_id)
            headers = {**self.world.rate.headers(), "x-request-id": request_id, "date": self._date()}
            await _send(reply, headers, scope, receive, send)
        except Dropped:
            self._record(scope, None, request_id)
            await _drop(scope, receive)
        except Cut:
            await _drop(scope, receive)

    def _date(self) -> str:
        """The Date header: the sandbox's own time, whole seconds."""
        second = self.world.clock.now().replace(microsecond=0)
        if second != self._dated[0]:
            self._dated = (second, format_datetime(second, usegmt=True))
        return self._dated[1]

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        """Authenticate, read, apply an armed fault, run the handler.

        Control routes cost nothing of the budget, and work when it is spent.
        """
        headers = Headers(scope=scope)
        control = scope["path"] == "/" or scope["path"].startswith("/_sandbox/")
        if not control and not self.world.rate.take():
            return OVER_BUDGET
        if not control and (refused := self._authenticate(headers, scope["path"])):
            return refused
        body = await _read(receive)
        if body is None:
            return TOO_LARGE
        fault = None if control else self.world.faults.take(scope["method"], scope["path"])
        early = await _apply_before(fault) if fault else None
        if early is not None:
            return early
        reply = self._run(scope, headers, body)
        return await _apply_after(fault, reply) if fault else reply

    def _authenticate(self, headers: Headers, path: str) -> Reply | None:
        given = _credentials(headers)
        if given is None:
            return None if path.startswith(WITHOUT_KEY) else NO_CREDENTIALS
        return None if hmac.compare_digest(given, self._credentials) else WRONG_CREDENTIALS

    def _run(self, scope: Scope, headers: Headers, body: bytes) -> Reply:
        """One call, one transaction: committed before anything is answered, undone on any error."""
        world = self.world
        try:
            handler, params = self.routes.find(scope["method"], scope["path"])
            progress.run_due(world, world.clock.now())
            call = Call(
                world=world, method=scope["method"], path=scope["path"], params=params,
                query_string=scope["query_string"].decode("latin-1"), headers=headers, body=body,
                now=world.clock.now(),
            )  # fmt: skip
            result = handler(call)
            reply = result if isinstance(result, Reply) else Reply(200, result)
            if not isinstance(reply.body, bytes) and reply.body is not None and not reply.is_stream:
                reply.body = encode_json(reply.body)
            world.store.commit()
        except Refusal as refusal:
            world.store.rollback()
            return Reply(refusal.status, refusal.body)
        except Exception:  # noqa: BLE001 - answered as a 500, and logged
            world.store.rollback()
            log.exception("%s %s failed", scope["method"], scope["path"])
            return INTERNAL
        return reply

    def _record(self, scope: Scope, status: int | None, request_id: str) -> None:
        at = self.world.clock.now()
        self.world.calls.append(CallRecord(at, scope["method"], scope["path"], status, request_id))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        ticker = progress.Ticker(self.world)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ticker.stop()
        self.world.store.close()
        await send({"type": "lifespan.shutdown.complete"})


class Server(uvicorn.Server):
    """Says when it is ready; ends the event streams before waiting for open connections."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self._world = world

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            settings = self._world.settings
            print(
                f"sandbox: Broker API stand-in on http://{self.config.host}:{self.config.port}, "
                f"state in {settings.state}, speed {settings.speed:g}, market {settings.market}",
                flush=True,
            )

    async def shutdown(self, sockets: Any = None) -> None:
        self._world.feed.close()
        await super().shutdown(sockets)


def make_server(world: World, endpoints: Iterable[Endpoint], host: str, port: int) -> Server:
    config = uvicorn.Config(
        App(world, endpoints), host=host, port=port, http=Protocol, ws="none", loop="uvloop",
        log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        date_header=False,  # ours tells the sandbox's time, not the machine's
        # Longer than clients keep idle connections: one closed just as a write is sent looks like an
        # unknown outcome.
        timeout_keep_alive=120, timeout_graceful_shutdown=2, backlog=512,
    )  # fmt: skip
    return Server(config, world)


def _credentials(headers: Headers) -> bytes | None:
    """``key:secret`` from Basic or the header pair; None when neither is there."""
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return b""
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return b""
    key, secret = headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")
    return f"{key}:{secret}".encode() if key is not None and secret is not None else None


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Dropped
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _apply_before(fault: Fault) -> Reply | None:
    """What a fault does before the handler runs: nothing, wait, answer, or drop."""
    if fault.action == "refuse":
        raise Dropped
    if fault.action == "delay":
        await asyncio.sleep(fault.seconds)
    elif fault.action == "status" and fault.status == OVER_BUDGET.status:
        body = OVER_BUDGET.body | ({"message": fault.message} if fault.message else {})
        return Reply(fault.status, body, headers={"x-ratelimit-remaining": "0"})
    elif fault.action == "status":
        message = fault.message or "failure asked for by /_sandbox/faults"
        return Reply(fault.status, {"code": fault.status * 100_000 + 10_000, "message": message})
    return None


async def _apply_after(fault: Fault, reply: Reply) -> Reply:
    """What a fault does to the reply of a call that has been acted on."""
    if fault.action == "drop_reply":
        raise Dropped
    if fault.action == "delay_reply":
        await asyncio.sleep(fault.seconds)
    elif fault.action == "malformed" and not reply.is_stream:
        body = reply.body if isinstance(reply.body, bytes) else encode_json(reply.body)
        status = 200 if reply.status == 204 else reply.status  # a 204 has no body to spoil
        return Reply(status, body[: len(body) // 2] + b"\x00", reply.content_type)
    return reply


async def _send(reply: Reply, headers: dict[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    headers.update(reply.headers)
    if reply.is_stream:
        headers["cache-control"] = "no-cache"
        async with contextlib.aclosing(reply.body) as stream:
            await StreamingResponse(stream, reply.status, headers, "text/event-stream")(scope, receive, send)
        return
    body = b"" if reply.body is None else reply.body
    if not isinstance(body, bytes):
        body = encode_json(body)
    if body:
        headers["content-type"] = reply.content_type
    if reply.status != 204:  # which must not have one
        headers["content-length"] = str(len(body))
    # Not through Starlette's Response, which costs a twentieth of an order.
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection and wait until the server has noticed, or it would still answer."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
