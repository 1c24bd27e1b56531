"""Another brand by settings alone, readable in both themes; and nothing of ours says a name by itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.notices import samples
from brokerapp.ui import branding, contrast
from brokerapp.ui.brand_checks import check_brand
from devstack.paths import ROOT
from tests.addresses import addresses
from tests.factories import BrokerageAccountFactory, UserFactory, confirm, staff_in_role

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'


@pytest.fixture
def other_brand(settings: LazySettings, tmp_path: Path) -> LazySettings:
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    settings.BRAND_NAME, settings.BRAND_LOGO = "Harbor Invest", str(logo)
    settings.BRAND_COLOR, settings.LEGAL_ENTITY = "#8a1c4a", "Harbor Securities LLC"
    settings.LEGAL_ADDRESS = "1 Pier, Boston, MA 02110"
    return settings


@pytest.mark.django_db
def test_other_brand_is_on_every_page_by_settings_alone(other_brand: LazySettings) -> None:
    client = Client()
    client.force_login(UserFactory.create())
    for address in ("/home/", "/display/", "/legal/terms/", "/help/", "/no/such/page/"):
        page = client.get(address, follow=True).content.decode()
        assert "Harbor Invest" in page, address
        assert other_brand.SAMPLE_BRAND_NAME not in page, address
        logo, colors = (
            re.search(r'src="(/brand/logo/[^"]+)"', page),
            re.search(r'"(/brand/colors[^"]+)"', page),
        )
        assert logo, address
        assert colors, address
        assert client.get(logo[1]).content.decode() == LOGO
        assert "#8a1c4a" in client.get(colors[1]).content.decode()
    assert "Harbor Securities LLC" in client.get("/display/").content.decode()
    assert "1 Pier, Boston" in client.get("/display/").content.decode()


NO_PAGES = ("/live/", "/mail/reports/")
"""What no person looks at."""


def urls_of(account: BrokerageAccount) -> Iterator[str]:
    """Every page of a person that names no more than their account, and staff's home, lists and search."""
    for address in addresses():
        if address.is_admin or not address.name or set(address.params) - {"account_id"}:
            continue
        if not f"/{address.route}".startswith(NO_PAGES):
            yield reverse(address.name, kwargs=dict.fromkeys(address.params, account.pk))
    yield from (reverse(f"admin:{name}") for name in ("index", "ops_search", "calls_apicall_changelist"))


@pytest.mark.django_db
def test_no_page_says_the_built_in_name_where_another_is_set(
    other_brand: LazySettings, settings: LazySettings
) -> None:
    settings.DEMO_MODE = True
    account = BrokerageAccountFactory.create(user=staff_in_role(Role.OPERATIONS))
    client = Client(raise_request_exception=False)
    client.force_login(account.user)
    confirm(client)
    said = 0
    for url in urls_of(account):
        reply = client.get(url)
        if reply.streaming or "text/html" not in reply["Content-Type"]:
            continue
        page = reply.content.decode()
        assert other_brand.SAMPLE_BRAND_NAME not in page, url
        if "</html>" in page:
            assert "Harbor Invest" in page, url
            said += 1
    assert said > 40


def test_no_mail_has_the_built_in_name_or_colors_where_others_are_set(other_brand: LazySettings) -> None:
    other_brand.DEFAULT_FROM_EMAIL = "Harbor Invest <no-reply@harbor.example>"
    for key, mail in samples.mails().items():
        html = str(getattr(mail, "alternatives", [("",)])[0][0])
        whole = f"{mail.from_email} {mail.subject} {mail.body} {html}"
        assert other_brand.SAMPLE_BRAND_NAME not in whole, key
        assert "Harbor Invest" in html, key
        assert "#8a1c4a" in html, key
        assert branding.OURS not in html, key
        assert branding.OURS_DARK not in html, key


@pytest.mark.django_db
def test_tab_has_our_icon_in_the_brands_color_where_there_is_no_logo(settings: LazySettings) -> None:
    settings.BRAND_COLOR = "#8a1c4a"
    page = Client().get("/").content.decode()
    icon = re.search(r'rel="icon" href="(/brand/logo/[^"]+)"', page)
    assert icon
    drawn = Client().get(icon[1]).content.decode()
    assert 'fill="#8a1c4a"' in drawn
    assert branding.OURS not in drawn
    assert "brand-logo" not in page


@pytest.mark.django_db
def test_site_without_a_brand_of_its_own_has_no_files_of_one() -> None:
    for address in ("/brand/logo/", "/brand/colors.css"):
        assert Client().get(address).status_code == 404


def test_no_template_says_a_name_by_itself() -> None:
    for path in (ROOT / "templates").rglob("*.*"):
        text = path.read_text()
        assert not re.search(r"\bBrokerage\b|Sample Broker", text), path


@pytest.mark.parametrize("one", ["#000000", "#1d4e89", "#ffffff"])
def test_ratio_is_that_of_wcag(one: str) -> None:
    assert contrast.ratio(one, one) == 1
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_backgrounds_are_those_of_the_design_system() -> None:
    tokens = (ROOT / "static" / "css" / "tokens.css").read_text()
    found = dict(re.findall(r"--(canvas|surface|sunken): light-dark\((#\w+, #\w+)\)", tokens))
    for place, name in (("the page", "canvas"), ("cards", "surface"), ("sunken areas", "sunken")):
        light, dark = found[name].split(", ")
        assert contrast.LIGHT_BACKGROUNDS[place] == (light if len(light) == 7 else "#ffffff")
        assert contrast.DARK_BACKGROUNDS[place] == dark


@pytest.mark.parametrize("color", ["#1d4e89", "#8a1c4a", "#0b6b3a", "#4a148c", "#000000", "#7a4f00"])
def test_one_dark_color_is_enough_for_both_themes(color: str) -> None:
    assert list(contrast.unreadable(contrast.colors_of(color))) == []


@pytest.mark.parametrize(
    ("color", "dark", "named"),
    [
        ("#ffcc00", "", "BRAND_COLOR is #ffcc00: as text on the page, in the light theme"),
        ("#1d4e89", "#333333", "BRAND_COLOR_DARK is #333333: as text on the page, in the dark theme"),
        ("#777777", "", "BRAND_COLOR is #777777"),
        ("blue", "", "BRAND_COLOR is blue, which is no color"),
        ("#1d4e89", "white", "BRAND_COLOR_DARK is white, which is no color"),
        ("", "#ffffff", "BRAND_COLOR_DARK is set without BRAND_COLOR"),
    ],
)
def test_check_brand_names_the_setting_that_cannot_be_read(
    settings: LazySettings, color: str, dark: str, named: str
) -> None:
    settings.BRAND_COLOR, settings.BRAND_COLOR_DARK = color, dark
    assert any(named in problem.msg for problem in check_brand(None))


def test_check_brand_of_a_logo_that_is_not_there(settings: LazySettings, tmp_path: Path) -> None:
    settings.BRAND_LOGO = str(tmp_path / "none.svg")
    assert "BRAND_LOGO" in check_brand(None)[0].msg
    (tmp_path / "large.svg").write_text("x" * 300_000)
    settings.BRAND_LOGO = str(tmp_path / "large.svg")
    assert "every visitor loads it" in check_brand(None)[0].msg
    settings.BRAND_LOGO = ""
    assert check_brand(None) == []
