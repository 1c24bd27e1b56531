import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.urls import resolve

from brokerapp.accounts.context_processors import SECTIONS
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui import context_processors
from brokerapp.ui.templatetags import ui

OPENING = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.56"), "$1,234.56"),
        (Decimal("-1234.5"), "−$1,234.50"),
        (Decimal("-0.001"), "$0.00"),
        (Decimal("0.005"), "$0.00"),
        (Decimal("0.015"), "$0.02"),
        (7, "$7.00"),
        (None, "–"),
    ],
)
def test_money_formats_dollars(value, text):
    assert ui.money(value) == text


@pytest.mark.parametrize("value", [1.5, "1.50", True, Decimal("NaN"), Decimal("Infinity")])
def test_money_refuses_what_is_not_an_exact_number(value):
    with pytest.raises(TypeError):
        ui.money(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(5), "+$5.00"),
        (Decimal(-5), "−$5.00"),
        (Decimal(0), "$0.00"),
        (Decimal("0.001"), "$0.00"),
        (None, "–"),
    ],
)
def test_signed_money_has_its_sign_unless_zero(value, text):
    assert ui.signed_money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("238.1749"), "$238.17"),
        (Decimal("0.1234"), "$0.1234"),
        (Decimal("0.50"), "$0.50"),
        (Decimal("0.00004"), "$0.00"),
        (Decimal("-0.1234"), "−$0.1234"),
        (None, "–"),
    ],
)
def test_price_has_four_places_below_a_dollar_only(value, text):
    assert ui.price(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.420000000"), "0.42"),
        (Decimal(1200), "1,200"),
        (Decimal("1E+3"), "1,000"),
        (Decimal("103.204117"), "103.204117"),
        (Decimal("0.1234567899"), "0.123456789"),
        (Decimal("-2.5"), "−2.5"),
        (Decimal(0), "0"),
        (None, "–"),
    ],
)
def test_qty_trims_to_what_is_held(value, text):
    assert ui.qty(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.0123"), "1.23%"),
        (Decimal("-0.5"), "−50.00%"),
        (Decimal("12.3456"), "1,234.56%"),
        (None, "–"),
    ],
)
def test_percent_takes_a_fraction(value, text):
    assert ui.percent(value) == text


def test_delta_up_has_sign_arrow_and_word():
    html = ui.delta(Decimal("12.341"), Decimal("0.1416"))

    assert "delta--up" in html
    assert '<span aria-hidden="true">▲</span>' in html
    assert '<span class="visually-hidden">up </span>+$12.34 (+14.16%)' in html


def test_delta_down_has_sign_arrow_and_word():
    html = ui.delta(Decimal("-84.36"))

    assert "delta--down" in html
    assert "▼" in html
    assert '<span class="visually-hidden">down </span>−$84.36</span>' in html


@pytest.mark.parametrize("amount", [Decimal(0), Decimal("0.004"), Decimal("-0.004")])
def test_delta_that_rounds_to_zero_is_muted(amount):
    html = ui.delta(amount, Decimal(0))

    assert "delta--" not in html
    assert "no change </span>$0.00 (0.00%)" in html


def test_delta_not_known_is_a_dash():
    assert ui.delta(None) == '<span class="delta">–</span>'


@time_machine.travel("2026-11-01T00:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("style", "text"),
    [("full", "Wed 4 Mar, 9:30 am ET"), ("date", "Wed 4 Mar"), ("time", "9:30 am ET")],
)
def test_et_shows_new_york_time_and_carries_utc(style, text):
    assert ui.et(OPENING, style) == f'<time datetime="2026-03-04T14:30:00Z">{text}</time>'


@time_machine.travel("2026-11-01T00:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2025, 7, 4, 16, 5, tzinfo=UTC), "Fri 4 Jul 2025, 12:05 pm ET"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "Wed 31 Dec 2025, 11:59 pm ET"),
        (datetime(2026, 7, 4, 4, 0, tzinfo=UTC), "Sat 4 Jul, 12:00 am ET"),
    ],
)
def test_et_has_the_year_unless_it_is_this_one(instant, text):
    assert text in ui.et(instant)


def test_et_refuses_a_naive_datetime():
    with pytest.raises(ValueError, match="time zone"):
        ui.et(datetime(2026, 3, 4, 9, 30))


def test_et_not_known_is_a_dash():
    assert ui.et(None) == "–"


def test_status_tag_escapes_its_text_and_has_a_shape():
    html = ui.status_tag("<b>Filled</b>", "success")

    assert "tag tag--success" in html
    assert "#shape-check" in html
    assert "&lt;b&gt;Filled" in html


def test_status_tag_refuses_an_unknown_tone():
    with pytest.raises(KeyError):
        ui.status_tag("Filled", "green")


def test_icon_is_decoration_unless_it_is_named():
    assert 'aria-hidden="true"' in ui.icon("bank")
    assert 'role="img" aria-label="Your &quot;bank&quot;"' in ui.icon("bank", 'Your "bank"')


def page_of(path: str) -> RequestContext:
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    request.user = AnonymousUser()
    return RequestContext(request, {"order_id": UUID(int=7)})


def test_account_url_is_of_the_account_in_the_pages_address():
    here = f"/a/{UUID(int=1)}"
    tag = "{% account_url 'trading:order' order_id %}"
    nested = "{% include inner with order_id=order_id only %}"
    for source, values in ((tag, {}), (nested, {"inner": Template(tag)})):
        with (context := page_of(f"{here}/orders/")).push(**values):
            assert Template(source).render(context) == f"{here}/orders/{UUID(int=7)}/"


def test_account_url_on_a_page_without_an_account_needs_one():
    with pytest.raises(ValueError, match="about no account"):
        Template("{% account_url 'trading:orders' %}").render(page_of("/display/"))
    context = page_of("/display/")
    with context.push(account=BrokerageAccount(pk=UUID(int=2))):
        page = Template("{% account_url 'trading:orders' account=account %}").render(context)
    assert page == f"/a/{UUID(int=2)}/orders/"


def test_every_icon_that_is_used_is_drawn(settings):
    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text()
    entries = (*context_processors.ACCOUNT, *context_processors.STAFF, *SECTIONS)
    templates = "".join(path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    names = {icon for _, _, icon, *_ in entries} | {*ui.TONE_ICONS.values(), *ui.MESSAGE_TONES.values()}
    names |= set(re.findall(r'{% icon "([^"]+)"', templates)) | set(
        re.findall(r'icon_name="([^"]+)"', templates)
    )

    assert [name for name in names if f'id="{name}"' not in sprite] == []


def test_tags_work_in_a_template_without_loading_them():
    html = Template("{{ cash|money }} {% delta gain %}").render(
        Context({"cash": Decimal(1), "gain": Decimal(2)})
    )

    assert html.startswith("$1.00 <span")


def test_has_errors_is_true_only_for_a_refused_form():
    class NameForm(forms.Form):
        name = forms.CharField()

    assert ui.has_errors(NameForm({}))
    assert not ui.has_errors(NameForm({"name": "Pat"}))
    assert not ui.has_errors(NameForm())
    assert not ui.has_errors("")
