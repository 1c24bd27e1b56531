import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import yaml
from django.conf import settings

from devstack import postgres, valkey
from devstack.paths import ROOT
from devstack.run import BACKGROUND, PROCESS, spec
from tests.sandbox_process import eventually

OURS = {"release", "assets", "web", "worker", "news", "sweeper", "market", "beat", "events", "sandbox"}


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def compose_services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def test_compose_runs_every_process_of_the_procfile_and_no_other_command() -> None:
    images = {"brokerapp", "brokerapp-sandbox"}
    ours = {name: service for name, service in compose_services().items() if service["image"] in images}

    assert set(ours) == set(procfile()) == OURS
    for name, service in ours.items():
        assert service["command"] == [name]
        assert "entrypoint" not in service
        assert service["image"] == ("brokerapp-sandbox" if name == "sandbox" else "brokerapp")


def test_image_and_make_run_start_processes_by_the_same_script() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE) == ['["bin/process"]'] * 2
    for name in (*BACKGROUND, "web", "sandbox"):
        assert spec(name, {}).command == [PROCESS, name]
    assert Path(PROCESS) == ROOT / "bin" / "process"


def test_image_holds_what_its_entry_point_needs_and_neither_demo_nor_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:].rstrip("/") for line in lines if line[:1] == "!"}

    assert {"bin", "Procfile", "manage.py", "brokerapp", "sandbox", "requirements/prod.txt"} <= kept
    assert not kept & {"devstack", "tests", ".env", ".git", ".dev", "docker"}
    assert lines.index("brokerapp/demo/") > lines.index("!brokerapp/")
    assert lines.index("templates/demo/") > lines.index("!templates/")


def stage(name: str) -> str:
    """What the Dockerfile does for one image."""
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return next(text for text in stages if text.split("\n", 1)[0].endswith(f" AS {name}"))


def test_image_of_the_site_is_made_without_the_sandbox_and_its_packages() -> None:
    copied = re.findall(r"^COPY (?:--from=\S+ )?(.*) \S+$", stage("app"), re.MULTILINE)

    assert not [source for source in copied if "sandbox" in source or source == "."]
    assert (ROOT / "Dockerfile").read_text().rindex("FROM base AS app") > (
        ROOT / "Dockerfile"
    ).read_text().rindex("FROM base AS sandbox")
    prod = (ROOT / "requirements" / "prod.txt").read_text()
    for package in ("fpdf2", "msgspec", "starlette"):
        assert f"\n{package}==" not in prod
        assert f"\n{package}==" in (ROOT / "requirements" / "sandbox.txt").read_text()


def test_images_are_pinned_to_a_version() -> None:
    named = [
        *re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE),
        *(service["image"] for service in compose_services().values() if ":" in service["image"]),
    ]

    assert len(named) == 4
    for image in named:
        assert re.search(r":\d+\.\d+(?:\.\d+)?-[a-z0-9.-]+(?:@sha256:[0-9a-f]{64})?$", image), image


SECRETS = {
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "FIELD_ENCRYPTION_KEYS",
    "BLIND_INDEX_KEYS",
    "EMAIL_URL",
    "MAIL_PROVIDER_OPTIONS",
    "MAIL_WEBHOOK_SECRET",
    "MAIL_WEBHOOK_OPTIONS",
    "BROKER_KEY",
    "BROKER_SECRET",
}
OF_COMPOSE = {"POSTGRES_PASSWORD", "DATABASE_PASSWORD", "VALKEY_PASSWORD"}
OF_THE_SANDBOX = {"SANDBOX_PORT", "SANDBOX_SPEED", "SANDBOX_MARKET"}
OF_DEVELOPMENT = {"DEBUG", "DEBUG_PAGES", "DEMO_MODE", "DEMO_PASSWORD", "EMAIL_FILE_PATH"}


def test_compose_gives_each_process_its_secrets_and_no_others() -> None:
    for name, service in compose_services().items():
        given = set(service.get("environment", {}))
        assert "env_file" not in service
        if service["image"] == "brokerapp":
            assert given & SECRETS == needed_by(name), name
            assert service["environment"]["PROCESS"] == name
        else:
            assert not given & SECRETS
    postgres = compose_services()["postgres"]
    assert postgres["secrets"] == ["postgres_password", "database_password"]
    assert not [
        service for service in compose_services().values() if "secrets" in service and service != postgres
    ]


def test_images_are_pinned_by_tag_and_digest() -> None:
    """What is built here has no digest before it is built."""
    own = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    based_on = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    run = {service["image"] for service in compose_services().values()} - {"brokerapp", "brokerapp-sandbox"}

    for image in {*based_on, *run} - set(own):
        assert re.fullmatch(r"[a-z/]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}", image), image
    assert len(run) == 2


