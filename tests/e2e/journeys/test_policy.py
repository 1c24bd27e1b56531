"""No page of the site or the admin does what the content security policy forbids."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.e2e.journey import Journey
from tests.e2e.journeys.test_accessible import APPLICANT, PUBLIC, TRADER
from tests.e2e.stack import DEMO_PASSWORD, Stack

pytestmark = pytest.mark.e2e

ADMIN_PAGES = """
import json
from django.contrib import admin
from django.urls import reverse
pages = [reverse("admin:index"), reverse("admin:password_change"), "/admin/nowhere/"]
for model, site in admin.site._registry.items():
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages += [reverse(f"{name}_changelist"), reverse(f"{name}_changelist") + "?q=a", reverse(f"{name}_add")]
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        pages += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history", "delete")]
print(json.dumps(pages))
"""
STAFF_SESSION = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from brokerapp.accounts.models import User
from brokerapp.web import session_limits
user = User.objects.get(email="ops@example.com")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session_limits.begin(session, timezone.now())
session.save()
print(settings.SESSION_COOKIE_NAME, session.session_key)
"""


def watch(page: Page) -> list[str]:
    """What the browser says of the policy, as it comes."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            said.append(f"{urlsplit(page.url).path}: {message.text}")

    page.on("console", note)
    return said


@pytest.mark.parametrize(
    ("email", "paths"),
    [("", PUBLIC), ("applicant@example.com", APPLICANT), ("trader@example.com", TRADER)],
    ids=["public", "applicant", "trader"],
)
def test_pages_of_the_site_keep_to_the_policy(page: Page, stack: Stack, email: str, paths: list[str]) -> None:
    journey, said = Journey(page, stack, email), watch(page)
    if email:
        journey.sign_in(email, DEMO_PASSWORD)
    for path in paths:
        journey.open(path)
    assert said == []


def test_every_admin_page_keeps_to_the_policy(page: Page, stack: Stack) -> None:
    name, key = stack.run(STAFF_SESSION).split()
    page.context.add_cookies([{"name": name, "value": key, "url": stack.url}])
    said = watch(page)
    seen = []
    for path in json.loads(stack.run(ADMIN_PAGES)):
        answer = page.goto(stack.url + path)
        assert answer is not None
        assert answer.status in (200, 403, 404), path
        assert "'self'" in answer.headers["content-security-policy"], path
        seen.append(answer.status)
    assert seen.count(200) > 20
    assert said == []
