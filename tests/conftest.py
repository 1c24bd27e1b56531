"""Fixtures of every test."""

from typing import Any

import pytest

from tests.sandbox.contract import Report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Report())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright leaves an event loop running that other tests cannot share."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture(autouse=True)
def fast_passwords(settings: Any) -> None:
    """Signing in is part of many tests, and slow on purpose in production."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
