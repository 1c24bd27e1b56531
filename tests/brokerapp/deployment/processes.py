"""Processes with the settings of production."""

import os
import subprocess
import sys

from devstack.paths import ROOT

GOOD = {
    "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    "DJANGO_READ_DOT_ENV": "false",
    "SECRET_KEY": "u8eVcNo2w6yPz4XkT1sQ9rAbJfLmGhDi7tUvWxYzB3C5E0HnKpRqSaZd",
    "FIELD_ENCRYPTION_KEYS": "4T0pZbqv0h1uYkq2m7cXh3sRrVd8nWf5aJtLgKxEeZo=",
    "BLIND_INDEX_KEYS": "vJk2m0Rk3T9y8bqLwQz4nXcHsUe6aPoGdF5iV1tM7rE=",
    "ALLOWED_HOSTS": "broker.example.com",
    "SITE_URL": "https://broker.example.com",
    "TRUSTED_PROXY_HOPS": "1",
    # Nobody listens there.
    "DATABASE_URL": "postgres://127.0.0.1:9/none?connect_timeout=1",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "DEFAULT_FROM_EMAIL": "Broker <no-reply@broker.example.com>",
    "BROKER_BASE_URL": "https://broker-api.alpaca.markets",
    "BROKER_DATA_URL": "https://data.alpaca.markets",
    "BROKER_KEY": "CKEXAMPLE00000000000",
    "BROKER_SECRET": "not-a-secret",
    "BROKER_FIRM_ACCOUNT_ID": "00000000-0000-4000-8000-000000000000",
    "BRAND_NAME": "Example Invest",
    "SUPPORT_EMAIL": "help@broker.example.com",
    "LEGAL_ENTITY": "Example Securities Inc.",
    "LEGAL_ADDRESS": "1 Example Street, New York, NY 10001",
    "LEGAL_REGISTRATION": "Member FINRA/SIPC",
    "LEGAL_FORM_CRS_URL": "https://broker.example.com/form-crs.pdf",
    "LEGAL_TEMPLATES_DIR": str(ROOT / "tests" / "brokerapp" / "legal" / "own"),
}
PATIENCE_SECONDS = 60


def run(command: list[str], given: dict[str, str | None]) -> subprocess.CompletedProcess[str]:
    """Run a command with the settings of production but for `given`; None leaves a setting away."""
    env = {name: value for name, value in (GOOD | given).items() if value is not None}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_SECONDS,
    )


def manage(*arguments: str, **given: str | None) -> subprocess.CompletedProcess[str]:
    """A command of manage.py."""
    return run([sys.executable, "manage.py", *arguments], given)


def start(process: str, **given: str | None) -> subprocess.CompletedProcess[str]:
    """A process of the Procfile, until it ends."""
    return run([str(ROOT / "bin" / "process"), process], given)
