"""The site while the database is down, or there and silent."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests
from django.db import OperationalError, connection
from django.test import Client

from tests.brokerapp.live.processes import Valkey, Web
from tests.brokerapp.outages import frail_valkey
from tests.factories import UserFactory

PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with frail_valkey() as server:
        yield server


@pytest.fixture(params=["down", "frozen"])
def site(request: pytest.FixtureRequest, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a site whose database does not answer."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.brokerapp.web.plain_settings")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "frozen":
            listener.listen(100)  # connections are made, and nobody ever says anything on them
        url = f"postgres://127.0.0.1:{listener.getsockname()[1]}/none?connect_timeout=2"
        web = Web(database_url=url, redis_url=valkey.url)
        yield f"http://127.0.0.1:{web.port}"
        web.ensure_stopped()


def test_pages_of_signed_in_people_say_so_with_a_reference(site: str) -> None:
    answer = requests.get(f"{site}/portfolio/", cookies={"sessionid": "x" * 32}, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<title>Something went wrong on our side</title>" in answer.text
    assert "give this reference: <code>" in answer.text


def test_liveness_and_readiness(site: str) -> None:
    assert requests.get(f"{site}/healthz/", timeout=PATIENCE_SECONDS).status_code == 200
    ready = requests.get(f"{site}/readyz/", timeout=PATIENCE_SECONDS)
    assert (ready.status_code, ready.json()) == (503, {"ready": False})


@pytest.mark.django_db
def test_other_errors_stay_500(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise LookupError

    client.raise_request_exception = False
    client.force_login(UserFactory.create())
    monkeypatch.setattr("brokerapp.ui.preferences.read", broken)
    answer = client.get("/display/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers


class Patient:
    """A session of its own in which a statement may take a second."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []
        self.pid = 0
        self.ready, self.go_on = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.ready.wait(PATIENCE_SECONDS)

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.pid = cursor.fetchone()[0]
        self.ready.set()
        self.go_on.wait(PATIENCE_SECONDS)
        for statement in ("SELECT pg_sleep(10)", "SELECT 1"):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    self.outcomes.append(cursor.fetchone())
            except OperationalError as error:
                self.outcomes.append(type(error.__cause__).__name__)
                connection.close_if_unusable_or_obsolete()
        connection.close()

    def end(self) -> list[Any]:
        """Let it go on; what its two statements brought."""
        self.go_on.set()
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive(), "it hangs"
        return self.outcomes


@pytest.mark.skipif("FAKETIME" in os.environ, reason="the server's timers do not run under libfaketime")
@pytest.mark.django_db(transaction=True)
def test_statement_that_takes_too_long_is_ended_by_the_server(settings: Any) -> None:
    settings.DATABASE_STATEMENT_SECONDS = 1
    assert Patient().end() == ["QueryCanceled", (1,)]


@pytest.mark.django_db(transaction=True)
def test_statement_of_a_frozen_server_is_given_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATABASE_STATEMENT_SECONDS = 1
    monkeypatch.setattr("brokerapp.web.postgresql.base.GRACE_SECONDS", 0.5)
    patient = Patient()
    if not psutil.pid_exists(patient.pid) or "postgres" not in psutil.Process(patient.pid).name():
        patient.end()
        pytest.skip("the database server is another machine's")
    os.kill(patient.pid, signal.SIGSTOP)
    try:
        assert patient.end()[1] == (1,)
        assert patient.outcomes[0] != (None,)
    finally:
        os.kill(patient.pid, signal.SIGCONT)


@pytest.mark.django_db(transaction=True)
def test_statement_of_a_worker_takes_as_long_as_it_needs(settings: Any) -> None:
    assert settings.DATABASE_STATEMENT_SECONDS == 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
