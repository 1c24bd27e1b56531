"""What the journeys need besides the whole stack."""

from pathlib import Path

import pytest

from tests.e2e.journey import PDF


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A small PDF to upload."""
    path = tmp_path / "passport.pdf"
    path.write_bytes(PDF)
    return path
