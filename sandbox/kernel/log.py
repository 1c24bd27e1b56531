"""The state folder: one process at a time, one known format, an append-only log of frames.

A frame is ``length, crc32, payload``. What a reply promises is in one frame, written before the
reply is sent; a torn last frame (the process died while writing) was never answered and is cut off.
``write`` hands the bytes to the operating system: they survive ``kill -9``, not a power cut.
"""

import fcntl
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

FORMAT = "1"
HEADER = struct.Struct("<II")


class StateError(Exception):
    """The folder cannot be used; the text is one line for the person who started the process."""


class StateFolder:
    """Holds the folder's lock for the life of the process.

    Raises StateError when another process holds it or its format is not ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("w")
        except OSError as error:
            raise StateError(f"state folder {path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"state folder {path} is in use by another sandbox process") from error
        self._check_format()

    def _check_format(self) -> None:
        marker = self.path / "format"
        found = marker.read_text().strip() if marker.exists() else None
        if found is None and any((self.path / name).exists() for name in ("snapshot", "wal", "events")):
            found = "missing"
        if found is None:
            marker.write_text(f"{FORMAT}\n")
        elif found != FORMAT:
            raise StateError(
                f"state folder {self.path} has format {found[:20]!r}, this sandbox reads {FORMAT!r}: "
                "use another folder or remove it to start over"
            )

    def close(self) -> None:
        self._lock.close()


class FrameFile:
    """An append-only file of frames."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = os.fstat(self._fd).st_size

    def frames(self) -> Iterator[memoryview]:
        """Yield every whole payload, oldest first, then cut a torn tail off the file."""
        end = 0
        if self.size:
            with (
                mmap.mmap(self._fd, self.size, access=mmap.ACCESS_READ) as mapped,
                memoryview(mapped) as view,
            ):
                while end + HEADER.size <= self.size:
                    length, crc = HEADER.unpack_from(view, end)
                    start = end + HEADER.size
                    with view[start : start + length] as payload:
                        if len(payload) < length or zlib.crc32(payload) != crc:
                            break
                        yield payload
                    end = start + length
        self.cut(end)

    def append(self, payload: bytes) -> None:
        """Write one frame. On failure (disk full) the file is as before and OSError is raised."""
        frame = HEADER.pack(len(payload), zlib.crc32(payload)) + payload
        try:
            write_all(self._fd, frame)
        except OSError:
            self.cut(self.size)
            raise
        self.size += len(frame)

    def cut(self, size: int) -> None:
        os.ftruncate(self._fd, size)
        self.size = size

    def close(self) -> None:
        os.close(self._fd)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte: a single ``os.write`` may stop short."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def replace_frames(path: Path, payloads: Iterable[bytes]) -> None:
    """Write a whole new file of frames and put it in place of ``path`` in one step."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb", buffering=1 << 20) as out:
        for payload in payloads:
            out.write(HEADER.pack(len(payload), zlib.crc32(payload)))
            out.write(payload)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
