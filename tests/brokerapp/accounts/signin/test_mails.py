"""A person hears of what is done, or tried, with their sign-in."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.mailing.models import MailStatus, QueuedMail
from brokerapp.mailing.services import send_mails
from tests.factories import PASSWORD, UserFactory, confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return UserFactory.create()


@pytest.fixture
def browser(person: User) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    client.force_login(person)
    confirm(client)
    return client


NEW = {"password1": "another-horse-battery", "password2": "another-horse-battery"}


def test_password_changed_is_mailed_with_when_and_where(
    browser: Client, person: User, mailoutbox: list[Any]
) -> None:
    assert browser.post(reverse("account_change_password"), NEW).status_code == 302
    (mail,) = mailoutbox
    assert mail.to == [person.email]
    assert mail.subject == "Your password was changed"
    assert "Firefox on Windows, from the address 127.0.0.1" in mail.body
    assert "/accounts/secure/" in mail.body
    assert "You are receiving" not in mail.body
    assert "<" not in mail.body


def test_email_change_is_told_to_the_old_address_when_asked_for_and_when_done(
    browser: Client, person: User, mailoutbox: list[Any]
) -> None:
    old = person.email
    browser.post(reverse("account_email"), {"email": "thief@example.com", "action_add": "1"})
    link = next(mail for mail in mailoutbox if mail.to == ["thief@example.com"])
    assert [mail.subject for mail in mailoutbox if mail.to == [old]] == [
        "Somebody wants to change your e-mail address"
    ]
    path = next(word for word in link.body.split() if "/confirm-email/" in word).split("testserver")[-1]
    Client().post(path)
    person.refresh_from_db()
    assert person.email == "thief@example.com"
    assert mailoutbox[-1].to == [old]
    assert mailoutbox[-1].subject == "Your e-mail address was changed"


def test_new_device_is_mailed_and_a_known_one_is_not(person: User, mailoutbox: list[Any]) -> None:
    def sign_in(client: Client) -> None:
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        client.post(reverse("account_logout"))

    first = Client()
    sign_in(first)
    sign_in(first)
    assert mailoutbox == []
    sign_in(Client())
    assert [mail.subject for mail in mailoutbox] == ["A sign-in with a new device"]


def test_failed_confirmations_are_mailed_once(person: User, mailoutbox: list[Any]) -> None:
    thief = Client()
    thief.force_login(person)
    for _ in range(5):
        thief.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert [mail.subject for mail in mailoutbox] == ["Somebody could not confirm that they are you"]


def test_mail_waits_for_a_mail_server_that_is_away(
    browser: Client, person: User, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "brokerapp.mailing.backend.QueueBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert browser.post(reverse("account_change_password"), NEW).status_code == 302
    person.refresh_from_db()
    assert person.check_password(NEW["password1"])
    waiting = QueuedMail.objects.get()
    send_mails(now=timezone.now())
    waiting.refresh_from_db()
    assert (waiting.subject, waiting.status, waiting.attempts) == (
        "Your password was changed",
        MailStatus.WAITING,
        1,
    )
    assert person.email not in caplog.text

    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    QueuedMail.objects.update(next_try_at=timezone.now())
    send_mails(now=timezone.now())
    assert [sent.to for sent in mail.outbox] == [[person.email]]
