"""No page of the admin does what the content security policy forbids; the site's are in test_accessible."""

import json

import pytest
from playwright.sync_api import Page

from tests.e2e.people import signed_in_person
from tests.e2e.policy import watch_policy
from tests.e2e.stack import Stack

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


def test_every_admin_page_keeps_to_the_policy(page: Page, stack: Stack) -> None:
    signed_in_person(page, stack, "ops@example.com")
    said = watch_policy(page)
    seen = []
    for path in json.loads(stack.run(ADMIN_PAGES)):
        answer = page.goto(stack.url + path)
        assert answer is not None
        assert answer.status in (200, 403, 404), path
        assert "'self'" in answer.headers["content-security-policy"], path
        seen.append(answer.status)
    assert seen.count(200) > 20
    assert said == []
