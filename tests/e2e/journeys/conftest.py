"""The whole stack that all journeys share, and what they need besides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.journey import PDF
from tests.e2e.stack import Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Stack]:
    """The whole product, with its seeded people, for the journeys.

    `browser` is asked for first, so that nothing is started on a machine without one.
    """
    assert browser.is_connected()
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        running.manage("seed_demo")
        yield running


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A small PDF to upload."""
    path = tmp_path / "passport.pdf"
    path.write_bytes(PDF)
    return path
