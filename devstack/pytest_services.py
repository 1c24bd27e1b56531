"""Pytest plugin: PostgreSQL and Valkey for a test run, started before Django reads its settings.

Loaded by `-p devstack.pytest_services`. The servers keep their data in a throw-away folder of this run and
end with it, also when it is killed. DATABASE_URL and REDIS_URL in the environment (not those in `.env`) are
used instead. Under pytest-xdist the controller starts them, the workers inherit its environment, and each
takes a Redis database number of its own, counted from the one in REDIS_URL; pytest-django gives each a
PostgreSQL database of its own.
"""

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from devstack.errors import StackError
from devstack.services import throwaway_services
from devstack.testing import REPORT
from devstack.valkey import url_after

WORKER = "PYTEST_XDIST_WORKER"

ISOLATED_ENVIRONMENT = {
    "DJANGO_READ_DOT_ENV": "false",
    "DEBUG": "true",
    "DEMO_MODE": "true",
    "SITE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "BROKER_BASE_URL": "http://127.0.0.1:9",
    "BROKER_DATA_URL": "http://127.0.0.1:9",
    "BROKER_KEY": "SANDBOXTESTKEY",
    "BROKER_SECRET": "test-secret",
    "BROKER_FIRM_ACCOUNT_ID": "00000000-0000-4000-8000-000000000000",
}
"""Set over whatever `.env` or the shell holds, so that no test reaches a real broker."""

_running = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Start the servers ahead of pytest-django, which reads the settings in this same hook."""
    os.environ.update(ISOLATED_ENVIRONMENT)
    if WORKER in os.environ:
        os.environ["REDIS_URL"] = redis_url_of_worker(os.environ["REDIS_URL"], os.environ[WORKER])
    else:
        _start_services()
    yield


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Write down how it went, if asked to; stop the servers and forget their data."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if REPORT in os.environ and WORKER not in os.environ and reporter:
        outcomes = {
            outcome: [getattr(report, "nodeid", "") for report in reports]
            for outcome, reports in reporter.stats.items()
            if outcome  # set-ups and teardowns that went well
        }
        Path(os.environ[REPORT]).write_text(json.dumps(outcomes))
    _running.close()


def redis_url_of_worker(url: str, worker: str) -> str:
    """`url` with the database number of the xdist worker `worker` ("gw0" takes the one after the
    controller's).
    """
    return url_after(url, int(worker.removeprefix("gw")) + 1)


def _start_services() -> None:
    try:
        os.environ.update(_running.enter_context(throwaway_services()))
    except StackError as error:
        pytest.exit(str(error), returncode=3)
