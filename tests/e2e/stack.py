"""The whole product for browser tests: every process of the Procfile, its own database and sandbox."""

import json
import os
import secrets
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import requests

from devstack.templates import template_of
from devstack.valkey import url_after
from tests.e2e.second_step import App
from tests.sandbox_process import SandboxProcess, eventually, free_port

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ("web", "worker", "news", "sweeper", "beat", "events")
START_SECONDS = 60
DEMO_PASSWORD = secrets.token_urlsafe(12)
STOP_SECONDS = 15
REDIS_DATABASES_APART = 8
"""The unit tests' workers take the first few database numbers."""

KEYS_OF_STAFF = """
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from brokerapp.demo.codes import SET_UP_BY_DEMO
for row in Authenticator.objects.filter(data__has_key=SET_UP_BY_DEMO).select_related("user"):
    print(row.user.email, decrypt(row.data["secret"]))
"""


class Stack:
    """web, worker, beat and events as in production, told apart by name so that one can be killed."""

    def __init__(self, folder: Path, *, speed: float = 300) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.sandbox = SandboxProcess(folder / "sandbox", speed=speed, market="open", seed=7)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.database = f"e2e_{os.getpid()}_{time.monotonic_ns()}"

    def __enter__(self) -> "Stack":
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_all(self) -> None:
        self.sandbox.start()
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            migrated = template_of(os.environ["DATABASE_URL"])
            connection.execute(f'CREATE DATABASE "{self.database}" TEMPLATE {migrated or "template1"}')
        self.environment = self._environment()
        if not migrated:
            self.manage("migrate", "--noinput")
        self.command("sync_assets")
        for name in PROCESSES:
            self.start(name)
        eventually(lambda: answers(f"{self.url}/"), timeout=START_SECONDS, what="the site answering")

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            wait_or_kill(process)
        self.sandbox.__exit__()
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def start(self, name: str) -> None:
        """Start a process of the Procfile; what it prints is kept in `<folder>/<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [ROOT / "bin" / "process", name],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @cached_property
    def apps(self) -> dict[str, App]:
        """The authenticator apps that the demo made for its staff, by e-mail address."""
        lines = (line.split() for line in self.run(KEYS_OF_STAFF).splitlines())
        return {email: App(key) for email, key in lines}

    def kill(self, name: str) -> None:
        """`kill -9` of one process and its children."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)

    def manage(self, *arguments: str) -> str:
        """Run a `manage.py` command; its output."""
        command = [str(ROOT / ".venv" / "bin" / "python"), "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def command(self, name: str) -> None:
        """Run a `manage.py` command without arguments where `run` does."""
        self.run(f"from django.core.management import call_command; call_command({name!r})")

    def run(self, script: str) -> str:
        """Run Python with the site's models, in a process that stays for the next script; what it prints."""
        if "inside" not in self.running:
            with (self.folder / "inside.log").open("ab") as log:
                self.running["inside"] = subprocess.Popen(
                    [ROOT / ".venv" / "bin" / "python", "-m", "tests.e2e.inside"],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
        process = self.running["inside"]
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(script).encode() + b"\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        assert not reply["failed"], reply["failed"]
        return str(reply["printed"])

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "DEBUG": "true",
            "DEMO_MODE": "true",
            "DEMO_PASSWORD": DEMO_PASSWORD,
            # One address and a few people do what many do in life.
            "CONNECTIONS_PER_ADDRESS": "1000",
            "BROKER_PAGES_A_MINUTE": "1000",
            "HOST": "127.0.0.1",
            "PORT": str(urlsplit(self.url).port),
            "SITE_URL": self.url,
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], self.database),
            "REDIS_URL": url_after(os.environ["REDIS_URL"], REDIS_DATABASES_APART),
            "EMAIL_FILE_PATH": str(self.folder / "mail"),
            "BROKER_BASE_URL": self.sandbox.url,
            "BROKER_DATA_URL": self.sandbox.url,
            "BROKER_KEY": self.sandbox.key,
            "BROKER_SECRET": self.sandbox.secret,
            "BROKER_FIRM_ACCOUNT_ID": self.sandbox.firm_account_id,
            "BROKER_CONNECT_TIMEOUT": "1",
            "BROKER_READ_TIMEOUT": "8",
            # One process fewer to start: a broker that is slow for one queue is so for both here.
            "SWEEPER_QUEUES": "sweeps,market",
            # Twenty sweeps look for something to do each time, on the cores that the browser needs.
            "SWEEP_SECONDS": "4",
            "SETTLE_AFTER_SECONDS": "11",
            "TASK_TIME_LIMIT_SECONDS": "16",
            "WHITENOISE_MAX_AGE": "600",  # the browser keeps them, as it does in production
            "BEAT_SCHEDULE_FILE": str(self.folder / "beat"),
        }


def wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a process that was told to, and kill its group if that takes too long."""
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def answers(url: str) -> bool:
    """Whether a page answers 200."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
