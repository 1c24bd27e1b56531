import io
import os
import subprocess
import sys
from typing import Any

import pytest

from brokerapp.deployment.start import refuse_unsafe
from brokerapp.workflow.checks import check_timeouts
from devstack.paths import ROOT


def problems(settings: Any, *, timeouts: tuple[float, float], settle: int, limit: int) -> list[str | None]:
    settings.BROKER_TIMEOUTS = timeouts
    settings.SETTLE_AFTER_SECONDS = settle
    settings.CELERY_TASK_TIME_LIMIT = limit
    return [problem.id for problem in check_timeouts(None)]


@pytest.mark.parametrize(
    ("timeouts", "settle", "limit", "found"),
    [
        ((3.05, 10.0), 30, 120, []),
        ((3.05, 10.0), 15, 120, []),
        ((3.05, 10.0), 14, 120, ["workflow.E001"]),
        ((3.05, 30.0), 30, 120, ["workflow.E001"]),
        ((3.05, 10.0), 30, 30, ["workflow.E002"]),
        ((3.05, 30.0), 30, 20, ["workflow.E001", "workflow.E002"]),
    ],
)
def test_check_timeouts(
    settings: Any, timeouts: tuple[float, float], settle: int, limit: int, found: list[str]
) -> None:
    assert problems(settings, timeouts=timeouts, settle=settle, limit=limit) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SETTLE_AFTER_SECONDS": 10}, "SETTLE_AFTER_SECONDS is 10, and a call to the broker can take"),
        ({"CELERY_TASK_TIME_LIMIT": 30}, "TASK_TIME_LIMIT_SECONDS is 30"),
        ({"MAIL_PROVIDER": "postmark", "MAIL_WEBHOOK_SECRET": "short"}, "MAIL_WEBHOOK_SECRET is not"),
    ],
)
def test_no_process_starts_with_settings_that_do_not_fit(
    settings: Any, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    said = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", said)
    with pytest.raises(SystemExit):
        refuse_unsafe()
    assert words in said.getvalue()


def test_release_stops_when_a_sweep_could_disturb_a_call_under_way() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"],
        cwd=ROOT,
        env=os.environ | {"BROKER_READ_TIMEOUT": "40"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SETTLE_AFTER_SECONDS is 30, and a call to the broker can take 43.05 seconds" in done.stderr
