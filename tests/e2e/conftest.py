"""The browser of the browser tests, Chromium of the machine, and the sites that it opens.

Playwright keeps an event loop in the tests' thread, so that no test here uses Django's database: each site is
a process, or several, with a database of its own.
"""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.site import Site
from tests.e2e.stack import Stack

expect.set_options(timeout=20_000)  # milliseconds; what is there sooner is not waited for

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page lives too short a time here for what its scripts are compiled into to pay.
    "--js-flags=--no-opt --no-maglev",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Skips without a browser, or fails if `REQUIRE_BROWSER=1`."""
    browsers = ("chromium-headless-shell", "chromium", "google-chrome")  # the first is the lightest
    executable = next(filter(None, map(shutil.which, browsers)), None)
    if not executable:
        reason = "no chromium on this machine: browser tests cannot run"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return {**browser_type_launch_args, "executable_path": executable, "args": QUIET}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """The web process alone, for pages that read no row.

    `browser` is asked for first, here and below, so that nothing is started on a machine without one.
    """
    assert browser.is_connected()
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Stack]:
    """The whole product, with its seeded people, for the journeys."""
    assert browser.is_connected()
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        running.command("seed_demo")
        yield running
