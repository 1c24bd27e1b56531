"""The virus scanner: a few lines that speak clamd's protocol stand in for it."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerapp.security.uploads import files, scanner
from tests.brokerapp.security.uploads.samples import picture


class Clamd(socketserver.BaseRequestHandler):
    """Reads one file as clamd does (INSTREAM) and gives the server's answer."""

    server: Any

    def handle(self) -> None:
        stream = self.request.makefile("rb")
        stream.readline()
        content = b""
        while size := struct.unpack("!L", stream.read(4))[0]:
            content += stream.read(size)
        self.server.scanned.append(content)
        self.request.sendall(self.server.answer)


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Any]:
    server: Any
    if request.param == "tcp":
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
        settings.CLAMD_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        path = tmp_path / "clamd.ctl"
        server = socketserver.ThreadingUnixStreamServer(str(path), Clamd)
        settings.CLAMD_URL = f"unix://{path}"
    server.scanned, server.answer = [], b"stream: OK\n"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_clean_file_that_the_scanner_lets_through(clamd: Any) -> None:
    assert files.clean_file(picture(), most_bytes=10_000).mime_type == "image/jpeg"
    assert clamd.scanned == [picture()]


def test_clean_file_with_a_virus_is_refused(clamd: Any) -> None:
    clamd.answer = b"stream: Eicar-Test-Signature FOUND\n"
    with pytest.raises(files.FileRefused, match="virus check found"):
        files.clean_file(picture(), most_bytes=10_000)


@pytest.mark.parametrize(
    "answer", [b"", b"INSTREAM size limit exceeded. ERROR\n", b"stream: broken ERROR\n", b"what?\n"]
)
def test_clean_file_without_a_clear_answer_is_not_kept(clamd: Any, answer: bytes) -> None:
    clamd.answer = answer
    with pytest.raises(files.FileRefused, match="Please choose it again in a few minutes"):
        files.clean_file(picture(), most_bytes=10_000)


@pytest.mark.parametrize(
    "url", ["tcp://127.0.0.1:{port}", "unix:///nowhere/clamd.ctl", "http://127.0.0.1", "nonsense"]
)
def test_clean_file_while_the_scanner_is_away_is_not_kept(settings: Any, url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.CLAMD_URL = url.format(port=free.getsockname()[1])
        with pytest.raises(files.FileRefused, match="cannot be checked for viruses"):
            files.clean_file(picture(), most_bytes=10_000)


def test_scanner_that_says_nothing_is_not_waited_for_for_ever(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanner, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CLAMD_URL = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(scanner.ScannerAway):
            scanner.finds_virus(picture())


def test_without_a_scanner_nothing_is_asked(settings: Any) -> None:
    settings.CLAMD_URL = ""
    assert not scanner.finds_virus(picture())
