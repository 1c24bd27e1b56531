"""Sessions that are over are forgotten, and confirming ends a copy of the cookie."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.signin import sealing
from brokerapp.accounts.tasks import forget_sessions
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def sign_in() -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": UserFactory.create().email, "password": PASSWORD})
    return client


def test_forget_sessions_leaves_those_that_are_good() -> None:
    good, over = sign_in(), sign_in()
    key = over.session.session_key
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(minutes=1))
    forget_sessions()
    assert not Session.objects.filter(pk=key).exists()
    assert UserSession.objects.get().session_key == good.session.session_key
    assert good.get(reverse("account_security")).status_code == 200


def test_confirming_ends_a_copy_of_the_cookie_and_keeps_the_device_listed() -> None:
    client, thief = sign_in(), Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert thief.get(reverse("account_security")).status_code == 200
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("account_change_password")).status_code == 200
    assert thief.get(reverse("account_security")).status_code == 302
    assert UserSession.objects.get().session_key == client.session.session_key


def test_sealed_text_is_read_for_its_purpose_only() -> None:
    sealed = sealing.seal("000123456789", "one")
    assert "123456789" not in sealed
    assert sealing.unseal(sealed, "one") == "000123456789"
    with pytest.raises(ValueError, match="made for another place"):
        sealing.unseal(sealed, "another")
