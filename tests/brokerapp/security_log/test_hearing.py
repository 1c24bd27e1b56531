"""What people do at the entrance ends up in the log, through the pages they use."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from tests.factories import PASSWORD, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


def events(*kinds: Kind) -> list[SecurityEvent]:
    return list(SecurityEvent.objects.filter(kind__in=kinds).order_by("id"))


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_sign_in_and_out_are_kept_with_one_session() -> None:
    person, client = UserFactory.create(), Client()
    sign_in(client, person.email)
    client.post(reverse("account_logout"))
    came, went = events(Kind.SIGNED_IN, Kind.SIGNED_OUT)
    assert came.person_id == went.person_id == person.pk
    assert came.session == went.session != ""
    assert came.ip == "127.0.0.1"
    assert came.reference


def test_sign_in_of_staff_is_kept_as_staffs() -> None:
    member = StaffFactory.create()
    Client().force_login(member)
    assert [(event.person_id, event.staff_id) for event in events(Kind.SIGNED_IN)] == [(None, member.pk)]


def test_failed_sign_in_names_the_person_and_not_what_was_typed() -> None:
    person = UserFactory.create()
    for email in (person.email, person.email.upper(), "stranger@example.com"):
        sign_in(Client(), email, "not-this-one")
    mine, again, unknown = events(Kind.SIGN_IN_FAILED)
    assert (mine.person_id, again.person_id, unknown.person_id) == (person.pk, person.pk, None)
    assert mine.detail["address"] == again.detail["address"] != unknown.detail["address"]
    assert "example.com" not in str([mine.detail, unknown.detail])
    assert "not-this-one" not in str([mine.detail, unknown.detail])


def test_confirming_who_one_is_is_kept_and_so_is_failing_to() -> None:
    person, client = UserFactory.create(), Client()
    sign_in(client, person.email)
    client.post(reverse("account_reauthenticate"), {"password": "not-this-one"})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    kept = events(Kind.REAUTHENTICATED, Kind.REAUTHENTICATION_FAILED, Kind.SIGN_IN_FAILED)
    assert [(event.kind, event.person_id) for event in kept] == [
        ("REAUTHENTICATION_FAILED", person.pk),
        ("REAUTHENTICATED", person.pk),
    ]


def test_sign_up_and_confirmed_address_are_kept() -> None:
    client, address = Client(), f"{uuid4().hex}@example.com"
    client.post(reverse("account_signup"), {"email": address, "password1": "a-long-enough-one-92"})
    link = re.search(r"/accounts/confirm-email/\S+", str(mail.outbox[0].body))
    assert link is not None
    client.post(link[0])
    kinds = [event.kind for event in events(Kind.SIGNED_UP, Kind.EMAIL_CONFIRMED)]
    assert kinds == ["SIGNED_UP", "EMAIL_CONFIRMED"]


def test_changed_password_is_kept() -> None:
    person, client = UserFactory.create(), Client()
    sign_in(client, person.email)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another-long-one-92", "password2": "another-long-one-92"},
    )
    (event,) = events(Kind.PASSWORD_CHANGED)
    assert event.person_id == person.pk


def test_reset_password_is_kept() -> None:
    person, client = UserFactory.create(), Client()
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link is not None
    page = client.get(link[0], follow=True)
    client.post(
        page.redirect_chain[-1][0], {"password1": "another-long-one-92", "password2": "another-long-one-92"}
    )
    (event,) = events(Kind.PASSWORD_RESET)
    assert event.person_id == person.pk
