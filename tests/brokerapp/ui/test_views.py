import pytest
from django.template.loader import render_to_string
from django.urls import reverse


def test_display_post_sets_cookies_and_returns_to_our_page(client):
    response = client.post(reverse("display"), {"theme": "dark", "next": "/styleguide/"})

    assert response.status_code == 302
    assert response["Location"] == "/styleguide/"
    assert response.cookies["theme"].value == "dark"


def test_display_post_keeps_the_other_preferences(client):
    client.cookies["palette"] = "blue-orange"

    response = client.post(reverse("display"), {"theme": "light", "next": "/styleguide/"})

    assert response.cookies["palette"].value == "blue-orange"


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_display_post_does_not_leave_this_site(client, url):
    response = client.post(reverse("display"), {"theme": "dark", "next": url})

    assert response["Location"] == reverse("display")


@pytest.mark.django_db
def test_display_post_refuses_an_unknown_theme(client):
    response = client.post(reverse("display"), {"theme": "pink"})

    assert response.status_code == 422
    assert "theme" not in response.cookies
    assert "<title>Error: Display" in response.content.decode()


@pytest.mark.django_db
def test_page_has_the_preferences_of_its_cookies(client):
    client.cookies["theme"] = "dark"
    client.cookies["palette"] = "<script>"

    html = client.get(reverse("display")).content.decode()

    assert '<html lang="en" data-theme="dark">' in html


@pytest.mark.django_db
def test_styleguide_is_not_there_in_production(client, settings):
    settings.DEVELOPMENT = settings.DEMO_MODE = False

    assert client.get(reverse("styleguide")).status_code == 404


@pytest.mark.django_db
def test_styleguide_is_free_of_inline_scripts_and_styles(client, settings):
    settings.DEMO_MODE = True

    html = client.get(reverse("styleguide")).content.decode()

    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html


@pytest.mark.parametrize("template", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_page_stands_alone_and_gives_the_reference(template):
    assert "reference" not in render_to_string(template)
    assert "<code>7f3c2a91</code>" in render_to_string(template, {"reference": "7f3c2a91"})
