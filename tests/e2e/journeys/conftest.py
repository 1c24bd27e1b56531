"""What the journeys need besides the whole stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.journey import PDF
from tests.e2e.stack import Stack


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A small PDF to upload."""
    path = tmp_path / "passport.pdf"
    path.write_bytes(PDF)
    return path


@pytest.fixture(autouse=True)
def _faults_end_with_their_journey(stack: Stack) -> Iterator[None]:
    """A fault that a failed journey never met is not for the next one."""
    yield
    stack.sandbox.clear_faults()
