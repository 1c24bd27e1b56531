"""What every test needs."""

from importlib import import_module

import pytest
from django.conf import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.sandbox.contract import Report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Report())
    # Signing in is part of many tests, and slow on purpose in production.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """Import the site's addresses before a test changes a setting that they depend on."""
    import_module(settings.ROOT_URLCONF)


JOURNEYS = "tests/e2e/journeys/"
LONGEST_FIRST = (
    JOURNEYS,
    "tests/sandbox/test_conservation",
    "tests/sandbox/test_option_conservation",
    "tests/events/test_stream_events",
    "tests/e2e/",
    "tests/live/",
    "tests/sandbox/state/test_durability",
)
"""What takes seconds a test, so that no worker is left with it at the end. The rest comes in random order."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in LONGEST_FIRST])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return JourneysTogether(config, log) if config.getoption("dist") == "loadfile" else None


class JourneysTogether(LoadFileScheduling):
    """Gives a worker a file at a time, but every journey to the same one: they share one whole stack."""

    def _split_scope(self, nodeid: str) -> str:
        return JOURNEYS if nodeid.startswith(JOURNEYS) else super()._split_scope(nodeid)
