"""The browser of the browser tests: Chromium of the machine."""

import os
import shutil
from typing import Any

import pytest

# Playwright keeps an event loop in the test's thread, where the fixtures use the database synchronously.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
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
