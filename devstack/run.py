"""`make run`: everything, from nothing to a table of addresses, until Ctrl-C."""

import contextlib
import fcntl
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from devstack import paths
from devstack.environment import (
    base_environment,
    given_values,
    is_demo,
    is_on,
    sandbox_environment,
    uses_own_broker,
)
from devstack.errors import StackError
from devstack.guard import dismiss_guard, start_guard
from devstack.ports import check_port_free
from devstack.record import end_leftovers
from devstack.services import embedded_servers, prepare_database
from devstack.supervisor import GaveUp, Spec, Stopped, Supervisor
from devstack.table import summary

PROCESS = str(paths.ROOT / "bin" / "process")
BACKGROUND = ("worker", "news", "sweeper", "market", "beat", "events")
KEPT_LOGS = ".1"


def run() -> int:
    """Start the stack, print its table, keep it running; the exit code (0 after Ctrl-C or SIGTERM)."""
    given = given_values()
    with only_stack():
        ended = end_leftovers(paths.STACK_FILE)
        if ended:
            print(f"Ended what an earlier run left behind: {', '.join(ended)}.")
        env = base_environment(given, paths.SECRETS_FILE)
        check_ports(env, given)
        keep_last_logs(paths.LOG_DIR)
        with guarded(paths.STACK_FILE), Supervisor(paths.STACK_FILE, paths.LOG_DIR) as supervisor:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, supervisor.ask_to_stop)
            try:
                env |= start_all(supervisor, env, given)
                people = seed(supervisor, env) if is_demo(env) else []
                print(summary(env, paths.LOG_DIR, people=people), flush=True)
                supervisor.supervise()
            except Stopped:
                print("\nStopping …", flush=True)
    print("Stopped.")
    return 0


def start_all(supervisor: Supervisor, env: dict[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Start every process in the order in which they need each other; the variables found on the way."""
    print("Starting …", flush=True)
    found: dict[str, str] = {}
    for server in embedded_servers(paths.DATA_DIR, given=given, throwaway=False):
        supervisor.start(Spec(server.name, server.command, env, server.is_ready, server.stop_signal))
        found[server.variable] = server.url
        if server.name == "postgres":
            prepare_database(paths.DATA_DIR)
    if not uses_own_broker(given):
        supervisor.start(spec("sandbox", env, is_ready=lambda: sandbox_info(env) is not None))
        found |= sandbox_environment(int(env["SANDBOX_PORT"]), sandbox_info(env) or {})
    env = env | found
    supervisor.run_once("release", [PROCESS, "release"], env)
    if not is_on(env, "DEBUG"):
        supervisor.run_once("static", [sys.executable, "manage.py", "collectstatic", "--noinput"], env)
    load_assets(supervisor, env, required=not uses_own_broker(given))
    supervisor.launch(spec("web", env, is_ready=lambda: web_answers(env)))
    for name in BACKGROUND:
        supervisor.launch(spec(name, env))
    for name in ("web", *BACKGROUND):
        supervisor.wait_until_ready(name, 60)
    return found


def load_assets(supervisor: Supervisor, env: Mapping[str, str], *, required: bool) -> None:
    """Fetch the list of what can be traded; a broker of the person's own may be away without stopping us."""
    try:
        supervisor.run_once("assets", [PROCESS, "assets"], env)
    except GaveUp:
        if required:
            raise
        last = supervisor.last_lines("assets").splitlines()[-1].strip()
        print(f"The list of assets could not be loaded; the next try is beat's. {last}", flush=True)


def seed(supervisor: Supervisor, env: Mapping[str, str]) -> list[dict[str, str]]:
    """Make the demo's people, those who are missing; each has email, password and what they show."""
    supervisor.run_once("seed", [sys.executable, "manage.py", "seed_demo"], env)
    for line in reversed(supervisor.log_file("seed").read_text(errors="replace").splitlines()):
        if line.startswith("["):
            return list(json.loads(line))
    return []


def spec(name: str, env: Mapping[str, str], **how: Any) -> Spec:
    """A process of the Procfile."""
    return Spec(name, [PROCESS, name], env, **how)


def check_ports(env: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Raises StackError when a port that the stack is going to open is taken."""
    check_port_free(env["HOST"], int(env["PORT"]), "PORT")
    if not uses_own_broker(given):
        if env["SANDBOX_PORT"] == env["PORT"]:
            raise StackError(f"PORT and SANDBOX_PORT are both {env['PORT']}: choose two.")
        check_port_free(env["HOST"], int(env["SANDBOX_PORT"]), "SANDBOX_PORT")


def sandbox_info(env: Mapping[str, str]) -> dict[str, str] | None:
    """The sandbox's `/_sandbox/info`, or None while it does not answer."""
    url = f"http://127.0.0.1:{env['SANDBOX_PORT']}/_sandbox/info"
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return dict(json.load(reply))
    except (OSError, ValueError):
        return None


def web_answers(env: Mapping[str, str]) -> bool:
    """Whether the front page comes, with a status below 500."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{env['PORT']}/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False


def keep_last_logs(log_dir: Path) -> None:
    """Begin with empty logs; those of the run before stay as `*.log.1`."""
    for log in log_dir.glob("*.log"):
        log.replace(log.with_name(log.name + KEPT_LOGS))


@contextlib.contextmanager
def only_stack() -> Iterator[None]:
    """Hold this folder's lock for the block. Raises StackError when another stack holds it.

    The kernel lets go of it with the process, however that ends.
    """
    paths.DEV_DIR.mkdir(parents=True, exist_ok=True)
    with paths.LOCK_FILE.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise StackError(
                f"The stack is already running in this folder (process {lock.read().strip() or 'unknown'}): "
                "stop it with Ctrl-C in its terminal."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def guarded(record_file: Path) -> Iterator[None]:
    """Have a guard end the stack if this process dies inside the block."""
    guard = start_guard(record_file)
    try:
        yield
    finally:
        dismiss_guard(guard)
