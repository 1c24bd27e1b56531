"""An uploaded file as it may be kept: made anew in a process of its own, with limits of time and memory."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from brokerapp.security.uploads import scanner

CLEANER = Path(__file__).with_name("cleaner.py")
SECONDS = 30.0
AT_ONCE = 2
"""How many files one process of the site makes anew at a time: each can need half a gigabyte."""
WAIT_SECONDS = 20.0

PRINT_IT = "Print it to a new PDF, or take a photo of it."
WORDS = {
    "damaged": "This file cannot be read: it is damaged, cut off, or not what it says it is. Save it again, "
    "or take a photo of the document.",
    "too_many_pixels": "This picture has more than 50 megapixels. Take a smaller photo.",
    "too_large_anew": "This file is too large for the broker, even after we made it smaller. Take a smaller "
    "photo, or choose fewer pages.",
    "locked": "This PDF is protected by a password or by rights. Save it without, or take a photo of it.",
    "script": f"This PDF has a program in it, which we do not take. {PRINT_IT}",
    "launch": f"This PDF would open or send something by itself, which we do not take. {PRINT_IT}",
    "embedded": f"This PDF carries other files or media in it, which we do not take. {PRINT_IT}",
    "too_many_pages": "This PDF has more than 50 pages. Choose those that matter.",
    "unpacks_too_large": f"This PDF unpacks to more than we can read. {PRINT_IT}",
    "too_slow": "This file took too long to read. Take a photo of the document instead.",
    "busy": "We are reading other people's files at the moment. Please choose it again in a minute.",
    "virus": "Our virus check found something harmful in this file, so it was not saved. Choose another one, "
    "or take a photo of the document.",
    "not_scanned": "Files cannot be checked for viruses at the moment, so this one was not saved. Please "
    "choose it again in a few minutes, or go on without it.",
}

_places = threading.BoundedSemaphore(AT_ONCE)


class FileRefused(ValueError):
    """The file is not taken; the text says why, and what to do. `reason` is a key of `WORDS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason


@dataclass(frozen=True)
class CleanFile:
    """A file that may be kept."""

    mime_type: str
    content: bytes = field(repr=False)


def clean_file(content: bytes, *, most_bytes: int) -> CleanFile:
    """A JPEG, PNG, HEIC or PDF file checked for viruses and made anew, at most `most_bytes` of it.

    Pictures lose their metadata; HEIC becomes JPEG. Raises `FileRefused`.
    """
    try:
        if scanner.finds_virus(content):
            raise FileRefused("virus")
    except scanner.ScannerAway as error:
        raise FileRefused("not_scanned") from error
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise FileRefused("busy")
    try:
        return _made_anew(content, most_bytes)
    finally:
        _places.release()


def _made_anew(content: bytes, most_bytes: int) -> CleanFile:
    try:
        done = subprocess.run(
            # -I and no environment: none of our modules, none of our secrets.
            [sys.executable, "-I", str(CLEANER), str(most_bytes)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FileRefused("too_slow") from error
    head, _, made = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise FileRefused("damaged")  # it ran into its limits, or a decoder crashed
    answer = json.loads(head)
    if "refused" in answer:
        raise FileRefused(answer["refused"])
    return CleanFile(answer["mime_type"], made)
