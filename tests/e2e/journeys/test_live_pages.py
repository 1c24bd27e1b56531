"""What happens in one tab reaches the others by itself."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.journey import WAIT_MS
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

TRADER = "trader@example.com"


def test_an_order_and_prices_reach_every_open_page_without_a_reload(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    tabs: dict[str, Page] = {}
    for path in ("/portfolio/", "/orders/?tab=closed", "/trade/PFE/"):
        tabs[path] = page.context.new_page()
        tabs[path].goto(stack.url + path)
        tabs[path].evaluate("window.kept = true")
    before = tabs["/trade/PFE/"].locator(".stat-value [data-price=PFE]").inner_text()

    news = (
        ("/portfolio/", tabs["/portfolio/"].get_by_role("link", name="PFE", exact=True)),
        ("/orders/?tab=closed", tabs["/orders/?tab=closed"].get_by_role("link", name=re.compile("PFE"))),
        ("/trade/PFE/", tabs["/trade/PFE/"].get_by_role("heading", name="What you hold")),
    )
    for _, what in news:
        expect(what).to_have_count(0)  # nobody traded this before

    journey.review_order("PFE", "0.1")
    journey.place("Place buy order")

    for path, what in news:
        expect(what.first).to_be_visible(timeout=WAIT_MS)
        assert tabs[path].evaluate("window.kept")
    price = tabs["/trade/PFE/"].locator(".stat-value [data-price=PFE]")
    expect(price).not_to_have_text(before, timeout=WAIT_MS)
    assert tabs["/trade/PFE/"].evaluate("window.kept")
