"""The environment that the stack gives its processes.

Whatever the shell or `.env` sets wins; the rest has values that make a development stack work on its own.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from devstack.errors import StackError
from devstack.paths import DEV_DIR, MAIL_DIR, ROOT, SANDBOX_STATE_DIR

WEB_PORT = 8000
SANDBOX_PORT = 8100


def given_values(env_file: Path = ROOT / ".env") -> dict[str, str]:
    """What the person set: the shell's environment, over the `.env` file."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return from_file | dict(os.environ)


def port_of(given: Mapping[str, str], variable: str, default: int) -> int:
    """The TCP port in `variable`. Raises StackError unless it is a number from 1 to 65535."""
    text = given.get(variable, "").strip() or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise StackError(f"{variable}={text} is not a port: give a number from 1 to 65535.")
    return int(text)


def uses_own_broker(given: Mapping[str, str]) -> bool:
    """Whether BROKER_BASE_URL points the stack at a broker of the person's, so that no sandbox is started."""
    return bool(given.get("BROKER_BASE_URL"))


def is_on(env: Mapping[str, str], name: str) -> bool:
    """Whether a variable says yes, read as django-environ reads it."""
    return env.get(name, "").lower() in ("true", "on", "ok", "y", "yes", "1")


def is_demo(env: Mapping[str, str]) -> bool:
    """Whether DEMO_MODE is on."""
    return is_on(env, "DEMO_MODE")


def base_environment(given: Mapping[str, str], secrets_file: Path) -> dict[str, str]:
    """Every variable that is known before a server has started."""
    port = port_of(given, "PORT", WEB_PORT)
    sandbox_port = port_of(given, "SANDBOX_PORT", SANDBOX_PORT)
    defaults = {
        "DEBUG": "true",
        "DEMO_MODE": "true",
        "HOST": "127.0.0.1",
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "EMAIL_FILE_PATH": str(MAIL_DIR),
        "BEAT_SCHEDULE_FILE": str(DEV_DIR / "celerybeat-schedule"),
        "SANDBOX_SPEED": "60",
        "SANDBOX_MARKET": "open",
        "SANDBOX_STATE": str(SANDBOX_STATE_DIR),
        "PYTHONUNBUFFERED": "1",
    }
    if uses_own_broker(given):
        defaults |= production_environment()
    own_secrets = stack_secrets(secrets_file)
    chosen = {name: value for name, value in given.items() if value}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{given.get('PATH', os.defpath)}"
    ports = {"PORT": str(port), "SANDBOX_PORT": str(sandbox_port)}
    return defaults | own_secrets | chosen | ports | {"PATH": path}


def production_environment() -> dict[str, str]:
    """The variables for a broker of the person's own: as in production, which neither demo nor debugging is
    for, but with mails in files and on this machine alone.
    """
    return {
        "DEBUG": "false",
        "DEMO_MODE": "false",
        "TRUSTED_PROXY_HOPS": "0",
        "EMAIL_URL": f"filemail:///{MAIL_DIR}",
        "DEFAULT_FROM_EMAIL": "no-reply@localhost",
    }


def sandbox_environment(sandbox_port: int, info: Mapping[str, str]) -> dict[str, str]:
    """The variables that point the product at the embedded sandbox; `info` is its `/_sandbox/info`."""
    url = f"http://127.0.0.1:{sandbox_port}"
    return {
        "BROKER_BASE_URL": url,
        "BROKER_DATA_URL": url,
        "BROKER_KEY": info["key"],
        "BROKER_SECRET": info["secret"],
        "BROKER_FIRM_ACCOUNT_ID": info["firm_account_id"],
    }


def stack_secrets(secrets_file: Path) -> dict[str, str]:
    """SECRET_KEY, the keys of columns and DEMO_PASSWORD of this checkout, made once and kept in
    `secrets_file`.
    """
    kept = {name: value or "" for name, value in dotenv_values(secrets_file).items()}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "BLIND_INDEX_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DEMO_PASSWORD": secrets.token_urlsafe(12),
    }
    if made.keys() - kept.keys():
        kept = made | kept
        secrets_file.parent.mkdir(parents=True, exist_ok=True)
        fresh = secrets_file.with_name(f"{secrets_file.name}.new")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
        fresh.replace(secrets_file)
    return kept
