"""Settings that could hurt, each by itself and all at once, in the processes that are to refuse."""

import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import RequestFactory

from brokerapp.accounts.models import User
from brokerapp.demo.people import PEOPLE
from brokerapp.deployment import checks
from brokerapp.deployment.demo_accounts import DEMO_ADDRESSES, open_demo_accounts
from brokerapp.legal.checks import NEEDED
from brokerapp.units.broker_kind import BrokerKind
from tests.brokerapp.deployment.processes import GOOD, manage, run, start
from tests.brokerapp.live.conftest import database_url

__all__ = ["database_url"]

BAD = {
    "SECRET_KEY": "short",
    "SECRET_KEY_FALLBACKS": "a" * 60,
    "ALLOWED_HOSTS": "*",
    "SITE_URL": "http://broker.example.com/app",
    "BROKER_BASE_URL": "http://broker-api.alpaca.markets",
    "BROKER_DATA_URL": "http://data.alpaca.markets",
    "FIELD_ENCRYPTION_KEYS": "A" * 43 + "=",
    "BLIND_INDEX_KEYS": "A" * 43 + "=",
}
SAID = (
    "SECRET_KEY can be guessed",
    "SECRET_KEY_FALLBACKS can be guessed",
    "ALLOWED_HOSTS lets every name in",
    "SITE_URL is http://broker.example.com/app: passwords",
    "SITE_URL is http://broker.example.com/app: it ends",
    "BROKER_BASE_URL is http://broker-api.alpaca.markets",
    "BROKER_DATA_URL is http://data.alpaca.markets",
    "FIELD_ENCRYPTION_KEYS cannot be used: number 1 is not random",
)


def test_settings_that_production_needs_pass_djangos_checks_for_deployment() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


WITHOUT_SECRETS = ("beat", "assets", "release", "events")


@pytest.mark.parametrize("process", WITHOUT_SECRETS)
def test_process_starts_without_the_secrets_that_it_does_without(process: str) -> None:
    without = {**dict.fromkeys(settings.NOT_NEEDED_BY[process]), "PROCESS": process}

    done = manage("check", **without)

    assert done.returncode == 0, done.stderr


def test_worker_needs_the_secrets_that_others_do_without() -> None:
    names = {name for process in WITHOUT_SECRETS for name in settings.NOT_NEEDED_BY[process]}

    done = manage("check", **dict.fromkeys(names), PROCESS="worker")

    assert done.returncode != 0
    for process in WITHOUT_SECRETS:
        assert any(name in done.stderr for name in settings.NOT_NEEDED_BY[process]), process


def test_check_names_all_that_is_wrong_at_once_with_what_to_do() -> None:
    done = manage("check", **BAD)

    assert done.returncode != 0
    for said in SAID:
        assert said in done.stderr
    assert "secrets.token_urlsafe(50)" in done.stderr
    assert "os.urandom(32)" in done.stderr


@pytest.fixture
def production(settings: Any) -> Any:
    """Settings of this process as production has them."""
    settings.DEVELOPMENT = settings.DEMO_MODE = False
    settings.PROCESS = ""
    settings.BROKER_KIND = BrokerKind.LIVE
    for name in ("SECRET_KEY", "SITE_URL", "BROKER_BASE_URL", "BROKER_DATA_URL"):
        setattr(settings, name, GOOD[name])
    for name in ("ALLOWED_HOSTS", "FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEYS"):
        setattr(settings, name, [GOOD[name]])
    settings.SECRET_KEY_FALLBACKS = []
    for name in NEEDED:
        setattr(settings, name, GOOD[name])
    (templates,) = settings.TEMPLATES
    settings.TEMPLATES = [templates | {"DIRS": [GOOD["LEGAL_TEMPLATES_DIR"], *templates["DIRS"]]}]
    return settings


def said() -> list[str]:
    return [str(problem.msg) for problem in run_checks(tags=[checks.TAG])]


@pytest.mark.parametrize("name", list(BAD))
def test_check_refuses_each_of_them_alone(production: Any, name: str) -> None:
    assert said() == []
    is_list = isinstance(getattr(production, name), list)
    setattr(production, name, BAD[name].split(",") if is_list else BAD[name])

    assert said()
    assert all(name in message for message in said())


@pytest.mark.parametrize(
    "keys", [["nonsense"], [], ["A" * 43 + "="], [GOOD["FIELD_ENCRYPTION_KEYS"], "short"]]
)
def test_check_refuses_field_keys_that_are_none(production: Any, keys: list[str]) -> None:
    production.FIELD_ENCRYPTION_KEYS = keys

    assert [message.split(" cannot")[0] for message in said()] == ["FIELD_ENCRYPTION_KEYS"]


def test_check_refuses_hosts_without_the_sites(production: Any) -> None:
    production.ALLOWED_HOSTS = ["other.example.com"]

    assert said() == ["ALLOWED_HOSTS does not have the host of SITE_URL, broker.example.com."]


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:8000"])
def test_check_lets_a_site_on_this_machine_alone_do_without_tls(production: Any, url: str) -> None:
    production.SITE_URL, production.ALLOWED_HOSTS = url, ["localhost", "127.0.0.1"]

    assert said() == []


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"CUB", "XKX"}, ""),
        (set(), ""),
        ({"CUB", "CU", "cub"}, "COUNTRIES_NOT_TAKEN has what is no country: CU, cub."),
        ({"USA"}, "COUNTRIES_NOT_TAKEN has the United States."),
    ],
)
@pytest.mark.parametrize("development", [True, False])
def test_check_refuses_countries_that_are_none(
    production: Any, codes: set[str], message: str, development: bool
) -> None:
    production.DEVELOPMENT = development
    production.BROKER_KIND = BrokerKind.BUILT_IN
    production.COUNTRIES_NOT_TAKEN = frozenset(codes)

    assert said() == ([message] if message else [])


