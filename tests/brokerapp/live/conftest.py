import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from brokerapp.accounts.models import User
from tests.brokerapp.live.processes import Tab, Valkey, Web
from tests.factories import UserFactory

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="module")
def short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="live-") as folder:  # short: a socket's path has about 100 bytes
        yield Path(folder)


@pytest.fixture(scope="module")
def valkey(short_folder: Path) -> Iterator[Valkey]:
    server = Valkey(short_folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def database_url(django_db_setup: None) -> str:
    """The test database, for a process of its own."""
    given = connection.settings_dict
    options = {name: value for name, value in given["OPTIONS"].items() if isinstance(value, str)}
    if given["HOST"]:
        options["host"] = given["HOST"]
    if given["PORT"]:
        options["port"] = str(given["PORT"])
    return f"postgres://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?{urlencode(options)}"


@pytest.fixture(scope="module")
def web(database_url: str, valkey: Valkey) -> Iterator[Web]:
    """One web process for the tests that leave it alive."""
    process = Web(database_url=database_url, redis_url=valkey.url)
    yield process
    process.ensure_stopped()


@pytest.fixture
def start_web(transactional_db: None, database_url: str, valkey: Valkey) -> Iterator[Callable[..., Web]]:
    """Starts a web process for a test that stops it."""
    with ExitStack() as stack:

        def start(*, redis_url: str = valkey.url, workers: int = 1) -> Web:
            process = Web(database_url=database_url, redis_url=redis_url, workers=workers)
            stack.callback(process.ensure_stopped)
            return process

        yield start


@pytest.fixture
def open_tab() -> Iterator[OpenTab]:
    with ExitStack() as stack:

        def open_one(*args: object, **kwargs: object) -> Tab:
            tab = Tab(*args, **kwargs)  # type: ignore[arg-type]
            stack.callback(tab.close)
            return tab

        yield open_one


@pytest.fixture
def alice(transactional_db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def bob(transactional_db: None) -> User:
    return UserFactory.create()


def sign_in(user: User) -> SessionStore:
    """A stored session of this user."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


def cookie_of(user: User) -> str:
    """A `Cookie` header that is a session of this user."""
    return f"{settings.SESSION_COOKIE_NAME}={sign_in(user).session_key}"
