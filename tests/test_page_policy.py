import pytest
from django.test import Client

from tests.page_policy import forbidden_in


@pytest.mark.parametrize(
    "html",
    [
        "<style>p { color: red }</style>",
        "<script>alert(1)</script>",
        '<script type="module">alert(1)</script>',
        '<p class="a" style="color: red">',
        "<p style='color: red'>",
        '<button type="button" onclick="go()">',
        '<body\n onload="go()">',
        '<script src="https://cdn.example.com/a.js"></script>',
        '<img alt="" src="//cdn.example.com/a.png">',
        '<link rel="stylesheet" href="https://cdn.example.com/a.css">',
        '<a href="javascript:go()">',
    ],
)
def test_forbidden_in_finds(html: str) -> None:
    assert forbidden_in(f"<p>Before</p>{html}<p>After</p>")


@pytest.mark.parametrize(
    "html",
    [
        '<script src="/static/js/ticket.js" defer></script>',
        '<script id="bars" type="application/json">{"on": 1}</script>',
        '<link rel="stylesheet" href="/static/css/site.css">',
        '<p data-style="quiet" class="style=on">Based on="this" style= of</p>',
        '<a href="https://example.com/">',
    ],
)
def test_forbidden_in_lets_through(html: str) -> None:
    assert forbidden_in(html) == []


def test_page_of_a_test_with_something_forbidden_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.conftest.forbidden_in", lambda page: ["<style>"])

    with pytest.raises(AssertionError, match="<style>"):
        Client().get("/accounts/login/")
