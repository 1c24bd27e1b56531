from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def test_states_check_of_a_drifted_page_fails_and_states_mends_it(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="not current"):
        call_command("states", "--check")
    call_command("states")
    call_command("states", "--check")
    assert "SUBMITTING --> UNKNOWN" in (tmp_path / "docs" / "states.md").read_text()
