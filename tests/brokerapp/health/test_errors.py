"""The error pages: ours in development too, each with a reference that staff find."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.health import errors
from brokerapp.health.models import ErrorPage
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


def reference_on(page: Any) -> str:
    found = re.search(r"give this reference: <code>([0-9a-f]{16})</code>", page.content.decode())
    return found[1] if found else ""


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The display page raises."""

    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr("brokerapp.ui.views.preferences.read", broken)


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SuspiciousOperation("odd"), 400, "This could not be read"),
        (RequestDataTooBig("odd"), 413, "Too large to send"),
        (PermissionDenied(), 403, "You cannot open this page"),
        (LookupError("secret"), 500, "Something went wrong on our side"),
    ],
)
def test_error_page_is_ours_and_found_by_its_reference(
    browser: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    person = UserFactory.create()
    browser.force_login(person)
    with monkeypatch.context() as patch:
        fail_with(patch, error)
        page = browser.get("/display/?q=124554321")
    assert (page.status_code, page["Cache-Control"]) == (status, "no-store")
    assert words in page.content.decode()
    assert "secret" not in page.content.decode()

    kept = ErrorPage.objects.get(reference=reference_on(page))
    assert (kept.status, kept.method, kept.route, kept.user_id) == (status, "GET", "display/", person.pk)
    assert kept.exception.endswith(type(error).__name__)

    staff = Client()
    staff.force_login(StaffFactory.create())
    url = reverse("admin:health_errorpage_changelist")
    found = staff.get(url, {"q": kept.reference}).content.decode()
    assert kept.reference in found
    assert "1 error page" in found
    assert "0 error pages" in staff.get(url, {"q": "f" * 16}).content.decode()
    assert staff.get(reverse("admin:health_errorpage_add")).status_code == 403


@pytest.mark.parametrize("path", ["/nothing-here/", "/a/nonsense/portfolio/", "/agreements/other/"])
def test_page_that_is_not_there_is_found_by_its_reference(browser: Client, path: str) -> None:
    page = browser.get(path)
    assert page.status_code == 404
    assert "Page not found" in page.content.decode()
    kept = ErrorPage.objects.get(reference=reference_on(page))
    assert "nothing-here" not in kept.route
    assert kept.user_id is None


def test_form_that_was_open_too_long_is_found_by_its_reference() -> None:
    page = Client(enforce_csrf_checks=True).post("/display/", {"theme": "dark"})
    assert page.status_code == 403
    assert "Please try again" in page.content.decode()
    assert ErrorPage.objects.get(reference=reference_on(page)).status == 403


def test_scan_by_strangers_keeps_no_more_than_so_many_and_shows_no_reference_to_nothing(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "OF_STRANGERS_A_MINUTE", 3)
    references = [reference_on(browser.get("/nothing/")) for _ in range(5)]
    assert [bool(reference) for reference in references] == [True] * 3 + [False] * 2
    assert ErrorPage.objects.count() == 3
    browser.force_login(UserFactory.create())
    assert reference_on(browser.get("/nothing/"))


def test_error_of_a_database_that_is_away_is_in_the_log_only(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, OperationalError("away"))
    page = browser.get("/display/")
    assert page.status_code == 503
    assert reference_on(page)
    assert not ErrorPage.objects.exists()


def test_prune_error_pages_forgets_those_past_their_time(browser: Client, settings: Any) -> None:
    settings.ERROR_RETENTION_DAYS = 90
    browser.get("/old/")
    ErrorPage.objects.update(at=timezone.now() - timedelta(days=91))
    browser.get("/new/")
    assert errors.prune_error_pages(now=timezone.now()) == 1
    assert ErrorPage.objects.count() == 1


def test_refused_rate_is_ours(browser: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/h/ip"}
    pages = [
        browser.post(reverse("account_signup"), {"email": "", "password1": ""}, REMOTE_ADDR="198.51.100.9")
        for _ in range(3)
    ]
    assert "That was too often" in pages[-1].content.decode()
