"""Links in mails lead to SITE_URL, whatever host a request named: a forged one would hand over its key."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

FORGED = "evil.example.net"


@pytest.fixture
def site(settings: Any) -> None:
    settings.SITE_URL = "https://broker.example.com"
    # As where a wildcard or a proxy lets other names in.
    settings.ALLOWED_HOSTS = ["broker.example.com", FORGED]


def links() -> list[str]:
    return [link for message in mail.outbox for link in re.findall(r"https?://\S+", str(message.body))]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/accounts/password/reset/", {"email": "ada@example.org"}),
        ("/accounts/password/reset/", {"email": "nobody@example.org"}),
        ("/accounts/signup/", {"email": "new@example.org", "password1": "Zuversicht-42-x"}),
        ("/accounts/signup/", {"email": "ada@example.org", "password1": "Zuversicht-42-x"}),
    ],
    ids=["reset", "reset of an unknown one", "sign-up", "sign-up of a known one"],
)
def test_links_lead_to_the_site_and_not_to_a_forged_host(
    client: Client, site: None, path: str, data: dict[str, str]
) -> None:
    user = UserFactory.create(email="ada@example.org")
    EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)

    client.post(path, data, headers={"Host": FORGED, "X-Forwarded-Host": FORGED})

    found = links()
    assert found
    assert all(link.startswith("https://broker.example.com/") for link in found)
    assert FORGED not in "".join(str(message.body) + message.subject for message in mail.outbox)
