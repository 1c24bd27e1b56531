"""Bodies are small, but where files are taken; addresses hold no NUL."""

from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from brokerapp.web.bodies import body_limit
from onboarding.forms import FORMS
from onboarding.forms.step import StepForm
from onboarding.models import KycApplication
from tests.factories import BrokerageAccountFactory, UserFactory

pytestmark = pytest.mark.django_db


def takes_files(form: type[StepForm]) -> bool:
    fields = form(application=KycApplication()).fields.values()
    return any(isinstance(field, forms.FileField) for field in fields)


def test_body_limit_is_large_on_the_pages_with_a_file_field_alone(settings: Any) -> None:
    large = {
        key for key in FORMS if body_limit(reverse("apply_step", args=[key])) == settings.MAX_UPLOAD_BYTES
    }

    assert large == {key for key, form in FORMS.items() if takes_files(form)} != set()
    assert settings.MAX_BODY_BYTES < settings.MAX_UPLOAD_BYTES


@pytest.mark.parametrize("path", ["/accounts/login/", "/display/", "/admin/login/", "/apply/name/"])
def test_body_that_is_too_large_is_refused_before_it_is_read(
    client: Client, settings: Any, path: str
) -> None:
    answer = client.post(path, {"x": "y" * (settings.MAX_BODY_BYTES + 1)})

    assert answer.status_code == 413


@pytest.fixture
def ada(client: Client) -> User:
    user = UserFactory.create()
    client.force_login(user)
    return user


@pytest.mark.parametrize("query", ["?q=a%00b", "?page=%00", "?x=1&tab=closed%00", "?%00=1"])
@pytest.mark.parametrize("name", ["trading:orders", "trading:trade", "funding:transfers"])
def test_nul_in_a_query_is_404(client: Client, ada: User, name: str, query: str) -> None:
    account = BrokerageAccountFactory.create(user=ada)

    answer = client.get(reverse(name, args=[account.pk]) + query)

    assert answer.status_code == 404
    assert b"Page not found" in answer.content


@pytest.mark.parametrize("path", ["trade/A%00B/", "portfolio/A%00/", "orders/%00/"])
def test_nul_in_a_path_is_404(client: Client, ada: User, path: str) -> None:
    account = BrokerageAccountFactory.create(user=ada)

    assert client.get(f"/a/{account.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/admin/accounts/user/%00/", "/admin/accounts/user/?q=%00", "/admin/%00"])
def test_nul_in_the_admin_is_404(client: Client, path: str) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))

    assert client.get(path).status_code == 404
