"""What every test needs."""

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client

import tests.depth  # noqa: F401  as it is imported, hypothesis is told
from brokerapp.broker import broker_clock
from devstack.templates import VARIABLE, template_of
from tests.broker_stub import BrokerStub, broker_stub
from tests.page_policy import forbidden_in
from tests.sandbox.contract import Report
from tests.sandbox_process import SandboxProcess, point_at


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Report())
    # Signing in is part of many tests, and slow on purpose in production.
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """Import the site's addresses before a test changes a setting that they depend on."""
    import_module(settings.ROOT_URLCONF)


STAYING = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
"""Tables whose rows are made of the code, after each migration."""


@pytest.fixture(scope="session", autouse=True)
def emptied() -> Iterator[Any]:
    """Between tests with transactions every table is emptied, also of what is not deleted in life.

    Few rows are sooner deleted than sixty tables are made anew; what the code makes stays instead of being
    made again. Gives Django's own way.
    """
    own = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
        names = [self.quote_name(table) for table in tables if table not in STAYING]
        if VARIABLE not in os.environ:  # somebody's own server, where we may not be its superuser
            log = "ALTER TABLE security_log_securityevent"
            emptied = f"TRUNCATE {', '.join(names)}"
            return [f"{log} DISABLE TRIGGER USER", emptied, f"{log} ENABLE TRIGGER USER"]
        # Neither triggers nor foreign keys are asked.
        deletions = [f"DELETE FROM {name}" for name in names]
        return ["; ".join(["SET LOCAL session_replication_role = replica", *deletions])]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", lambda *_, **__: None)
        yield own


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The test database begins as a copy of a migrated one, where there is one."""
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = template_of(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database, and an account to copy before any test has changed how one is made."""
    from tests.factories import keep_opened_account

    with django_db_blocker.unblock():
        keep_opened_account()


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """What another test tried, was sent or measured counts for none of the limits and times of this one."""
    cache.clear()
    broker_clock.forget()


@pytest.fixture(autouse=True)
def _every_page_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page shows what one of another test found a moment ago."""
    monkeypatch.setattr("brokerapp.web.moments.SECONDS", 0.0)


@pytest.fixture(scope="session", autouse=True)
def _every_page_keeps_to_the_policy() -> Iterator[None]:
    """Whatever page a test asks for holds nothing that its content security policy forbids."""
    ask = Client.request

    def request(self: Client, **given: Any) -> Any:
        reply = ask(self, **given)
        is_page = not reply.streaming and reply.headers.get("Content-Type", "").startswith("text/html")
        if is_page and "style-src 'self'" in reply.headers.get("Content-Security-Policy", ""):
            forbidden = forbidden_in(reply.content.decode())
            assert not forbidden, (given.get("PATH_INFO"), forbidden)
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


@pytest.fixture
def broker() -> Iterator[BrokerStub]:
    """The broker as canned replies; nothing is sent."""
    with broker_stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A broker of this module's own."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state") as started:
        yield started


@pytest.fixture
def sandbox(process: SandboxProcess, settings: Any) -> Iterator[SandboxProcess]:
    """The same, as the app's broker."""
    point_at(process, settings)
    yield process
    process.clear_faults()


LONGEST_FIRST = (
    "tests/sandbox/test_conservation",
    "tests/sandbox/test_option_conservation",
    "tests/brokerapp/events/test_stream_events",
    "tests/brokerapp/live/",
    "tests/sandbox/state/test_durability",
    "tests/test_access",
)
"""What takes seconds a test, so that no worker is left with it at the end. The rest comes in random order."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in LONGEST_FIRST])


def pytest_collection_finish() -> None:
    """Let the collector pass over what has been imported by now: it stays to the end.

    It would look through all of it dozens of times, which is some percent of the whole run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


BROWSER_TESTS = Path(__file__).parent / "e2e"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the browser tests to a pytest of their own, as `make test` does, unless this one is theirs."""
    theirs = [BROWSER_TESTS in (path := given_path(argument), *path.parents) for argument in config.args]
    if any(theirs) and not all(theirs):
        raise pytest.UsageError("browser tests run apart from all others: use `make test ARGS=…`")
    return True if collection_path == BROWSER_TESTS and not all(theirs) else None


def given_path(argument: str) -> Path:
    return Path(argument.split("::", 1)[0]).resolve()
