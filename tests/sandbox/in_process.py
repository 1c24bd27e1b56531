"""The sandbox without sockets: requests go straight into its ASGI application; its clock stands still."""

import asyncio
import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from sandbox import progress
from sandbox.endpoints import ENDPOINTS
from sandbox.server import App
from sandbox.state.world import Settings, World
from tests.sandbox.contract import contract
from tests.sandbox.process import START


class Answer(NamedTuple):
    status: int
    body: Any  # decoded JSON; bytes when it is none; None when it is empty


class InProcess:
    """One state folder, served without a process. ``kill`` and ``start`` are what they are for a process."""

    def __init__(
        self, state: Path, market: Literal["open", "real"] = "open", begin: dt.datetime = START
    ) -> None:
        self.settings = Settings(state=state, speed=1000, market=market, begin=begin)
        self._authorization = base64.b64encode(f"{self.settings.key}:{self.settings.secret}".encode())
        self._loop = asyncio.new_event_loop()
        self.start()
        self.world.clock.frozen_at = begin
        self.advance(0)
        self.firm_account_id = self.world.firm_id

    def start(self) -> None:
        self.world = World(self.settings)
        self._app = App(self.world, ENDPOINTS)

    def kill(self) -> None:
        """Let go of the files without a word: what is not in them by now is lost."""
        self.world.store.abandon()

    def stop(self) -> None:
        self.world.store.close()
        self._loop.close()

    def request(
        self, method: str, path: str, json: Any = None, params: dict[str, str] | None = None
    ) -> Answer:
        reply = self._loop.run_until_complete(self._call(method, path, json, params))
        return answer_of(*reply)

    def advance(self, seconds: float) -> None:
        """Move the clock, then do what a running process does by itself."""
        answer = self.request("POST", "/_sandbox/clock", {"advance_seconds": seconds})
        assert answer.status == 200, answer.body
        progress.run_due(self.world, self.world.clock.now())
        progress.run_working(self.world, self.world.clock.now())

    async def _call(
        self, method: str, path: str, body: Any, params: dict[str, str] | None
    ) -> tuple[int, bytes]:
        content = json.dumps(body).encode() if body is not None else b""
        scope = {
            "type": "http", "asgi": {"spec_version": "2.3"}, "method": method, "path": path,
            "query_string": urlencode(params or {}).encode(), "state": {},
            "headers": [(b"authorization", b"Basic " + self._authorization)],
        }  # fmt: skip
        incoming = [{"type": "http.request", "body": content}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await asyncio.Event().wait()  # the client stays: only the end of a stream ends it
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.wait_for(self._app(scope, receive, send), 20)
        status, reply = sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
        if rules := contract():
            content_type = dict(sent[0]["headers"]).get(b"content-type", b"").decode().split(";")[0]
            rules.check(method, path, status, content_type, reply)
        return status, reply


def answer_of(status: int, content: bytes) -> Answer:
    try:
        return Answer(status, json.loads(content) if content else None)
    except ValueError:
        return Answer(status, content)
