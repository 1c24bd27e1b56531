"""Where the development stack keeps its things. Everything it writes lies under `.dev/` or `.venv/`."""

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV_DIR = ROOT / ".dev"
DATA_DIR = DEV_DIR / "data"
TEST_DIR = DEV_DIR / "test"
LOG_DIR = DEV_DIR / "logs"
MAIL_DIR = DEV_DIR / "mail"
SECRETS_FILE = DEV_DIR / "secrets.env"
STACK_FILE = DEV_DIR / "stack.json"
LOCK_FILE = DEV_DIR / "run.lock"
SANDBOX_STATE_DIR = DEV_DIR / "sandbox"

LONGEST_SOCKET_PATH = 100
"""Bytes. `sockaddr_un.sun_path` holds 108 on Linux and 104 on macOS, with the closing NUL."""


def socket_dir_for(data_dir: Path) -> Path:
    """The folder for the UNIX sockets of the servers under `data_dir`; not created here.

    It is `data_dir/sockets`, or a folder of our own under the temporary directory when the path would be
    longer than the kernel takes.
    """
    near = data_dir / "sockets"
    if len(os.fsencode(near / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH:
        return near
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"devstack-{os.getuid()}-{digest}"
