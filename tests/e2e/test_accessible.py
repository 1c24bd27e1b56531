"""axe on the pages of a new person and of one with money and shares, at both widths and in both themes."""

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe
from tests.e2e.journey import Journey
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

PUBLIC = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/agreements/customer_agreement/",
]
APPLICANT = [
    "/apply/",
    "/apply/check/",
    *(
        f"/apply/{key}/"
        for key in (
            "name",
            "contact",
            "identity",
            "tax-id",
            "documents",
            "work",
            "disclosures",
            "trusted-contact",
            "agreements",
        )
    ),
]
TRADER = [
    "/apply/status/",
    "/portfolio/",
    "/portfolio/AAPL/",
    "/trade/",
    "/trade/?q=app",
    "/trade/AAPL/",
    "/orders/",
    "/orders/?tab=closed",
    "/transfer/",
    "/transfer/deposit/",
    "/transfer/withdraw/",
    "/mailbox/",
    "/display/",
]
PASSWORD = "practice-makes-perfect"


WIDTHS = (1280, 390)


@pytest.mark.parametrize(
    ("email", "paths"),
    [("", PUBLIC), ("applicant@example.com", APPLICANT), ("trader@example.com", TRADER)],
    ids=["public", "applicant", "trader"],
)
def test_axe_finds_nothing(page: Page, stack: Stack, email: str, paths: list[str]) -> None:
    journey = Journey(page, stack, email)
    if email:
        journey.sign_in(email, PASSWORD)
    findings = [finding for path in paths for finding in findings_on(journey, path)]
    assert not findings, "\n".join(findings)


def findings_on(journey: Journey, path: str) -> list[str]:
    """What breaks at each width in light, and which colors do in dark."""
    page = journey.page
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    journey.open(path)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{path} at {width} px: {finding}" for finding in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} scrolls sideways at {width} px")
    page.emulate_media(color_scheme="dark")
    return found + [f"{path} in dark: {finding}" for finding in axe(page, rule="color-contrast")]
