"""How rows are locked."""

import re
from pathlib import Path

from django.conf import settings


def test_rows_are_locked_without_their_keys() -> None:
    """What refers to a locked row is written meanwhile: its check at COMMIT waits for no lock.

    With keys locked too, two processes that each hold a row and refer to the other's end in a deadlock.
    """
    rooms = ("brokerapp", "funding", "onboarding", "trading")
    files = [path for room in rooms for path in Path(settings.BASE_DIR, room).rglob("*.py")]
    calls = {
        f"{path.name}: {call}"
        for path in files
        for call in re.findall(r"select_for_update\([^()]*(?:\(\"self\",\)[^()]*)?\)", path.read_text())
    }
    assert calls
    assert {call for call in calls if "no_key=True" not in call} == set()
