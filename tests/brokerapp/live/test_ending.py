"""Streams of a session that was ended elsewhere close at once, not at the next look a minute later."""

import asyncio
from typing import Any

import pytest

from brokerapp.live import channel
from brokerapp.live.channel import CHECK_SESSIONS
from brokerapp.live.hub import Hub
from brokerapp.live.pushes import LiveApp


class Browser:
    """One stream, in this process: what it was sent, and whether its session still holds."""

    def __init__(self, app: LiveApp, key: str) -> None:
        self.sent: list[bytes] = []
        self.opened, self.changed = asyncio.Event(), asyncio.Event()
        cookie = (b"cookie", f"sessionid={key}".encode())
        scope: Any = {"type": "http", "method": "GET", "path": "/live/", "headers": [cookie]}
        self.task = asyncio.create_task(app(scope, self.receive, self.send))

    async def receive(self) -> Any:
        await asyncio.Event().wait()

    async def send(self, message: Any) -> None:
        self.sent.append(message.get("body", b""))
        self.opened.set()
        if b"changed" in self.sent[-1]:
            self.changed.set()


def message(data: bytes) -> dict[str, Any]:
    return {"type": "pmessage", "channel": b"live:user:7", "data": data}


async def follow(holds: set[str]) -> tuple[Browser, Browser]:
    hub = Hub("redis://127.0.0.1:9/0")
    app = LiveApp(hub)

    async def get_user_id(key: str) -> str | None:
        return "7" if key in holds else None

    app._get_user_id = get_user_id  # type: ignore[method-assign,assignment]
    stays, goes = Browser(app, "stays"), Browser(app, "goes")
    await stays.opened.wait()
    await goes.opened.wait()
    holds.remove("goes")
    hub.take(message(CHECK_SESSIONS.encode()))
    async with asyncio.timeout(15):  # less than the heartbeat, after which it would look by itself
        await goes.task
    hub.take(message(b'{"noun":"order","id":"1"}'))
    await stays.changed.wait()
    stays.task.cancel()
    await asyncio.wait([stays.task])
    return stays, goes


def test_live_ends_at_once_when_the_session_does_and_other_sessions_go_on() -> None:
    stays, goes = asyncio.run(follow({"stays", "goes"}))
    assert any(b'"order"' in part for part in stays.sent)
    assert not any(CHECK_SESSIONS.encode() in part for part in [*stays.sent, *goes.sent])


def test_check_sessions_reaches_the_channel_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:

    said: list[tuple[str, str]] = []

    class Server:
        def publish(self, name: str, text: str) -> None:
            said.append((name, text))

    monkeypatch.setattr(channel, "connect", lambda url: Server())
    channel.check_sessions(7)
    assert said == [("live:user:7", CHECK_SESSIONS)]
