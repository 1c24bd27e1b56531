"""Sessions end when they should; staff are led to a second step before anything else."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.access import SIGNED_OUT
from brokerapp.accounts.models import User
from onboarding.models import KycApplication
from tests.factories import (
    PASSWORD,
    KycApplicationFactory,
    StaffFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account_security")).status_code == 200


def after(minutes: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


@pytest.mark.parametrize(("factory", "minutes"), [(UserFactory, 30), (StaffFactory, 15)])
def test_idle_session_is_over(factory: type[UserFactory], minutes: int) -> None:
    client = signed_in(factory.create())
    with after(minutes - 1):
        assert is_signed_in(client)
    with after(2 * minutes - 1.5):
        assert is_signed_in(client)
    with after(3 * minutes):
        assert not is_signed_in(client)
    assert not is_signed_in(client), "for good"


def test_session_that_is_used_all_day_is_over_at_its_end() -> None:
    client = signed_in(UserFactory.create())
    for quarter in range(1, 48):
        with after(quarter * 15):
            assert is_signed_in(client)
    with after(12 * 60 + 1):
        assert not is_signed_in(client)


def test_page_that_fetches_itself_does_not_keep_a_session_alive() -> None:
    client = signed_in(UserFactory.create())
    for minutes in (10, 20, 29):
        with after(minutes):
            assert client.get(reverse("home"), headers={"HX-Request": "true"}).status_code == 302
            assert client.get(reverse("session_state")).json()["seconds"] < (30 - minutes) * 60 + 60
    with after(31):
        assert not is_signed_in(client)


def test_session_state_is_a_click_when_posted() -> None:
    client = signed_in(UserFactory.create())
    with after(29):
        assert client.post(reverse("session_state")).json()["seconds"] > 29 * 60
    with after(58):
        assert is_signed_in(client)


def test_session_state_of_a_visitor_is_over_and_says_nobody() -> None:
    assert Client().get(reverse("session_state")).json() == {"seconds": 0}


def test_page_of_a_session_that_ended_says_so() -> None:
    client = signed_in(UserFactory.create())
    with after(31):
        page = client.get(reverse("apply"), follow=True).content.decode()
    assert "You were signed out, as you had not done anything here for a while." in page
    assert SIGNED_OUT not in page


def sign_in_again(client: Client, person: User, url: str) -> Any:
    return client.post(url, {"login": person.email, "password": PASSWORD})


def test_form_sent_after_the_session_ended_is_offered_to_its_person_again() -> None:
    application = KycApplicationFactory.create()
    client = signed_in(application.user)
    url = reverse("apply_step", args=["name"])
    typed = {"given_name": "Grace", "family_name": "Hopper"}
    with after(31):
        answer = client.post(url, typed)
        assert "Grace" not in str(client.session.items())
        back = sign_in_again(client, application.user, answer["Location"])
        assert back["Location"] == reverse("account_typed")
        page = client.get(back["Location"]).content.decode()
        assert f'action="{url}"' in page
        assert 'name="given_name" value="Grace"' in page
        client.post(url, typed)
        client.post(reverse("account_typed"))
        assert client.get(reverse("account_typed")).status_code == 302
    application = KycApplication.objects.get()
    assert application.given_name == "Grace"


def test_form_sent_after_the_session_ended_is_not_shown_to_somebody_else() -> None:
    client = signed_in(KycApplicationFactory.create().user)
    other = UserFactory.create()
    with after(31):
        answer = client.post(reverse("apply_step", args=["name"]), {"given_name": "Grace"})
        back = sign_in_again(client, other, answer["Location"])
        page = client.get(back["Location"], follow=True).content.decode()
        assert "Grace" not in page
        assert "typed_when_signed_out" not in client.session


def test_password_sent_after_the_session_ended_is_not_kept() -> None:
    client = signed_in(UserFactory.create())
    with after(31):
        client.post(reverse("account_change_password"), {"password1": "another-horse-battery"})
    assert "another-horse-battery" not in str(client.session.items())
    assert "typed_when_signed_out" not in client.session


# Staff


@pytest.mark.parametrize("path", ["", "accounts/user/", "calls/apicall/", "password_change/"])
def test_admin_leads_staff_without_a_second_step_to_set_it_up(path: str) -> None:
    client = signed_in(StaffFactory.create(second_step=False))
    url = reverse("admin:index") + path
    for method in (client.get, client.post):
        answer = method(url)
        assert answer.status_code == 302
        assert answer["Location"] == reverse("second_step")
    page = client.get(reverse("second_step")).content.decode()
    assert "Staff sign in with a password and a second step" in page


def test_admin_opens_for_staff_with_a_second_step() -> None:
    assert signed_in(StaffFactory.create()).get(reverse("admin:index")).status_code == 200


def test_admin_login_answers_no_passwords() -> None:
    """One way in, with one limit: forty guesses at the admin's own page were answered."""
    staff = StaffFactory.create()
    url = reverse("admin:login")
    answer = Client().post(url, {"username": staff.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert (
        Client()
        .get(reverse("admin:index"), follow=True)
        .redirect_chain[-1][0]
        .startswith(reverse("account_login"))
    )
    assert signed_in(UserFactory.create()).get(url).status_code == 403


def test_admin_signs_out_by_the_pages_of_all() -> None:
    client = signed_in(StaffFactory.create())
    client.post(reverse("admin:logout"))
    assert not is_signed_in(client)


@pytest.mark.parametrize(("policy", "status"), [("always", 302), ("payouts", 200)])
def test_everything_waits_for_a_second_step_where_it_is_always_required(
    policy: str, status: int, settings: Any
) -> None:
    settings.MFA_REQUIRED = policy
    client = signed_in(KycApplicationFactory.create().user)
    answer = client.get(reverse("apply"))
    assert answer.status_code == status
    if status == 302:
        assert answer["Location"] == reverse("second_step")
    assert client.get(reverse("account_security")).status_code == 200
