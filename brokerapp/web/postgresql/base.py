"""PostgreSQL as Django speaks to it, but for a server that is silent: nobody waits for it for ever.

Its errors say nothing of the values of a row (`errors.py`).

The server itself ends a statement that takes longer than `DATABASE_STATEMENT_SECONDS`. A server that is
frozen, or that the network hides, does not: a few seconds later the connection is given up on our side.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from django.utils.functional import cached_property
from psycopg.abc import PQGen

from brokerapp.web.postgresql.errors import QuietErrors

Result = TypeVar("Result")

GRACE_SECONDS = 5.0
"""How much later than the server we give a statement up: its own word is better, and keeps the connection."""


TRUSTED_SECONDS = 10.0
"""How long after it was asked a connection is not asked again, if the server has sent nothing meanwhile."""


class Connection(psycopg.Connection[Any]):
    """A connection that is given up when the server does not answer in time."""

    def wait(self, gen: PQGen[Result], *args: Any, **kwargs: Any) -> Result:
        """Wait for an answer; at most as long as a statement may take. Raises `psycopg.OperationalError`."""
        limit = settings.DATABASE_STATEMENT_SECONDS
        if limit and kwargs.get("timeout") is None:
            kwargs["timeout"] = limit + GRACE_SECONDS
        try:
            return super().wait(gen, *args, **kwargs)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                # Not an error that the server reports: it is silent or gone, and what it may answer later
                # would be taken for the answer to the next statement.
                self.pgconn.finish()
            raise


class Cursor(base.ServerBindingCursor):
    """A cursor whose statements are planned each time for their values, unless it `keeps_plans`.

    A plan that is kept is good for any values, so it cannot use an index that has only some of the rows, like
    the calls that went wrong. It is for statements that find rows by their keys.
    """

    keeps_plans = False

    def execute(self, query: Any, params: Any = None, *, prepare: bool | None = None, **how: Any) -> Any:
        """As of psycopg; a statement that is asked often is kept only by one that `keeps_plans`."""
        prepare = False if prepare is None and not self.keeps_plans else prepare
        return super().execute(query, params, prepare=prepare, **how)  # type: ignore[misc]


@contextmanager
def keeping_plans(connection: Any) -> Iterator[Any]:
    """A cursor of Django's connection that keeps the plans of what is asked often."""
    with connection.cursor() as cursor:
        cursor.cursor.keeps_plans = True
        yield cursor


def _has_news(connection: Any) -> bool:
    """Whether something waits to be read on a connection on which nothing was asked: as a rule, its end."""
    look = select.poll()
    try:
        look.register(connection.pgconn.socket, select.POLLIN)
    except psycopg.Error:
        return True
    return bool(look.poll(0))


driver = ModuleType("psycopg", "psycopg, but that it makes connections of our class.")
driver.__dict__.update({**vars(psycopg), "connect": Connection.connect})


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with connections of our class and the server's limit of a statement."""

    Database = driver
    _found_usable_at = -TRUSTED_SECONDS

    def is_usable(self) -> bool:
        """Whether the connection works: asked of the server, unless it did just now and says nothing since.

        A server that ends a connection says so on it. Every page asks this first.
        """
        now = time.monotonic()
        if now - self._found_usable_at < TRUSTED_SECONDS and not _has_news(self.connection):
            return True
        usable = super().is_usable()
        if usable:
            self._found_usable_at = now
        return usable

    @cached_property
    def wrap_database_errors(self) -> QuietErrors:
        return QuietErrors(self)

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["cursor_factory"] = Cursor
        if settings.DATABASE_STATEMENT_SECONDS:
            limit = f"-c statement_timeout={settings.DATABASE_STATEMENT_SECONDS}s"
            params["options"] = " ".join(filter(None, (params.get("options"), limit)))
        return params
