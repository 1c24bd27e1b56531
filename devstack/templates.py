"""The migrated database of a test run, made once: each worker's, and each whole stack's, is a copy of it.

Migrating takes longer than the tests of most files. What it leads to is kept as a dump in
`.dev/test-databases` for as long as the migrations and the locked packages are the same, and is restored in a
second. Only servers that this run has started get a template; on others nothing is left behind.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from devstack import postgres
from devstack.errors import StackError
from devstack.paths import DEV_DIR, ROOT

DUMPS = DEV_DIR / "test-databases"
VARIABLE = "DEVSTACK_TEMPLATES"
"""Environment variable: set where the server ends with the run."""
DATABASE = "migrated"
LOCK = 20_262_911
"""Of the one process that makes the template while others wait for it."""
KEPT = 4
"""How many dumps are kept: as many branches are worked on at a time."""


def template_of(database_url: str) -> str | None:
    """The name of the migrated database on the server of this run; None on any other server.

    The first to ask makes it. Raises StackError when that fails.
    """
    if VARIABLE not in os.environ:
        return None
    with psycopg.connect(named(database_url, "postgres"), autocommit=True) as connection, locked(connection):
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not known:
            connection.execute(f"CREATE DATABASE {DATABASE}_unfinished")
            fill(named(database_url, f"{DATABASE}_unfinished"))
            connection.execute(f"ALTER DATABASE {DATABASE}_unfinished RENAME TO {DATABASE}")
    return DATABASE


@contextlib.contextmanager
def locked(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[None]:
    """Hold the lock; it ends with the connection at the latest."""
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def fill(database_url: str) -> None:
    """Restore the dump into an empty database, or migrate it and keep the dump."""
    dump = DUMPS / f"{digest()}.sql"
    if dump.exists():
        dump.touch()
        run([str(postgres.bin_dir() / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(dump), database_url])
        return
    run([sys.executable, "manage.py", "migrate", "--noinput"], DATABASE_URL=database_url)
    DUMPS.mkdir(parents=True, exist_ok=True)
    unfinished = dump.with_suffix(f".{os.getpid()}")
    run([str(postgres.bin_dir() / "pg_dump"), "--no-owner", f"--file={unfinished}", database_url])
    unfinished.rename(dump)
    for old in sorted(DUMPS.glob("*.sql"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)


def run(command: list[str], **variables: str) -> None:
    """Run a command. Raises StackError with the last line that it said."""
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise StackError(f"{Path(command[0]).name} failed: {said}")


def digest() -> str:
    """What the migrated database depends on: the server, the packages, and the migrations."""
    found = hashlib.sha256(postgres.MAJOR.encode())
    sources = [ROOT / "requirements" / "dev.txt", *ROOT.glob("*/migrations/*.py")]
    sources += (ROOT / "brokerapp").rglob("migrations/*.py")
    for path in sorted(sources):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:20]


def named(database_url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{database}"))
