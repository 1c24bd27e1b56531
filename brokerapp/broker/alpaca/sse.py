"""The wire format of server-sent events (WHATWG HTML standard, 9.2), from bytes in any chunks to messages."""

import codecs
from dataclasses import dataclass

MAX_MESSAGE = 1024 * 1024
"""Characters of one unfinished line or message; a stream that sends more is not one of ours."""


@dataclass(frozen=True)
class Comment:
    """A line starting with a colon."""

    text: str


@dataclass(frozen=True)
class Message:
    """A dispatched event; several `data` lines are joined by newlines. `id` is its own, not inherited."""

    data: str
    event: str = ""
    id: str = ""


class SseParser:
    """Takes bytes as they arrive and gives back what they complete."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._after_cr = False
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[Comment | Message]:
        """What `chunk` completes, in order. Raises `ValueError` for a message past `MAX_MESSAGE`."""
        lines = self._lines(self._decoder.decode(chunk))
        found = [item for line in lines if (item := self._take(line)) is not None]
        if len(self._rest) + self._size > MAX_MESSAGE:
            raise ValueError("an event is too long")
        return found

    def _lines(self, text: str) -> list[str]:
        """Complete lines, ended by LF, CR or CRLF, also where a CRLF is cut in two."""
        if not text:
            return []
        if self._after_cr and text.startswith("\n"):
            text = text[1:]
        self._after_cr = text.endswith("\r") if text else False
        lines = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop()
        return lines

    def _take(self, line: str) -> Comment | Message | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            return Comment(line[1:].strip())
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Message | None:
        message = Message("\n".join(self._data), self._event, self._id) if self._data else None
        self._data, self._event, self._id, self._size = [], "", "", 0
        return message
