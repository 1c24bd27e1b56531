"""Hidden personal data: a role, a reason and a fresh sign-in, once, and never without a row in the log."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.roles import Role
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from tests.factories import (
    BANK,
    BankLinkFactory,
    KycApplicationFactory,
    StaffFactory,
    confirm,
    staff_in_role,
)

pytestmark = pytest.mark.django_db

REASON = "The bank asks for the number of a returned deposit."


def confirmed(person: Any) -> Client:
    """A browser in which the person has just said once more who they are."""
    client = Client()
    client.force_login(person)
    confirm(client)
    return client


def reveal_url(row: Any, model: str) -> str:
    return reverse(f"admin:{model}_reveal", args=[row.pk])


def revealed() -> list[SecurityEvent]:
    return list(SecurityEvent.objects.filter(kind=Kind.PII_REVEALED))


def test_reveal_shows_once_for_a_reason_and_keeps_who_what_and_why() -> None:
    member, link = staff_in_role(Role.OPERATIONS), BankLinkFactory.create()
    client, url = confirmed(member), reveal_url(link, "funding_banklink")
    asked = client.get(url)
    assert BANK["bank_account_number"] not in asked.content.decode()
    assert not revealed()

    shown = client.post(url, {"reason": REASON})

    assert BANK["bank_account_number"] in shown.content.decode()
    assert BANK["bank_routing_number"] in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    (event,) = revealed()
    assert (event.staff_id, event.person_id, event.object_id) == (member.pk, link.user_id, str(link.pk))
    assert (event.reason, event.ip) == (REASON, "127.0.0.1")
    assert "bank_account_number" in event.detail["shown"]
    assert BANK["bank_account_number"] not in str(event.detail)
    assert BANK["bank_account_number"] not in client.get(url).content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "because"])
def test_reveal_without_a_reason_shows_nothing(reason: str) -> None:
    link = BankLinkFactory.create()
    client = confirmed(staff_in_role(Role.OPERATIONS))
    reply = client.post(reveal_url(link, "funding_banklink"), {"reason": reason})
    assert reply.status_code == 422
    assert BANK["bank_account_number"] not in reply.content.decode()
    assert not revealed()


def test_reveal_asks_who_it_is_first() -> None:
    member, link = staff_in_role(Role.OPERATIONS), BankLinkFactory.create()
    client = Client()
    client.force_login(member)
    url = reveal_url(link, "funding_banklink")
    for reply in (client.get(url), client.post(url, {"reason": REASON})):
        assert reply.status_code == 302
        assert reply["Location"].startswith(reverse("mfa_reauthenticate"))
    assert not revealed()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.APPROVER, Role.ADMINISTRATOR])
def test_reveal_is_refused_to_other_roles_and_that_is_kept(role: Role) -> None:
    member, link = staff_in_role(role), BankLinkFactory.create()
    client = confirmed(member)
    for reply in (
        client.get(reveal_url(link, "funding_banklink")),
        client.post(reveal_url(link, "funding_banklink"), {"reason": REASON}),
    ):
        assert reply.status_code == 403
    assert not revealed()
    assert SecurityEvent.objects.filter(kind=Kind.ADMIN_REFUSED, staff_id=member.pk).count() == 2


@pytest.mark.parametrize("role", [*Role, "superuser"])
def test_pages_of_an_application_hide_personal_data_from_every_role(role: str) -> None:
    application = KycApplicationFactory.create(
        trusted_given_name="Charles", trusted_phone_number="+12125550197", wants_trusted_contact=True
    )
    member = StaffFactory.create() if role == "superuser" else staff_in_role(role)
    client = Client()
    client.force_login(member)
    for url in (
        reverse("admin:onboarding_kycapplication_changelist"),
        reverse("admin:onboarding_kycapplication_change", args=[application.pk]),
    ):
        page = client.get(url)
        assert page.status_code == (403 if role == Role.ADMINISTRATOR else 200)
        text = page.content.decode()
        for personal in (
            "124554321",
            "+12125550123",
            "20 N San Mateo Dr",
            "94401",
            "1985",
            "Analytical Engines",
            "+12125550197",
            "Charles",
        ):
            assert personal not in text, personal


def test_reveal_of_an_application_shows_what_its_page_hides() -> None:
    application = KycApplicationFactory.create()
    client = confirmed(staff_in_role(Role.AUDITOR))
    url = reveal_url(application, "onboarding_kycapplication")
    assert (
        url
        in client.get(
            reverse("admin:onboarding_kycapplication_change", args=[application.pk])
        ).content.decode()
    )
    text = client.post(url, {"reason": REASON}).content.decode()
    for personal in ("124554321", "+12125550123", "20 N San Mateo Dr", "1985", "country of residence: USA"):
        assert personal in text


def test_reveal_of_a_row_that_nobody_has_is_not_found() -> None:
    client = confirmed(staff_in_role(Role.OPERATIONS))
    url = reverse("admin:funding_banklink_reveal", args=["00000000-0000-4000-8000-000000000000"])
    assert client.get(url).status_code == 404
