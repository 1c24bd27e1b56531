"""Every status change and trade event, in one file, oldest first.

Bodies stay on disk and only 25 bytes an event stay in memory, so history costs next to nothing and
a stream can be replayed from any point. An event's number is its place in the file, from 1; its
ULID rises with it.
"""

import datetime as dt
import os
import secrets
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sandbox.log import write_all

ACCOUNT, RELATIONSHIP, TRANSFER, JOURNAL, TRADE = 1, 2, 3, 4, 5

HEADER = struct.Struct("<IB16s")  # length of the body, kind, ULID
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AHEAD = 1 << 20
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Event(NamedTuple):
    number: int
    kind: int
    ulid: bytes
    body: bytes  # one JSON object without event_id


def ulid_text(ulid: bytes) -> str:
    """26 characters, Crockford base32, upper case."""
    value = int.from_bytes(ulid, "big")
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def parse_ulid(text: str) -> bytes:
    """16 bytes. Raises ValueError when the text is no ULID."""
    if len(text) != 26:
        raise ValueError("a ULID has 26 characters")
    value = 0
    for character in text.upper():
        value = value << 5 | CROCKFORD.index(character)
    if value >> 128:
        raise ValueError("a ULID has 128 bits")
    return value.to_bytes(16, "big")


def milliseconds(at: dt.datetime) -> int:
    return (at - EPOCH) // dt.timedelta(milliseconds=1)


class EventLog:
    """Append with ``stage`` and ``write``; read by position (0 is the oldest)."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._kinds = bytearray()
        self._ulids = bytearray()
        self._ends = array("Q")
        self._staged: list[tuple[int, bytes, bytes]] = []
        self._last = 0
        self._scan()

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def staged_length(self) -> int:
        """How many events there will be once the staged ones are written."""
        return len(self._kinds) + len(self._staged)

    def stage(self, kind: int, at: dt.datetime, body: bytes) -> None:
        """Keep an event for the next ``write``; ULIDs rise even within one millisecond."""
        stamp = milliseconds(at) << 80
        self._last = max(stamp | secrets.randbits(79), self._last + 1)
        self._staged.append((kind, self._last.to_bytes(16, "big"), body))

    def unstage(self) -> None:
        self._staged.clear()

    def write(self) -> None:
        """Write what is staged. On failure nothing of it remains and OSError is raised."""
        if not self._staged:
            return
        data = b"".join(HEADER.pack(len(body), kind, ulid) + body for kind, ulid, body in self._staged)
        try:
            write_all(self._fd, data)
        except OSError:
            self.cut(len(self))
            raise
        for kind, ulid, body in self._staged:
            self._index(kind, ulid, len(body))
        self._staged.clear()

    def read(self, start: int, stop: int) -> Iterator[Event]:
        """Events at positions start..stop-1."""
        while start < stop:
            begin = self._ends[start - 1] if start else 0
            batch = start + 1
            while batch < stop and self._ends[batch] - begin < READ_AHEAD:
                batch += 1
            data = os.pread(self._fd, self._ends[batch - 1] - begin, begin)
            offset = 0
            for position in range(start, batch):
                length, kind, ulid = HEADER.unpack_from(data, offset)
                offset += HEADER.size + length
                yield Event(position + 1, kind, ulid, data[offset - length : offset])
            start = batch

    def position_after(self, ulid: bytes) -> int:
        """Position of the first event with a greater ULID."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.ulid_at(middle) <= ulid:
                low = middle + 1
            else:
                high = middle
        return low

    def position_since(self, at: dt.datetime) -> int:
        """Position of the first event at or after an instant (to the millisecond)."""
        start = max(milliseconds(at) << 80, 1) - 1
        return self.position_after(start.to_bytes(16, "big"))

    def kind_at(self, position: int) -> int:
        return self._kinds[position]

    def ulid_at(self, position: int) -> bytes:
        return bytes(self._ulids[position * 16 : position * 16 + 16])

    def cut(self, count: int) -> None:
        """Forget events past ``count``: their transaction never reached the log."""
        end = self._ends[count - 1] if count else 0
        os.ftruncate(self._fd, end)
        del self._kinds[count:], self._ulids[count * 16 :], self._ends[count:]
        self._last = int.from_bytes(self.ulid_at(count - 1), "big") if count else 0

    def close(self) -> None:
        os.close(self._fd)

    def _index(self, kind: int, ulid: bytes, length: int) -> None:
        self._kinds.append(kind)
        self._ulids += ulid
        self._ends.append((self._ends[-1] if self._ends else 0) + HEADER.size + length)

    def _scan(self) -> None:
        size, base, data = os.fstat(self._fd).st_size, 0, b""
        while base + HEADER.size <= size:
            data = os.pread(self._fd, 8 * READ_AHEAD, base)
            offset = 0
            while offset + HEADER.size <= len(data):
                length, kind, ulid = HEADER.unpack_from(data, offset)
                if base + offset + HEADER.size + length > size:
                    break
                self._index(kind, ulid, length)
                offset += HEADER.size + length
            if offset == 0:
                break
            base += offset
        self.cut(len(self))
