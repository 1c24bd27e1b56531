import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from devstack.environment import base_environment, given_values, sandbox_environment, stack_secrets
from devstack.errors import StackError


def test_given_values_lets_the_shell_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nBROKER_KEY='from file'\n")
    monkeypatch.setenv("PORT", "9002")
    monkeypatch.delenv("BROKER_KEY", raising=False)

    given = given_values(tmp_path / ".env")

    assert (given["PORT"], given["BROKER_KEY"]) == ("9002", "from file")


def test_base_environment_keeps_what_was_given(tmp_path: Path) -> None:
    env = base_environment({"PORT": "9001", "DEBUG": "false", "DEMO_MODE": ""}, tmp_path / "secrets.env")

    assert (env["DEBUG"], env["DEMO_MODE"]) == ("false", "true")
    assert env["SITE_URL"] == "http://localhost:9001"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000.0"])
def test_base_environment_refuses_what_is_no_port(tmp_path: Path, port: str) -> None:
    with pytest.raises(StackError, match=r"^SANDBOX_PORT=.* is not a port"):
        base_environment({"SANDBOX_PORT": port}, tmp_path / "secrets.env")


def test_stack_secrets_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    file = tmp_path / "dev" / "secrets.env"

    first = stack_secrets(file)

    assert stack_secrets(file) == first
    assert len(first["SECRET_KEY"]) >= 50
    Fernet(first["FIELD_ENCRYPTION_KEYS"])
    assert len(first["DEMO_PASSWORD"]) >= 16
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_stack_secrets_of_an_older_checkout_keep_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("SECRET_KEY=old\nFIELD_ENCRYPTION_KEYS=older\n")

    found = stack_secrets(file)

    assert (found["SECRET_KEY"], found["FIELD_ENCRYPTION_KEYS"]) == ("old", "older")
    assert stack_secrets(file) == found
    assert stack_secrets(tmp_path / "other.env")["DEMO_PASSWORD"] != found["DEMO_PASSWORD"]


def test_base_environment_with_a_broker_of_the_persons_own_is_productions(tmp_path: Path) -> None:
    given = {"BROKER_BASE_URL": "https://broker-api.sandbox.alpaca.markets"}

    env = base_environment(given, tmp_path / "secrets.env")

    assert (env["DEBUG"], env["DEMO_MODE"], env["TRUSTED_PROXY_HOPS"]) == ("false", "false", "0")


def test_sandbox_environment_takes_the_keys_from_its_info() -> None:
    env = sandbox_environment(8100, {"key": "k", "secret": "s", "firm_account_id": "f", "speed": "60"})

    assert env == {
        "BROKER_BASE_URL": "http://127.0.0.1:8100",
        "BROKER_DATA_URL": "http://127.0.0.1:8100",
        "BROKER_KEY": "k",
        "BROKER_SECRET": "s",
        "BROKER_FIRM_ACCOUNT_ID": "f",
    }
