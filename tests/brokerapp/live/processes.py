"""The real processes that the live tests talk to: Valkey, the web process, and a browser's stream."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path

from devstack import valkey

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; fails the test after `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


class Valkey:
    """A server of the test's own, on a socket file, that can be killed, started again and frozen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = valkey.url(folder)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = valkey.server_command(self.folder / "data", self.folder)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: valkey.is_ready(self.folder), "Valkey")

    def send_signal(self, signum: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(signum)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Web:
    """The web process, as `make run` starts it but for its port."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        workers: int = 1,
        application: str = "tests.brokerapp.live.fast_asgi:application",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [
            *(
                sys.executable,
                "-m",
                "brokerapp.deployment.serve",
                application,
            ),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", str(workers)),
            *("--log-level", "info"),
        ]
        own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **(environment or {})}
        self.workers = workers
        with tempfile.NamedTemporaryFile(prefix="web-", suffix=".log", delete=False) as output:
            self.output = Path(output.name)
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | own, stderr=output, start_new_session=True
            )
        try:
            wait_for(self.is_ready, "the web process")
        except AssertionError:
            self.ensure_stopped()
            raise

    def is_ready(self) -> bool:
        """Whether each worker has started (one that has not holds up a SIGTERM) and the port is open."""
        assert self.process.poll() is None, f"the web process ended: {self.output.read_text()[-2000:]}"
        if self.output.read_text().count("Application startup complete") < self.workers:
            return False
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """Terminate it and wait for its end."""
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)

    def ensure_stopped(self) -> None:
        """Kill it with its workers: one that is left would keep a session of the test database open."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.output.unlink(missing_ok=True)


class Tab:
    """A browser tab: one request, and the events that its answer streams."""

    def __init__(self, web: Web, cookie: str = "", *, method: str = "GET", path: str = "/live/") -> None:
        self.connection = HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_SECONDS)
        self.connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def read_block(self) -> str:
        """The next lines up to an empty one; an empty string once the stream has ended in good order."""
        lines = []
        while line := self.answer.readline().decode():
            if line == "\n":
                break
            lines.append(line)
        return "".join(lines)

    def read_event(self) -> tuple[str, str]:
        """The next event's name and data; comments and `retry` are passed over."""
        while block := self.read_block():
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if "event" in fields:
                return fields["event"], fields["data"]
        return "", ""

    def close(self) -> None:
        self.answer.close()
        self.connection.close()
