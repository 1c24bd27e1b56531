"""axe on the pages of a new person and of one with money and shares, at both widths and in both themes."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.axe import axe
from tests.e2e.journey import Journey
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

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


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, stack: Stack, scheme: str, width: int) -> None:
    findings = []
    for email, paths in (("", PUBLIC), ("applicant@example.com", APPLICANT), ("trader@example.com", TRADER)):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
        journey = Journey(context.new_page(), stack, email)
        if email:
            journey.sign_in(email, PASSWORD)
            journey.page.wait_for_url(lambda url: "/login/" not in url)
        for path in paths:
            journey.open(path)
            findings += [f"{path} {finding}" for finding in axe(journey.page)]
            overflow = journey.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            findings += [f"{path} scrolls sideways at {width} px"] if overflow else []
        context.close()
    assert not findings, "\n".join(findings)
