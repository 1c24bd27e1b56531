"""Starting without what production needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(
    tmp_path: Path, code: str = "import brokerapp.settings", **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, "DJANGO_READ_DOT_ENV": "false", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_settings_without_debug_name_everything_that_is_missing(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY="x", REDIS_URL="redis://localhost")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert "FIELD_ENCRYPTION_KEYS" in last
    assert "BROKER_SECRET" in last
    assert "SECRET_KEY," not in last
    assert "REDIS_URL" not in last


def test_settings_with_debug_have_development_defaults(tmp_path: Path) -> None:
    done = start(tmp_path, DEBUG="true")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("wanted", "shown"), [("", "False"), ("true", "True")])
def test_development_has_the_error_pages_of_production_unless_told_otherwise(
    tmp_path: Path, wanted: str, shown: str
) -> None:
    """Django's pages are what its own DEBUG shows."""
    environment = {"DEBUG": "true", **({"DEBUG_PAGES": wanted} if wanted else {})}
    done = start(tmp_path, "from brokerapp import settings; print(settings.DEBUG)", **environment)
    assert done.stdout.strip() == shown
    assert start(tmp_path, "import brokerapp.settings", DEBUG_PAGES="true").returncode != 0


@pytest.mark.parametrize(
    ("site", "names"),
    [
        ("https://broker.example.com", "__Host-sessionid __Host-csrftoken __Host-device True"),
        ("http://localhost:8000", "sessionid csrftoken device False"),
    ],
)
def test_cookies_are_bound_to_the_host_over_https(tmp_path: Path, site: str, names: str) -> None:
    code = (
        "from brokerapp import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, "
        "s.DEVICE_COOKIE_NAME, s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE)"
    )
    assert start(tmp_path, code, DEBUG="true", SITE_URL=site).stdout.strip() == names
