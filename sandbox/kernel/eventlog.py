"""Every status change and trade event, oldest first: bodies in one file, an index in another.

Bodies stay on disk and only the index is in memory, 25 bytes an event, so history costs next to
nothing and a stream can be replayed from any point. An event's number is its place, from 1; its ULID
rises with it.
"""

import datetime as dt
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sandbox.kernel.log import write_all

ACCOUNT, RELATIONSHIP, TRANSFER, JOURNAL, TRADE, ACTIVITY, ADMIN, SYSTEM, IPO = range(1, 10)

ENTRY = struct.Struct("<QB16s")  # where the body ends, kind, ULID
KIND, ULID = 8, 9  # offsets of both in an entry
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

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self._bodies = os.open(folder / "events", flags, 0o600)
        self._index_file = os.open(folder / "events.index", flags, 0o600)
        self._index = bytearray(os.pread(self._index_file, os.fstat(self._index_file).st_size, 0))
        self._staged: list[tuple[int, bytes, bytes]] = []
        self._last = 0
        self._cut_torn_tail()

    def __len__(self) -> int:
        return len(self._index) // ENTRY.size

    @property
    def staged_length(self) -> int:
        """How many events there will be once the staged ones are written."""
        return len(self) + len(self._staged)

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
        end, entries = self._end_of(len(self)), []
        for kind, ulid, body in self._staged:
            end += len(body)
            entries.append(ENTRY.pack(end, kind, ulid))
        index = b"".join(entries)
        try:
            write_all(self._bodies, b"".join(body for _, _, body in self._staged))
            write_all(self._index_file, index)
        except OSError:
            self.cut(len(self))
            raise
        self._index += index
        self._staged.clear()

    def read(self, start: int, stop: int) -> Iterator[Event]:
        """Events at positions start..stop-1."""
        while start < stop:
            begin, batch = self._end_of(start), start + 1
            while batch < stop and self._end_of(batch + 1) - begin < READ_AHEAD:
                batch += 1
            data = os.pread(self._bodies, self._end_of(batch) - begin, begin)
            offset = 0
            for position in range(start, batch):
                end, kind, ulid = ENTRY.unpack_from(self._index, position * ENTRY.size)
                yield Event(position + 1, kind, ulid, data[offset : end - begin])
                offset = end - begin
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
        return self._index[position * ENTRY.size + KIND]

    def ulid_at(self, position: int) -> bytes:
        start = position * ENTRY.size + ULID
        return bytes(self._index[start : start + 16])

    def cut(self, count: int) -> None:
        """Forget events past ``count``: their transaction never reached the log."""
        del self._index[count * ENTRY.size :]
        os.ftruncate(self._index_file, len(self._index))
        os.ftruncate(self._bodies, self._end_of(count))
        self._last = int.from_bytes(self.ulid_at(count - 1), "big") if count else 0

    def close(self) -> None:
        os.close(self._bodies)
        os.close(self._index_file)

    def _end_of(self, count: int) -> int:
        """Where the bodies of the first ``count`` events end."""
        return ENTRY.unpack_from(self._index, (count - 1) * ENTRY.size)[0] if count else 0

    def _cut_torn_tail(self) -> None:
        """Drop entries that are not whole, or whose body is not."""
        size, count = os.fstat(self._bodies).st_size, len(self)
        while count and self._end_of(count) > size:
            count -= 1
        self.cut(count)
