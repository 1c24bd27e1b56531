"""Requests that no page of ours makes, and what passwords and sessions are made of."""

import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from brokerapp.broker.alpaca.session import make_session
from devstack.paths import ROOT
from tests.brokerapp.deployment.processes import GOOD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LONG = "  Zuversicht und ein langer Atem, " + "x" * 66 + "  "


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/admin/login/", "/display/", "/static/css/base.css"]
)
def test_methods_that_no_page_has_are_refused(client: Client, method: str, path: str) -> None:
    answer = client.generic(method, path)

    assert answer.status_code == 405
    assert answer.headers["Allow"].startswith("GET, HEAD")


@pytest.mark.parametrize("path", ["/static/", "/static/css/", "/static/../brokerapp/settings.py"])
def test_folders_are_not_listed(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_parameters_come_from_one_place_and_the_last_counts(client: Client) -> None:
    data = {"theme": ["light", "dark"], "next": "/display/"}

    client.post(f"{reverse('display')}?theme=system", data)

    assert client.cookies["theme"].value == "dark"


def test_session_of_a_closed_account_is_of_no_use(client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user)
    assert client.get(reverse("display")).wsgi_request.user.is_authenticated
    user.is_active = False
    user.save()

    assert not client.get(reverse("display")).wsgi_request.user.is_authenticated


def test_cookies_of_an_https_site_are_of_its_host_alone_and_for_no_script(
    client: Client, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    client.post(reverse("display"), {"theme": "dark", "palette": "default", "shortcuts": "off"}, secure=True)

    for name in ("theme", "palette", "shortcuts", "messages"):
        cookie = client.cookies[f"__Host-{name}"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
        assert (cookie["samesite"], cookie["domain"]) == ("Lax", "")
    assert client.get(reverse("display"), secure=True).context["preferences"].theme == "dark"


def test_password_fields_are_masked_and_known_to_managers(client: Client) -> None:
    page = client.get(reverse("account_signup")).content.decode()

    field = page[page.index('name="password1"') - 300 :][:700]
    assert 'type="password"' in field
    assert 'autocomplete="new-password"' in field


def test_long_password_is_kept_as_it_was_typed(client: Client) -> None:
    assert len(LONG) > 64
    client.post(reverse("account_signup"), {"email": "ada@example.org", "password1": LONG})

    user = get_user_model().objects.get(email="ada@example.org")
    assert user.check_password(LONG)
    assert not user.check_password(LONG.strip())
    assert not user.check_password(LONG[:64])


def test_passwords_are_hashed_slowly() -> None:
    """In a process of its own: tests hash them fast."""
    code = (
        "import django; django.setup()\n"
        "from django.contrib.auth.hashers import get_hasher\n"
        "hasher = get_hasher(); print(hasher.algorithm, hasher.iterations >= 600_000)"
    )
    env: dict[str, Any] = GOOD | {"DJANGO_SETTINGS_MODULE": "brokerapp.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "pbkdf2_sha256 True"


def test_certificate_of_the_broker_is_verified() -> None:
    assert make_session("key", "secret").verify is True
