"""The tree that is in the image of the site: without the sandbox and the demo."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.paths import ROOT
from tests.brokerapp.deployment.processes import GOOD, PATIENCE_SECONDS

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IN_THE_IMAGE = ("brokerapp", "funding", "onboarding", "trading", "static", "templates", "manage.py")
START = """
import brokerapp.asgi, brokerapp.celery
from django.urls import get_resolver
print(len(get_resolver().url_patterns))
from django.core.management import call_command
call_command("check", deploy=True, fail_level="WARNING")
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what is compiled already: Python looks at nothing there that has no source beside it."""
    folder = tmp_path_factory.mktemp("tree")
    for name in IN_THE_IMAGE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    shutil.rmtree(folder / "brokerapp" / "demo")
    shutil.rmtree(folder / "templates" / "demo")
    return folder


def run(tree: Path, *command: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=GOOD | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_site_without_sandbox_and_demo_starts(tree: Path) -> None:
    done = run(tree, "-c", START)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[0]) > 5


def test_static_files_of_the_image_are_made_with_the_values_of_the_dockerfile(tree: Path) -> None:
    """As in the Dockerfile: nothing secret is there while an image is made."""
    made = next(run for run in re.split(r"^RUN ", DOCKERFILE, flags=re.MULTILINE) if "collectstatic" in run)
    given = dict(re.findall(r"\b([A-Z_]+)=(\S+)", made))
    env = {"PATH": GOOD["PATH"], "DJANGO_READ_DOT_ENV": "false"} | given

    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert done.returncode == 0, done.stderr
    assert (tree / "staticfiles" / "staticfiles.json").is_file()


def test_demo_mode_without_the_demo_is_refused_in_words(tree: Path) -> None:
    local = {
        "BROKER_BASE_URL": "http://127.0.0.1:9",
        "BROKER_DATA_URL": "http://127.0.0.1:9",
        "BROKER_KEY": "SANDBOX1",
    }

    done = run(tree, "manage.py", "check", DEMO_MODE="true", **local)

    assert done.returncode != 0
    assert "this installation was made without the demo" in done.stderr
