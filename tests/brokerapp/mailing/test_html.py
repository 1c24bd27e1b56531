"""A mail's text as HTML: what becomes of each block; and that no mail loads anything or names a brand."""

import re

import pytest
from django.conf import LazySettings
from django.test import Client

from brokerapp.mailing.html import Block, as_html, blocks_of
from brokerapp.notices import samples

TEXT = """A sentence with a colon: it stays one.
Its second line.

Account: Individual ••6106
Our reference: 12

See the transfer: https://example.com/a/1/

Choose here:
https://example.com/b/"""


def test_blocks_of_a_text() -> None:
    assert blocks_of(TEXT) == [
        Block(lines=("A sentence with a colon: it stays one.", "Its second line.")),
        Block(facts=(("Account", "Individual ••6106"), ("Our reference", "12"))),
        Block(label="See the transfer", url="https://example.com/a/1/", is_button=True),
        Block(lines=("Choose here:",)),
        Block(url="https://example.com/b/"),
    ]


def test_as_html_escapes_what_the_text_has_in_it() -> None:
    html = as_html(
        "A <b>subject</b>", 'One & two <script>alert("1")</script>\n\nGo: https://example.com/?a=1&b="2"'
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "One &amp; two" in html
    assert 'href="https://example.com/?a=1&amp;b=&quot;2&quot;"' in html


MAILS = samples.mails()


@pytest.mark.parametrize("key", sorted(MAILS))
def test_mail_loads_nothing_and_says_all_that_its_text_says(key: str) -> None:
    mail = MAILS[key]
    html = str(mail.alternatives[0][0])  # type: ignore[attr-defined]

    assert not re.search(r"<(img|script|link|iframe|object|video|form)\b|url\(|@import|\bsrc=", html)
    assert html.count('class="button"') == (1 if "http" in str(mail.body) else 0)
    for address in re.findall(r"https?://\S+", str(mail.body)):
        assert f'href="{address}"' in html
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    assert "Brokerage" not in html + str(mail.body) + str(mail.subject)
    for raw in ("{{", "{%", "None", "&amp;lt;"):
        assert raw not in html, raw
    assert "Our reference" in html or key not in NOTICES


NOTICES = {kind.lower().replace("_", "-") for kind, words in samples.WORDS.items() if not words.mailed_apart}
"""Mails of notices; the others tell of no receipt."""


@pytest.mark.django_db
def test_page_of_all_mails_shows_each_and_is_not_there_in_production(settings: LazySettings) -> None:
    client = Client()
    settings.DEVELOPMENT = True
    page = client.get("/styleguide/mails/")
    alone = client.get("/styleguide/mails/deposit-done/")

    assert page.content.decode().count("<iframe") == len(MAILS)
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    policy = alone["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'none'", "img-src 'none'", "sandbox"):
        assert part in policy
    assert client.get("/styleguide/mails/no-such/").status_code == 404
    settings.DEVELOPMENT = settings.DEMO_MODE = False
    assert client.get("/styleguide/mails/").status_code == 404
    assert client.get("/styleguide/mails/deposit-done/").status_code == 404
