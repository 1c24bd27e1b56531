"""The commands of `python -m devstack`."""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable

from devstack import paths
from devstack.audit import audit
from devstack.checks import check
from devstack.environment import base_environment, given_values, sandbox_environment, uses_own_broker
from devstack.errors import StackError
from devstack.lock import lock
from devstack.record import end_leftovers
from devstack.run import only_stack, run, sandbox_info
from devstack.services import clear_abandoned, embedded_urls, remove_data, running_services
from devstack.testing import test


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the process's exit code. A StackError becomes a line on standard error and code 1."""
    parser = argparse.ArgumentParser(prog="python -m devstack")
    parser.add_argument("command", choices=COMMANDS)
    options, rest = parser.parse_known_args(arguments)
    try:
        return COMMANDS[options.command](rest) or 0
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def reset() -> None:
    """Forget everything that the development stack keeps; what DATABASE_URL and REDIS_URL name is not
    touched.
    """
    with only_stack():
        end_leftovers(paths.STACK_FILE)
        remove_data(paths.DATA_DIR)
        clear_abandoned(paths.TEST_DIR)
        for folder in (paths.LOG_DIR, paths.MAIL_DIR, paths.SANDBOX_STATE_DIR):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (paths.SECRETS_FILE, *paths.DEV_DIR.glob("celerybeat-schedule*")):
            file.unlink(missing_ok=True)
    own = [name for name in ("DATABASE_URL", "REDIS_URL") if given_values().get(name)]
    print(f"The development stack's data is gone{f'; {own} untouched' if own else ''}.")


def services() -> None:
    """Run the embedded servers until Ctrl-C, after printing their variables for the shell."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with only_stack(), running_services(paths.DATA_DIR, given={}, throwaway=False) as variables:
        for name, value in variables.items():
            print(f"{name}={value}", flush=True)
        signal.pause()


def manage(arguments: list[str]) -> int:
    """Become `manage.py` with the variables of the stack that runs here."""
    given = given_values()
    env = base_environment(given, paths.SECRETS_FILE)
    env = embedded_urls(paths.DATA_DIR) | env
    if not uses_own_broker(given):
        info = sandbox_info(env)
        if info is None:
            raise StackError("Nothing runs here: `make run` first, in another terminal.")
        env |= sandbox_environment(int(env["SANDBOX_PORT"]), info)
    os.execve(sys.executable, [sys.executable, str(paths.ROOT / "manage.py"), *arguments], env)


def format_files() -> int:
    """Put the Python files into the project's format."""
    ruff = str(paths.ROOT / ".venv" / "bin" / "ruff")
    os.execv(ruff, [ruff, "format"])


def bench(arguments: list[str]) -> int:
    """Become the benchmarks."""
    os.execv(sys.executable, [sys.executable, "-m", "benchmarks", *arguments])


COMMANDS: dict[str, Callable[[list[str]], int | None]] = {
    "run": lambda _: run(),
    "services": lambda _: services(),
    "test": test,
    "check": lambda _: check(),
    "format": lambda _: format_files(),
    "bench": bench,
    "manage": manage,
    "audit": lambda _: audit(),
    "reset": lambda _: reset(),
    "lock": lambda _: lock(),
    # The set-up has happened by the time this module can be imported.
    "setup": lambda _: None,
}
