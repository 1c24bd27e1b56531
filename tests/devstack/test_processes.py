import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.paths import ROOT
from devstack.run import BACKGROUND, PROCESS, spec

OURS = {"release", "assets", "web", "worker", "news", "sweeper", "beat", "events", "sandbox"}


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def compose_services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def test_compose_runs_every_process_of_the_procfile_and_no_other_command() -> None:
    ours = {name: service for name, service in compose_services().items() if service["image"] == "brokerapp"}

    assert set(ours) == set(procfile()) == OURS
    for name, service in ours.items():
        assert service["command"] == [name]
        assert "entrypoint" not in service


def test_image_and_make_run_start_processes_by_the_same_script() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE) == ['["bin/process"]']
    for name in (*BACKGROUND, "web", "sandbox"):
        assert spec(name, {}).command == [PROCESS, name]
    assert Path(PROCESS) == ROOT / "bin" / "process"


def test_image_holds_what_its_entry_point_needs() -> None:
    kept = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }

    assert {"bin", "Procfile", "manage.py", "brokerapp", "sandbox", "requirements/prod.txt"} <= kept
    assert not kept & {"devstack", "tests", ".env", ".git", ".dev"}


def test_compose_sets_no_variable_that_it_asks_the_person_for() -> None:
    release = compose_services()["release"]

    assert release["env_file"] == ".env"
    assert set(release["environment"]) == {"DATABASE_URL", "REDIS_URL", "HOST", "PORT"}
    assert compose_services()["sandbox"]["profiles"] == ["sandbox"]
    assert compose_services()["sandbox"]["env_file"] == []


def test_process_becomes_the_command_with_its_variables(tmp_path: Path) -> None:
    uvicorn = tmp_path / "uvicorn"
    uvicorn.write_text('#!/bin/sh\necho "$$ $@"\n')
    uvicorn.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PORT": "9001"}

    popen = subprocess.Popen([PROCESS, "web"], env=env, stdout=subprocess.PIPE, text=True)
    output, _ = popen.communicate(timeout=10)

    pid, _, arguments = output.partition(" ")
    assert int(pid) == popen.pid
    assert arguments.startswith("brokerapp.asgi:application --host 127.0.0.1 --port 9001 ")


@pytest.mark.parametrize("name", ["", "nothing", "w.b", ".*"])
def test_process_refuses_a_name_that_the_procfile_lacks(name: str) -> None:
    done = subprocess.run([PROCESS, name], capture_output=True, text=True, check=False)

    assert done.returncode == 64
    assert "the Procfile has no process" in done.stderr
