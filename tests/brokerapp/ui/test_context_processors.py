from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import path

from brokerapp.ui.context_processors import chrome
from tests.factories import StaffFactory, UserFactory


def request_for(user: Any, url: str = "/transfers/new/") -> HttpRequest:
    request = HttpRequest()
    request.path = url
    request.user = user
    return request


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("transfers/", page, name="activity"), path("security/", page, name="security")]


@pytest.mark.urls(__name__)
def test_chrome_leaves_out_pages_that_are_not_there():
    context = chrome(request_for(UserFactory.build()))

    assert [item.label for item in context["nav"]] == ["Activity"]
    assert [item.label for item in context["account_nav"]] == ["Security"]
    assert context["search_url"] == ""


@pytest.mark.urls(__name__)
def test_chrome_marks_the_section_that_the_page_is_in():
    assert chrome(request_for(UserFactory.build()))["nav"][0].current
    assert not chrome(request_for(UserFactory.build(), "/transfersome/"))["nav"][0].current


def test_chrome_has_no_navigation_for_visitors():
    context = chrome(request_for(AnonymousUser()))

    assert context["nav"] == []
    assert context["account_nav"] == []


def test_chrome_shows_operations_to_staff_only():
    def labels(user: object) -> list[str]:
        return [item.label for item in chrome(request_for(user))["account_nav"]]

    assert "Operations" in labels(StaffFactory.build())
    assert "Operations" not in labels(UserFactory.build())
