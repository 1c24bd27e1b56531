"""Whether a connection to the database still works, without asking the server for every page."""

from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

connection: Any = connections["default"]
pytestmark = pytest.mark.django_db(transaction=True)


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def test_is_usable_asks_the_server_once_in_a_while() -> None:
    connection.ensure_connection()
    connection._found_usable_at = float("-inf")

    with CaptureQueriesContext(connection):
        assert connection.is_usable()
        first = connection._found_usable_at
        assert connection.is_usable()

    assert connection._found_usable_at == first


def test_is_usable_notices_at_once_that_the_server_has_ended_the_session() -> None:
    pid = backend_pid()
    assert connection.is_usable()
    given = connection.get_connection_params()
    with psycopg.connect(
        **{name: given[name] for name in ("host", "port", "user", "password", "dbname") if given.get(name)},
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.execute("SELECT pg_sleep(0.2)")

    assert not connection.is_usable()
    connection.close()
