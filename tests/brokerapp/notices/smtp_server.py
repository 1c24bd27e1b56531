"""A mail server over a real socket that takes mails, refuses them, or falls silent at a chosen command."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GO_ON = {"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
AFTER_DATA = "."


class MailServer(socketserver.ThreadingTCPServer):
    """`mails` are those that were handed over in full. `answers` has, by command, what it says instead.

    `.` is the end of the mail. An empty answer cuts the connection; None says nothing until the client goes.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[str] = []
        self.answers: dict[str, bytes | None] = {}

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            command = line.split()[0].decode().upper()
            if not self._answer(command, GO_ON.get(command, b"250 fine\r\n")) or command == "QUIT":
                return
            if command == "DATA" and command not in self.server.answers and not self._take_mail():
                return

    def _take_mail(self) -> bool:
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(b"".join(lines).decode())
        return self._answer(AFTER_DATA, b"250 taken\r\n")

    def _answer(self, command: str, usual: bytes) -> bool:
        answer = self.server.answers.get(command, usual)
        if answer is None:
            self.rfile.read()
            return False
        self.wfile.write(answer)
        return bool(answer)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Within, it runs."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