def test_check_refuses_to_forget_closed_accounts_before_the_law_does(production: Any) -> None:
    production.ACCOUNT_RETENTION_YEARS = 6
    assert said() == []
    production.ACCOUNT_RETENTION_YEARS = 5
    assert said() == ["ACCOUNT_RETENTION_YEARS is 5: the records of closed accounts would be gone too early."]


def test_check_lets_the_built_in_sandbox_do_without_tls(production: Any) -> None:
    production.BROKER_KIND = BrokerKind.BUILT_IN
    production.BROKER_BASE_URL = production.BROKER_DATA_URL = "http://sandbox:8100"

    assert said() == []


def test_settings_refuse_to_guess_how_many_proxies_stand_in_front() -> None:
    """The address in a person's consent would be the proxy's."""
    done = manage("check", TRUSTED_PROXY_HOPS=None)

    assert done.returncode != 0
    assert "Missing settings: TRUSTED_PROXY_HOPS" in done.stderr


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_every_process_refuses_to_start(process: str) -> None:
    """Two web processes on a port refuse together, once."""
    done = start(process, **BAD, PROCESS=None, WEB_CONCURRENCY="2")

    assert done.returncode != 0
    assert (done.stderr + done.stdout).count("ALLOWED_HOSTS lets every name in") == 1


@pytest.mark.parametrize("name", ["DEMO_MODE", "DEVELOPMENT"])
@pytest.mark.parametrize("kind", [BrokerKind.LIVE, BrokerKind.ALPACA_SANDBOX])
def test_neither_demo_nor_debugging_starts_with_another_broker(
    production: Any, name: str, kind: BrokerKind
) -> None:
    production.BROKER_KIND = kind
    setattr(production, name, True)

    shown = {"DEVELOPMENT": "DEBUG"}.get(name, name)
    assert said()[0].startswith(f"{shown} is on, and the broker is not the built-in sandbox")
    production.BROKER_KIND = BrokerKind.BUILT_IN
    assert said() == []


def test_debugging_with_live_keys_neither_starts_nor_speaks_of_practice_money() -> None:
    """As `make run` did with the keys of a live broker behind a proxy of one's own."""
    own = {"BROKER_BASE_URL": "http://127.0.0.1:8100", "BROKER_DATA_URL": "http://127.0.0.1:8100"}
    code = "from brokerapp import settings; print(settings.BROKER_IS_SANDBOX, settings.BROKER_KIND)"
    shown = run([sys.executable, "-c", code], {**own, "DEBUG": "true", "BROKER_IS_SANDBOX": "true"})
    done = manage("check", **own, DEBUG="true")

    assert shown.stdout.strip() == "False a live broker"
    assert done.returncode != 0
    assert "DEBUG is on, and the broker is not the built-in sandbox" in done.stderr


def test_demo_addresses_are_those_of_the_demos_people() -> None:
    assert set(DEMO_ADDRESSES) == {person.email for person in PEOPLE}


@pytest.fixture
def no_demo(settings: Any) -> None:
    settings.DEMO_MODE = False


@pytest.mark.django_db
def test_check_demo_accounts_refuses_while_one_can_sign_in(no_demo: None) -> None:
    User.objects.create_user(email=DEMO_ADDRESSES[0], password="Zuversicht-42")

    problems = checks.check_demo_accounts(None, databases=["default"])

    assert [problem.id for problem in problems] == ["deployment.E003"]
    assert DEMO_ADDRESSES[0] in str(problems[0].msg)
    assert "close_demo_accounts" in str(problems[0].hint)


@pytest.mark.django_db
def test_close_demo_accounts_takes_their_way_in(no_demo: None, capsys: pytest.CaptureFixture[str]) -> None:
    User.objects.create_user(email=DEMO_ADDRESSES[0], password="Zuversicht-42")
    other = User.objects.create_user(email="somebody@example.org", password="Zuversicht-42")

    call_command("close_demo_accounts")

    assert f"Closed: {DEMO_ADDRESSES[0]}" in capsys.readouterr().out
    assert open_demo_accounts() == []
    assert checks.check_demo_accounts(None, databases=["default"]) == []
    request = RequestFactory().post("/")
    assert authenticate(request, email=DEMO_ADDRESSES[0], password="Zuversicht-42") is None
    other.refresh_from_db()
    assert other.is_active


@pytest.mark.django_db
def test_check_demo_accounts_passes_before_the_first_migration(
    no_demo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User._meta, "db_table", "not_made_yet")

    assert checks.check_demo_accounts(None, databases=["default"]) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("process", ["release", "web"])
def test_processes_of_production_refuse_while_a_demo_account_can_sign_in(
    process: str, database_url: str
) -> None:
    User.objects.create_user(email=DEMO_ADDRESSES[-1], password="Zuversicht-42")

    done = start(process, DATABASE_URL=database_url)

    assert done.returncode != 0
    assert f"The demo's accounts can sign in here: {DEMO_ADDRESSES[-1]}." in done.stderr + done.stdout


@pytest.mark.django_db(transaction=True)
def test_release_passes_once_they_are_closed(database_url: str) -> None:
    User.objects.create_user(email=DEMO_ADDRESSES[-1], password="Zuversicht-42")
    assert manage("close_demo_accounts", DATABASE_URL=database_url).returncode == 0

    assert start("release", DATABASE_URL=database_url).returncode == 0
