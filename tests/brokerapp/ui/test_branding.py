"""Another brand by settings alone, readable in both themes; and nothing of ours says a name by itself."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from brokerapp.ui import contrast
from brokerapp.ui.brand_checks import check_brand
from devstack.paths import ROOT
from tests.factories import UserFactory

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
