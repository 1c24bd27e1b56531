"""The pages of a person's sign-in, as they go through them."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import User
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    StaffFactory,
    UserFactory,
    confirm,
    give_second_step,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return UserFactory.create()


def sign_in(person: User, user_agent: str = "Mozilla/5.0 (X11; Linux) Firefox/140.0") -> Client:
    """A browser that signed in on the page, so that the session is listed."""
    client = Client(headers={"User-Agent": user_agent})
    reply = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    if reply["Location"] == reverse("mfa_authenticate"):
        client.post(reply["Location"], {"code": pyotp.TOTP(TOTP_SECRET).now()})
    return client


def text(reply: Any) -> str:
    return " ".join(reply.content.decode().split())


def confirm_by_password(client: Client, reply: Any) -> str:
    """Confirm on the page that `reply` leads to; where that goes on."""
    assert reply["Location"].startswith(reverse("account_reauthenticate"))
    return str(client.post(reply["Location"], {"password": PASSWORD})["Location"])


def set_up_app(client: Client) -> Any:
    """Set up an authenticator app; the page that follows."""
    url = reverse("mfa_activate_totp")
    assert confirm_by_password(client, client.get(url)) == url
    page = text(client.get(url))
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.search(r'<code class="wrap">(\w+)</code>', page)
    assert secret
    return client.post(url, {"code": pyotp.TOTP(secret[1]).now()})


def test_set_up_app_gives_recovery_codes_and_leads_back_to_what_asked_for_it(person: User) -> None:
    client = sign_in(person)
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": "1"})
    done = set_up_app(client)
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    page = text(client.get(done["Location"]))
    assert len(re.findall(r"<code>\d{8}</code>", page)) == 10
    assert f'href="{reverse("second_step")}"' in page
    assert client.get(reverse("second_step"))["Location"] == reverse("account_email")
    assert "Authenticator app" in text(client.get(reverse("account_security")))


def test_set_up_app_with_a_wrong_code_keeps_the_key(person: User) -> None:
    client = sign_in(person)
    url = reverse("mfa_activate_totp")
    confirm_by_password(client, client.get(url))
    secret = re.search(r'<code class="wrap">(\w+)</code>', text(client.get(url)))
    page = text(client.post(url, {"code": "000000"}))
    assert secret
    assert secret[1] in page
    assert "There is a problem" in page


def test_first_second_step_signs_out_devices_that_signed_in_without_one(person: User) -> None:
    thief, client = sign_in(person), sign_in(person)
    set_up_app(client)
    assert client.get(reverse("account_security")).status_code == 200
    assert thief.get(reverse("account_security")).status_code == 302


def test_second_step_offers_a_passkey_to_those_who_have_one(person: User) -> None:
    give_second_step(person)
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert "Use a passkey" not in text(client.get(reverse("mfa_authenticate")))


def test_recovery_code_signs_in_once(person: User) -> None:
    client = sign_in(person)
    page = text(client.get(set_up_app(client)["Location"]))
    code = re.findall(r"<code>(\d{8})</code>", page)[3]
    for status in (302, 200):
        lost = Client()
        lost.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert lost.post(reverse("mfa_authenticate"), {"code": code}).status_code == status


def test_lost_device_is_replaced_after_signing_in_with_a_recovery_code(person: User) -> None:
    client = sign_in(person)
    codes = re.findall(r"<code>(\d{8})</code>", text(client.get(set_up_app(client)["Location"])))
    lost = Client()
    lost.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    lost.post(reverse("mfa_authenticate"), {"code": codes[0]})
    asked = lost.post(reverse("mfa_deactivate_totp"))["Location"]
    assert asked.startswith(reverse("mfa_reauthenticate"))
    lost.post(asked, {"code": codes[1]})
    assert not Authenticator.objects.filter(user=person).exists()


def test_confirming_takes_the_second_step_and_not_the_password(person: User) -> None:
    give_second_step(person)
    client = sign_in(person)
    url = f"{reverse('account_reauthenticate')}?next={reverse('mfa_activate_totp')}"
    answer = client.post(url, {"password": PASSWORD})
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    page = text(client.get(answer["Location"]))
    assert "Use your password" not in page


def test_confirming_without_an_app_offers_the_passkey_before_recovery_codes(person: User) -> None:
    client = sign_in(person)
    for kind in (Authenticator.Type.RECOVERY_CODES, Authenticator.Type.WEBAUTHN):
        Authenticator.objects.create(user=person, type=kind, data={})
    asked = client.get(reverse("account_change_password"))["Location"]
    assert asked.startswith(reverse("mfa_reauthenticate_webauthn"))


@pytest.mark.parametrize("name", ["account_change_password", "mfa_activate_totp", "mfa_add_webauthn"])
def test_change_of_credentials_asks_who_it_is(person: User, name: str) -> None:
    client = sign_in(person)
    assert client.get(reverse(name))["Location"].startswith(reverse("account_reauthenticate"))
    new = {"password1": "another-horse-battery", "password2": "another-horse-battery"}
    client.post(reverse(name), new)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_change_password_needs_no_old_one_after_confirming_and_signs_others_out(person: User) -> None:
    other, client = sign_in(person), sign_in(person)
    url = reverse("account_change_password")
    assert confirm_by_password(client, client.get(url)) == url
    assert "Current password" not in text(client.get(url))
    new = {"password1": "another-horse-battery", "password2": "another-horse-battery"}
    assert client.post(url, new)["Location"] == reverse("account_security")
    assert client.get(reverse("account_security")).status_code == 200
    assert other.get(reverse("account_security")).status_code == 302


def test_staff_keep_their_last_second_step() -> None:
    client = Client()
    client.force_login(StaffFactory.create())
    confirm(client)
    assert "Add another one before you remove this" in text(client.get(reverse("mfa_deactivate_totp")))
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.exists()


# Devices


def test_devices_lists_where_the_person_is_signed_in_and_nobody_elses(person: User) -> None:
    sign_in(person, "Mozilla/5.0 (Windows NT 10.0) Edg/140")
    sign_in(UserFactory.create(), "Mozilla/5.0 (iPhone) Safari/604")
    client = sign_in(person)
    page = text(client.get(reverse("usersessions_list")))
    assert "Firefox on Linux" in page
    assert "Edge on Windows" in page
    assert "iPhone" not in page
    assert page.count("This device") == 1


def test_devices_signs_one_out_and_leaves_the_others(person: User) -> None:
    first, second, client = (sign_in(person) for _ in range(3))
    row = UserSession.objects.get(session_key=first.session.session_key)
    client.post(reverse("usersessions_list"), {"device": row.pk})
    assert first.get(reverse("account_security")).status_code == 302
    assert second.get(reverse("account_security")).status_code == 200


def test_devices_signs_all_others_out(person: User) -> None:
    others = [sign_in(person) for _ in range(2)]
    client = sign_in(person)
    client.post(reverse("usersessions_list"), {"others": "1"})
    assert [other.get(reverse("account_security")).status_code for other in others] == [302, 302]
    assert client.get(reverse("account_security")).status_code == 200


@pytest.mark.parametrize("name", ["usersessions_list", "account_security"])
def test_devices_query_count_does_not_grow(person: User, name: str) -> None:
    client, counts = sign_in(person), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name)).status_code == 200
        counts.append(len(captured))
        for _ in range(3):
            sign_in(person)
    assert counts[0] == counts[1] <= 10


def test_devices_leaves_out_sessions_that_are_over(person: User) -> None:
    idle, client = sign_in(person), sign_in(person)
    row = UserSession.objects.filter(session_key=idle.session.session_key)
    row.update(last_seen_at=timezone.now() - timedelta(minutes=32))
    assert text(client.get(reverse("usersessions_list"))).count("· signed in") == 1


@pytest.mark.parametrize("device", ["", "x", "0", "999999999999999999999"])
def test_devices_signs_nobody_out_by_a_strange_id(person: User, device: str) -> None:
    client = sign_in(person)
    stranger = sign_in(UserFactory.create())
    row = UserSession.objects.exclude(user=person).get()
    for value in (device, str(row.pk)):
        assert client.post(reverse("usersessions_list"), {"device": value}).status_code == 302
    assert stranger.get(reverse("account_security")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "account_security",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "second_step",
        "session_state",
        "usersessions_list",
    ],
)
def test_pages_of_signing_in_send_a_visitor_to_sign_in_and_have_no_script_of_their_own(
    person: User, name: str
) -> None:
    answer = Client().get(reverse(name))
    if name != "session_state":
        assert answer["Location"].startswith(reverse("account_login"))
    client = Client()
    client.force_login(person)
    confirm(client)
    page = client.get(reverse(name), follow=True).content.decode()
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []
    assert " style=" not in page
    assert " onclick=" not in page
