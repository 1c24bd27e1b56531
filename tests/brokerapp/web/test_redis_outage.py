"""The site while the Redis-protocol server is down, or there and silent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from brokerapp.accounts.models import User
from brokerapp.web.cache import OUTAGE
from devstack.paths import ROOT
from tests.brokerapp.live.processes import Valkey
from tests.brokerapp.outages import frail_valkey
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def valkey(settings: Any) -> Iterator[Valkey]:
    with frail_valkey() as server:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        yield server


def go_away(valkey: Valkey, how: str) -> None:
    if how == "down":
        valkey.kill()
    else:
        valkey.send_signal(signal.SIGSTOP)


@pytest.fixture(params=["down", "frozen"])
def away(valkey: Valkey, request: pytest.FixtureRequest) -> str:
    """The server has been used before it went away: a pooled connection is there."""
    cache.set("known", 1)
    go_away(valkey, request.param)
    return str(request.param)


def test_sign_in_works(away: str, client: Client) -> None:
    user = UserFactory.create()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_sign_up_works(away: str, client: Client) -> None:
    answer = client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    assert answer.status_code == 302
    assert User.objects.filter(email="new@example.com").exists()


def test_password_reset_works(away: str, client: Client) -> None:
    user = UserFactory.create()
    assert client.post("/accounts/password/reset/", {"email": user.email}).status_code == 302
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_reauthentication_works(away: str, client: Client) -> None:
    client.force_login(UserFactory.create())
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302


def test_attempts_are_limited_in_each_process_meanwhile(away: str, client: Client) -> None:
    user = UserFactory.create()
    refused = [
        b"wrong too often"
        in client.post("/accounts/login/", {"login": user.email, "password": "wrong"}).content
        for _ in range(12)
    ]
    assert refused[0] is False
    assert refused[-1] is True


def test_cache_is_used_again_once_the_server_is_back(valkey: Valkey) -> None:
    cache.set("known", "before")
    valkey.send_signal(signal.SIGSTOP)
    assert cache.get("known") is None
    assert cache.add("meanwhile", 1)
    assert cache.incr("meanwhile") == 2
    assert cache.get_many(["known", "meanwhile"]) == {"meanwhile": 2}
    valkey.send_signal(signal.SIGCONT)
    OUTAGE.end()
    assert cache.get("known") == "before"


LOGIN = "/accounts/login/"
ENQUEUE = """
import os, signal, sys, time
import django
django.setup()
from brokerapp import live
from brokerapp.workflow import jobs
jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=1)
print("sent", flush=True)
sys.stdin.readline()
for number in range(20):
    jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=number)
    live.publish(number, "order", number)
print("survived", flush=True)
"""


@pytest.mark.parametrize("how", ["down", "frozen"])
@pytest.mark.django_db(transaction=True)
def test_enqueue_and_publish_neither_fail_nor_hang(how: str) -> None:
    with frail_valkey() as server:
        process = subprocess.Popen(
            [sys.executable, "-c", ENQUEUE],
            cwd=ROOT,
            env=os.environ | {"REDIS_URL": server.url, "DJANGO_SETTINGS_MODULE": "brokerapp.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "sent\n"
        go_away(server, how)
        try:
            output, _ = process.communicate("\n", timeout=15)
        finally:
            process.kill()
    assert output == "survived\n"
