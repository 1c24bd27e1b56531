from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, path

from brokerapp.ui import context_processors, navigation
from brokerapp.ui.context_processors import chrome
from tests.factories import StaffFactory, UserFactory


def request_for(user: Any, url: str = "/display/") -> HttpRequest:
    request = HttpRequest()
    request.path = url
    request.user = user
    return request


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("display/", page, name="display")]


@pytest.mark.urls(__name__)
def test_chrome_without_a_page_that_it_leads_to_fails_loudly() -> None:
    with pytest.raises(NoReverseMatch):
        chrome(request_for(UserFactory.build()))


def test_chrome_with_a_misspelt_page_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_processors, "ACCOUNT", (("Display", "dispaly", "display"),))
    with pytest.raises(NoReverseMatch, match="dispaly"):
        chrome(request_for(UserFactory.build()))


def test_chrome_marks_the_page_that_is_open() -> None:
    assert chrome(request_for(UserFactory.build()))["account_nav"][-1].current
    assert not chrome(request_for(UserFactory.build(), "/"))["account_nav"][0].current


@pytest.mark.parametrize(
    ("path", "url", "is_current"),
    [("/a/1/trade/AAPL/", "/a/1/trade/", True), ("/a/1/trades/", "/a/1/trade/", False), ("/x/", "/", False)],
)
def test_is_section_of(path: str, url: str, is_current: bool) -> None:
    assert navigation.is_section_of(path, url) is is_current


def test_chrome_has_no_navigation_for_visitors() -> None:
    assert chrome(request_for(AnonymousUser()))["account_nav"] == []


def test_chrome_shows_operations_to_staff_only() -> None:
    def labels(user: object) -> list[str]:
        return [item.label for item in chrome(request_for(user))["account_nav"]]

    assert "Operations" in labels(StaffFactory.build())
    assert "Operations" not in labels(UserFactory.build())
