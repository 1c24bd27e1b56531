"""What a database error may say: which rule was broken, never with which values.

PostgreSQL adds the values to its message (`DETAIL: Key (email)=(…) already exists`, the whole failing row, a
piece of the statement), and whoever logs the error would keep them.
"""

from types import TracebackType

import psycopg
from django.db.utils import DatabaseErrorWrapper

NAMES_ONLY = {
    "08",  # connection
    "0A",  # feature not supported
    "23",  # integrity: the first line names tables, columns and constraints
    "25",  # transaction state
    "28",  # authorization
    "40",  # rollback, deadlock
    "53",  # resources
    "55",  # prerequisite state, locks
    "57",  # operator intervention, statement timeout
    "58",  # the system under it
    "P0",  # our own triggers
    "42501",  # no right to do it
    "42703",  # no such column
    "42804",  # types that do not fit
    "42883",  # no such function
    "42P01",  # no such table
}
"""Classes of SQLSTATE, and some single ones, whose first line has no value of a row in it."""


def quiet(error: psycopg.Error) -> None:
    """Leave of an error's text its first line, or where that can hold values, its SQLSTATE alone."""
    if error.sqlstate is None:
        return  # the library's own words, or those of the network
    is_told = error.sqlstate[:2] in NAMES_ONLY or error.sqlstate in NAMES_ONLY
    said = (error.diag.message_primary or "") if is_told else ""
    error.args = (f"{said or type(error).__name__} (SQLSTATE {error.sqlstate})",)


class QuietErrors(DatabaseErrorWrapper):
    """Django's own, which makes its errors of the driver's: both say no more than they may."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc_value, psycopg.Error):
            quiet(exc_value)
        super().__exit__(exc_type, exc_value, traceback)
