"""No page of the admin does what the content security policy forbids; the site's are in test_accessible.

Whatever else is asked for in tests is held against the policy without a browser (tests/page_policy.py).
"""

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
from django.test import RequestFactory
from django.urls import reverse
from brokerapp.accounts.models import User
from brokerapp.ui.admin_pages import models_in_admin
request = RequestFactory().get("/")
request.user = User.objects.get(email="ops@example.com")
pages = [reverse("admin:index"), reverse("admin:password_change"), "/admin/nowhere/"]
seen = set()
for model in models_in_admin():
    site = admin.site.get_model_admin(model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("pk").first()
    if not site.has_view_permission(request):
        continue
    for page in ("changelist", "add", "change", "history", "delete"):
        # Of the pages of rows that are put together alike, and load the same files, one is enough.
        kind = model if page == "changelist" else (site.change_form_template, str(site.media))
        key = (page, kind)
        of_a_row = page in ("change", "history", "delete")
        if key in seen or of_a_row and row is None:
            continue
        seen.add(key)
        pages.append(reverse(f"{name}_{page}", args=[row.pk] if of_a_row else []))
print(json.dumps(pages))
"""


def test_every_kind_of_admin_page_keeps_to_the_policy(page: Page, stack: Stack) -> None:
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