def needed_by(process: str) -> set[str]:
    """The secrets that settings ask of a process, with the former keys that go with one."""
    needed = SECRETS - set(settings.NOT_NEEDED_BY.get(process, ()))
    return needed if "SECRET_KEY" in needed else needed - {"SECRET_KEY_FALLBACKS"}


def test_compose_passes_on_every_setting_that_the_example_names() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE))

    services = compose_services()
    passed_on = set(services["web"]["environment"]) | set(services["worker"]["environment"])

    assert named - OF_COMPOSE - OF_DEVELOPMENT - OF_THE_SANDBOX <= passed_on
    assert compose_services()["sandbox"]["profiles"] == ["sandbox"]


def test_compose_writes_nowhere_but_where_it_must() -> None:
    for name, service in compose_services().items():
        if name != "postgres":
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert all("size=" in mount for mount in service["tmpfs"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_valkey_of_compose_wants_its_password(tmp_path: Path) -> None:
    """Its command, with the server of the development stack and another port and folder."""
    command = compose_services()["valkey"]["command"][0].replace("$$", "$")
    socket_file = tmp_path / "valkey.sock"
    script = command.replace("/data/", f"{tmp_path}/") + f" --port 0 --unixsocket {socket_file}"
    env = {"PATH": f"{valkey.binary().parent}:{os.environ['PATH']}", "VALKEY_PASSWORD": "letters4and5digits"}
    with subprocess.Popen(["sh", "-c", script], env=env, stdout=subprocess.DEVNULL, cwd=tmp_path) as server:
        try:
            eventually(socket_file.exists, what="Valkey")
            url = f"unix://{socket_file}"
            with pytest.raises(redis.AuthenticationError):
                redis.from_url(url).ping()
            assert redis.from_url(url, password="letters4and5digits").ping()
            arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes()
            assert b"letters4and5digits" not in arguments
        finally:
            server.terminate()


def test_application_role_of_compose_is_no_superuser_and_can_migrate(tmp_path: Path) -> None:
    """The script that the image runs once, at the server of this test run."""
    bin_dir, name = postgres.bin_dir(), f"brokerapp_{os.getpid()}"
    script = (ROOT / "docker" / "postgres-init.sh").read_text()
    script = re.sub(r"\b(ROLE|DATABASE|OWNER) brokerapp\b", rf"\1 {name}", script)
    (tmp_path / "init.sh").write_text(script.replace("REVOKE ALL ON DATABASE postgres FROM PUBLIC;\n", ""))
    (tmp_path / "password").write_text("letters4and5digits")
    parts = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        place = server.info
        env = {
            "PATH": f"{bin_dir}:{os.environ['PATH']}",
            "PGHOST": place.host,
            "PGPORT": str(place.port),
            "PGPASSWORD": parts.password or "",
            "POSTGRES_USER": place.user,
            "APP_PASSWORD_FILE": str(tmp_path / "password"),
        }
        subprocess.run(["sh", str(tmp_path / "init.sh")], env=env, check=True, capture_output=True)
        try:
            role = server.execute(
                "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = %s",
                [name],
            ).fetchone()
            assert role == (False, False, False, False)
            own = {"host": place.host, "port": place.port, "user": name, "password": "letters4and5digits"}
            with psycopg.connect(dbname=name, **own) as application:  # type: ignore[arg-type]
                application.execute("CREATE EXTENSION pg_trgm")
                application.execute("CREATE TABLE one (id int)")
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[arg-type]
            server.execute(f'DROP ROLE IF EXISTS "{name}"')  # type: ignore[arg-type]


def test_process_becomes_the_command_with_its_variables(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$$ $PROCESS $@"\n')
    python.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PORT": "9001"}

    popen = subprocess.Popen([PROCESS, "web"], env=env, stdout=subprocess.PIPE, text=True)
    output, _ = popen.communicate(timeout=10)

    pid, _, arguments = output.partition(" ")
    assert int(pid) == popen.pid
    assert arguments == "web -m brokerapp.deployment.serve --host 127.0.0.1 --port 9001\n"


@pytest.mark.parametrize("name", ["", "nothing", "w.b", ".*"])
def test_process_refuses_a_name_that_the_procfile_lacks(name: str) -> None:
    done = subprocess.run([PROCESS, name], capture_output=True, text=True, check=False)

    assert done.returncode == 64
    assert "the Procfile has no process" in done.stderr
