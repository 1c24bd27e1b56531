"""axe on the pages of each seeded person, at both widths and in both themes."""

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.stack import DEMO_PASSWORD, Stack

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


@pytest.mark.parametrize(
    ("email", "paths"),
    [
        ("", PUBLIC),
        ("applicant@example.com", APPLICANT),
        ("trader@example.com", TRADER),
        ("action@example.com", ["/apply/status/"]),
        ("returned@example.com", ["/transfer/"]),
    ],
    ids=["public", "applicant", "trader", "action", "returned"],
)
def test_axe_finds_nothing(page: Page, stack: Stack, email: str, paths: list[str]) -> None:
    journey = Journey(page, stack, email)
    if email:
        journey.sign_in(email, DEMO_PASSWORD)
    findings = []
    for path in paths:
        journey.open(path)
        findings += axe_everywhere(page)
    assert not findings, "\n".join(findings)
