"""What stands around every page is rendered once, and still each person's own."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'action="([^"]+)">\s*<input type="hidden" name="csrfmiddlewaretoken" value="(\w+)">')


def test_menu_and_dialog_have_the_persons_own_name_and_a_token_that_is_taken() -> None:
    people = [UserFactory.create(email="ada&co@example.com"), UserFactory.create(email="grace@example.com")]
    pages = []
    for user in people:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        pages.append(client.get(reverse("display")).content.decode())

        forms = dict(TOKEN.findall(pages[-1]))

        assert forms.keys() >= {reverse("account_logout"), reverse("session_state")}
        reply = client.post(
            reverse("account_logout"), {"csrfmiddlewaretoken": forms[reverse("account_logout")]}
        )
        assert reply.status_code == 302
    assert '<li class="menu-label">ada&amp;co@example.com</li>' in pages[0]
    assert "grace@example.com" not in pages[0]
    assert "ada&amp;co" not in pages[1]
    assert 'aria-current="page"' in pages[1].split('class="menu"')[1]


def test_footer_is_of_the_company_that_the_settings_name(settings: Any) -> None:
    before = Client().get(reverse("display")).content.decode()
    settings.LEGAL_ENTITY = "Else Securities LLC"

    page = Client().get(reverse("display")).content.decode()

    assert "Else Securities LLC" in page
    assert "Else Securities LLC" not in before
    assert f'href="{reverse("legal_page", args=["fees"])}">Fees</a>' in page
