"""What a failed statement leaves in logs: our own, and the database's."""

import logging
from pathlib import Path

import pytest
import yaml
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction

from brokerapp.accounts.models import User
from brokerapp.web.middleware import LogFormatter
from devstack import postgres
from devstack.paths import ROOT
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

MARKED = "marked.person@example.com"
LOGGED = "logged.person@example.com"
MARKED_HASH = "marked-" + "hash"
QUIET = {"log_error_verbosity", "log_min_error_statement", "log_parameter_max_length_on_error"}


def logged(error: BaseException) -> str:
    """The error as our log has it, with every error that it came of."""
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Internal Server Error: /", (), None)
    record.exc_info = (type(error), error, error.__traceback__)
    return LogFormatter("%(asctime)s %(message)s %(reference)s").format(record)


def run(statement: str, *parameters: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_duplicate_key_is_logged_without_the_values() -> None:
    UserFactory.create(email=MARKED)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        User.objects.create(email=MARKED, password=MARKED_HASH)
    said = logged(caught.value)
    assert 'duplicate key value violates unique constraint "accounts_user_email' in said
    assert "IntegrityError" in said
    for value in (MARKED, MARKED_HASH, "DETAIL", "already exists"):
        assert value not in said
    assert MARKED not in repr(caught.value.__cause__)


def test_row_that_breaks_a_rule_is_logged_without_the_row() -> None:
    with pytest.raises(IntegrityError) as caught:
        run("INSERT INTO accounts_user (email, password) VALUES (%s, 'x')", MARKED)
    said = logged(caught.value)
    assert "not-null constraint" in said
    assert MARKED not in said
    assert "Failing row" not in said


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT %s::uuid", DataError),
        ("SELECT %s::date", DataError),
        ("SELECT %s::text::integer", DataError),
        ("SELECT nowhere FROM accounts_user WHERE email = %s", ProgrammingError),
        ("SELEC %s", ProgrammingError),
    ],
)
def test_value_that_does_not_fit_is_not_logged(statement: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        run(statement, MARKED)
    assert MARKED not in logged(caught.value)
    assert "SQLSTATE" in str(caught.value)


def test_reference_to_nobody_is_logged_without_the_values() -> None:
    with pytest.raises(IntegrityError) as caught:
        run(
            "SET CONSTRAINTS ALL IMMEDIATE; "
            'INSERT INTO account_emailaddress (user_id, email, verified, "primary") '
            f"VALUES (987654, '{MARKED}', true, true)"
        )
    said = logged(caught.value)
    assert "foreign key constraint" in said
    assert "(user_id)" not in said
    assert MARKED not in said.partition("IntegrityError")[2]


def database_log() -> Path:
    """The log file of the server that the tests run on, where it is ours."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (cluster,) = cursor.fetchone()
    log = Path(cluster).parent / "postgres.log"
    if not log.exists():
        pytest.skip("the database is not the embedded one: its log is elsewhere")
    return log


def test_database_writes_the_rule_that_was_broken_and_not_the_row() -> None:
    log = database_log()
    UserFactory.create(email=LOGGED)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email=LOGGED, password=MARKED_HASH)
    with pytest.raises(DataError):
        run("SELECT 1 / (length(email) - length(%s)) FROM accounts_user WHERE email = %s", LOGGED, LOGGED)
    said = log.read_text(errors="replace")
    assert "duplicate key value violates unique constraint" in said
    assert "division by zero" in said
    for value in (LOGGED, MARKED_HASH, "DETAIL", "STATEMENT", "already exists", "Failing row"):
        assert value not in said


def test_compose_and_development_set_the_same_of_the_database_log() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    given = compose["services"]["postgres"]["command"]
    wanted = {name: value for name, value in postgres.COMMON_SETTINGS.items() if name in QUIET}
    assert set(wanted) == QUIET
    assert {f"{name}={value}" for name, value in wanted.items()} <= set(given)
    text = (ROOT / "docs" / "operations.md").read_text()
    for name in QUIET:
        assert name in text
