"""What every test needs."""

from importlib import import_module

import pytest
from django.conf import settings

from tests.sandbox.contract import Report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Report())
    # Signing in is part of many tests, and slow on purpose in production.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """Import the site's addresses before a test changes a setting that they depend on."""
    import_module(settings.ROOT_URLCONF)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright leaves an event loop running that other tests cannot share."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
