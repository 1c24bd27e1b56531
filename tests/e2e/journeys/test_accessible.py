"""The pages of each seeded person: axe at both widths and in both themes, and the content security policy."""

import re

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.people import come_in, signed_in_person
from tests.e2e.policy import watch_policy
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

PUBLIC = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/agreements/customer_agreement/",
    "/help/?reference=0123456789abcdef",
    "/legal/",
    "/legal/terms/",
    "/legal/fees/",
]
APPLICANT = [
    "/apply/",
    "/apply/check/",
    *(
        f"/apply/{key}/"
        for key in (
            "eligibility",
            "name",
            "contact",
            "identity",
            "tax-id",
            "documents",
            "work",
            "finances",
            "investing",
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
    "/portfolio/all/performance/",
    "/portfolio/all/values/?range=1Y",
    "/trade/",
    "/trade/?q=app",
    "/trade/AAPL/",
    "/trade/AAPL/order/?more=1",
    "/trade/AAPL/prices/",
    "/orders/",
    "/orders/?tab=closed",
    "/transfer/",
    "/transfer/deposit/",
    "/transfer/withdraw/",
    "/mailbox/",
    "/inbox/",
    "/inbox/?about=documents",
    "/inbox/preferences/",
    "/help/?reference=0123456789abcdef",
    "/help/cases/",
    "/display/",
    "/profile/",
    "/profile/work/",
    "/profile/disclosures/",
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
def test_axe_finds_nothing_and_pages_keep_to_the_policy(
    page: Page, stack: Stack, email: str, paths: list[str]
) -> None:
    journey, said = Journey(page, stack, email), watch_policy(page)
    if email:
        come_in(journey)
    findings = []
    for path in paths:
        journey.open(path)
        findings += axe_everywhere(page, frame=path == paths[0])
    assert not findings, "\n".join(findings)
    assert said == []


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_an_order_and_of_a_transfer_align_alike(page: Page, stack: Stack, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    journey = signed_in_person(page, stack, "trader@example.com")
    edges = []
    # Both are done, so that nothing has to be said above the heading.
    for path, done, address in (
        ("/orders/?tab=closed", "Filled", r"/orders/[0-9a-f-]{36}/$"),
        ("/transfer/", "Complete", r"/transfer/[0-9a-f-]{36}/$"),
    ):
        journey.open(path)
        rows = page.get_by_role("main").locator("tr, li").filter(has_text=done)
        links = rows.locator("a").evaluate_all("all => all.map(one => one.href)")
        page.goto(next(link for link in links if re.search(address, link)))
        parts = [page.locator(part).first.bounding_box() for part in (".back-link", "h1", ".receipt")]
        edges.append([(round(box["x"]), round(box["y"])) for box in parts if box])
    assert len(edges[0]) == 3
    # The parts begin at the same places; below the heading the texts differ in length.
    assert edges[0][:2] == edges[1][:2]
    assert edges[0][2][0] == edges[1][2][0]
