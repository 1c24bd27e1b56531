"""Who needs a second step, that a code is used once, and what is done when it is lost."""

import time
from typing import Any

import pyotp
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.apps import AccountsConfig
from brokerapp.accounts.signin import second_factor
from tests.factories import PASSWORD, TOTP_SECRET, StaffFactory, UserFactory, give_second_step

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("policy", "for_payout", "staff", "required"),
    [
        ("never", True, False, False),
        ("payouts", False, False, False),
        ("payouts", True, False, True),
        ("always", False, False, True),
        ("never", False, True, True),
    ],
)
def test_is_required(policy: str, for_payout: bool, staff: bool, required: bool, settings: Any) -> None:
    settings.MFA_REQUIRED = policy
    person = UserFactory.create(is_staff=staff)
    assert second_factor.is_required(person, for_payout=for_payout) == required


def test_mfa_required_that_is_no_policy_refuses_to_start(settings: Any) -> None:
    settings.MFA_REQUIRED = "sometimes"
    with pytest.raises(ImproperlyConfigured, match="never, payouts, always"):
        AccountsConfig.create("brokerapp.accounts").ready()


def test_use_code_once_takes_no_code_twice_and_none_before_the_last() -> None:
    person = UserFactory.create()
    give_second_step(person)
    app = Authenticator.objects.get(user=person)
    now = time.time()
    code = pyotp.TOTP(TOTP_SECRET).at
    assert second_factor.use_code_once(app, code(now))
    cache.clear()  # allauth remembers used codes there
    assert not second_factor.use_code_once(app, code(now))
    assert not second_factor.use_code_once(app, code(now - 30))
    assert not second_factor.use_code_once(app, "000000")
    with time_machine.travel(now + 60):
        assert second_factor.use_code_once(app, code(now + 60))


def test_sign_in_with_a_code_that_was_used_is_refused_though_the_cache_forgot_it() -> None:
    person = UserFactory.create()
    give_second_step(person)
    code = pyotp.TOTP(TOTP_SECRET).now()
    replies = []
    for _ in range(2):
        client = Client()
        step = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert step["Location"] == reverse("mfa_authenticate")
        assert client.get(reverse("account_security")).status_code == 302
        replies.append(client.post(step["Location"], {"code": code}))
        cache.clear()
    assert [reply.status_code for reply in replies] == [302, 200]
    assert "Each works once" in replies[1].content.decode()


def test_secret_of_an_app_is_encrypted_at_rest() -> None:
    person = UserFactory.create()
    give_second_step(person)
    assert TOTP_SECRET not in str(Authenticator.objects.get(user=person).data)


def test_remove_lost_takes_everything_away_signs_out_and_mails(mailoutbox: list[Any]) -> None:
    person = UserFactory.create()
    give_second_step(person)
    client = Client()
    step = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.post(step["Location"], {"code": pyotp.TOTP(TOTP_SECRET).now()})
    assert client.get(reverse("account_security")).status_code == 200
    assert second_factor.remove_lost(person) == 1
    assert not second_factor.is_set_up(person)
    assert client.get(reverse("account_security")).status_code == 302
    assert [mail.subject for mail in mailoutbox] == ["Your second step was taken away"]


def test_remove_lost_by_a_process_that_dies_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory.create()
    give_second_step(person)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("brokerapp.accounts.signin.sessions.end_all", die)
    with pytest.raises(KeyboardInterrupt):
        second_factor.remove_lost(person)
    assert second_factor.is_set_up(person)


def test_recovery_codes_alone_are_no_second_step() -> None:
    person = StaffFactory.create(second_step=False)
    Authenticator.objects.create(
        user=person, type=Authenticator.Type.RECOVERY_CODES, data={"seed": totp.encrypt("x"), "used_mask": 0}
    )
    assert second_factor.is_missing(person)
