"""Guessing is bounded, from one address and from many, and strangers lock nobody out."""

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from brokerapp.accounts.signin import known_devices, throttling
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

TOO_OFTEN = "wrong too often"


def try_password(
    person: User, password: str = "wrong", *, ip: str = "192.0.2.1", client: Client | None = None
) -> str:
    """The page after one attempt; "" if it signed in."""
    reply = (client or Client()).post(
        reverse("account_login"), {"login": person.email, "password": password}, REMOTE_ADDR=ip
    )
    return "" if reply.status_code == 302 else reply.content.decode()


def own_device(person: User, ip: str = "198.51.100.7") -> Client:
    """A browser in which the person has signed in before."""
    client = Client()
    assert try_password(person, PASSWORD, ip=ip, client=client) == ""
    client.post(reverse("account_logout"))
    assert client.cookies[settings.DEVICE_COOKIE_NAME].value
    return client


def test_sign_in_after_five_wrong_passwords_from_five_strangers_works() -> None:
    person = UserFactory.create()
    for number in range(5):
        assert TOO_OFTEN not in try_password(person, ip=f"192.0.2.{number}")
    assert try_password(person, PASSWORD, ip="198.51.100.7") == ""


def test_sign_in_from_a_known_device_works_whatever_strangers_do() -> None:
    person = UserFactory.create()
    device = own_device(person)
    pages = [try_password(person, ip=f"192.0.2.{number % 250}") for number in range(70)]
    assert TOO_OFTEN in pages[-1]
    assert TOO_OFTEN in try_password(person, PASSWORD, ip="203.0.113.9")  # a new device has to wait
    assert try_password(person, PASSWORD, client=device) == ""


def test_guesses_from_many_addresses_are_bounded() -> None:
    person = UserFactory.create()
    pages = [try_password(person, ip=f"10.0.{number // 250}.{number % 250}") for number in range(70)]
    assert sum(TOO_OFTEN not in page for page in pages) == 60


def test_guesses_from_one_address_are_bounded_and_another_person_there_is_not() -> None:
    person, neighbour = UserFactory.create(), UserFactory.create()
    pages = [try_password(person) for _ in range(7)]
    assert [TOO_OFTEN in page for page in pages] == [False] * 5 + [True] * 2
    assert try_password(neighbour, PASSWORD) == ""


def test_guesses_from_one_ipv6_network_count_together() -> None:
    person = UserFactory.create()
    pages = [try_password(person, ip=f"2001:db8:0:1::{number:x}") for number in range(1, 7)]
    assert TOO_OFTEN in pages[-1]
    assert TOO_OFTEN not in try_password(person, ip="2001:db8:0:2::1")


def test_guesses_from_a_stolen_device_cookie_are_bounded_too() -> None:
    person = UserFactory.create()
    device = own_device(person)
    pages = [try_password(person, client=device) for _ in range(20)]
    assert sum(TOO_OFTEN not in page for page in pages) == 15  # ten as the device, five as a stranger


def test_right_password_does_not_count_as_an_attempt() -> None:
    person = UserFactory.create()
    for _ in range(8):
        assert try_password(person, PASSWORD) == ""


def test_confirming_is_bounded_and_keeps_nobody_from_signing_in() -> None:
    person = UserFactory.create()
    thief = Client()
    thief.force_login(person)
    pages = [
        thief.post(reverse("account_reauthenticate"), {"password": "wrong"}).content.decode()
        for _ in range(7)
    ]
    assert TOO_OFTEN in pages[-1]
    assert try_password(person, PASSWORD) == ""


def test_reset_password_clears_the_attempts(client: Client) -> None:
    person = UserFactory.create()
    for _ in range(6):
        page = try_password(person)
    assert TOO_OFTEN in page
    request = client.get(reverse("account_login")).wsgi_request
    request.META["REMOTE_ADDR"] = "192.0.2.1"
    throttling.clear(request, person.email)
    assert try_password(person, PASSWORD) == ""


def test_device_id_of_a_forged_or_strange_cookie_is_nothing(client: Client) -> None:
    person = UserFactory.create()
    for value in ("", "nonsense", signing.dumps({"a": "b"}, salt="another")):
        client.cookies[settings.DEVICE_COOKIE_NAME] = value
        request = client.get(reverse("account_login")).wsgi_request
        assert known_devices.device_id(request, person.email) == ""


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A browser"),
    ],
)
def test_describe_names_browser_and_system(user_agent: str, name: str) -> None:
    assert known_devices.describe(user_agent) == name
