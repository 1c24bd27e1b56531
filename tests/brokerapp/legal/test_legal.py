"""Legal pages: samples that say so, the company's own where they are given, and no live site with samples."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from brokerapp.legal.checks import NEEDED, check_legal
from brokerapp.legal.texts import TEXTS
from brokerapp.units.broker_kind import BrokerKind
from tests.brokerapp.deployment.processes import GOOD, manage

pytestmark = pytest.mark.django_db
OWN = str(Path(__file__).with_name("own"))


@pytest.mark.parametrize("key", TEXTS)
def test_page_of_a_sample_says_that_it_is_one(key: str) -> None:
    page = Client().get(f"/legal/{key}/")
    assert page.status_code == 200
    assert ("This is a sample" in page.content.decode()) is (key != "fees")


def test_every_page_links_the_legal_ones() -> None:
    page = Client().get("/").content.decode()
    for key in TEXTS:
        assert f'href="/legal/{key}/"' in page
    assert Client().get("/legal/no-such/").status_code == 404


def test_page_with_the_companys_own_text_is_no_sample(settings: LazySettings) -> None:
    ours: dict[str, Any] = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**ours, "DIRS": [OWN, *ours["DIRS"]]}]
    page = Client().get("/legal/terms/").content.decode()
    assert "own words on terms" in page
    assert "This is a sample" not in page


def test_form_crs_leads_to_the_companys_once_it_has_one(settings: LazySettings) -> None:
    settings.LEGAL_FORM_CRS_URL = "https://broker.example.com/crs.pdf"
    page = Client().get("/legal/form-crs/").content.decode()
    assert 'href="https://broker.example.com/crs.pdf"' in page
    assert "This is a sample" not in page


def test_fees_are_those_that_the_review_estimates_with(settings: LazySettings) -> None:
    page = Client().get("/legal/fees/").content.decode()
    for rates in settings.FEE_RATES.values():
        for _, rate in rates:
            assert f"${rate} " in page


def test_check_names_all_that_a_live_site_does_not_say(settings: LazySettings) -> None:
    settings.DEVELOPMENT = False
    settings.BROKER_KIND = BrokerKind.LIVE
    said = " ".join(problem.msg for problem in check_legal(None))
    for name in NEEDED:
        assert name in said
    assert "Terms of use, Privacy, Disclosures, Business continuity" in said
    settings.BROKER_KIND = BrokerKind.BUILT_IN
    assert check_legal(None) == []


def test_live_site_without_its_own_texts_does_not_start() -> None:
    done = manage("check", LEGAL_TEMPLATES_DIR=None, LEGAL_ENTITY=None)
    assert done.returncode != 0
    assert "legal pages are still samples" in done.stderr
    assert "LEGAL_ENTITY is not set" in done.stderr
    assert GOOD["LEGAL_TEMPLATES_DIR"] == OWN
