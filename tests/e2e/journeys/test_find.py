import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import axe, axe_everywhere
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

TRADER = "trader@example.com"


def test_search_by_keyboard_leads_to_the_asset(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    journey.open("/portfolio/")
    # As narrow as the field gets beside a long market status.
    page.locator(".site-search").evaluate("field => { field.style.flexBasis = '7rem' }")

    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search stocks and ETFs")
    expect(search).to_be_focused()
    search.press_sequentially("coka-cola com")
    expect(page.get_by_role("group", name="Did you mean").get_by_role("option").first).to_be_visible()
    assert axe(page, ".site-search") == []
    search.fill("coca-cola com")
    expect(page.get_by_role("option").first).to_contain_text("KO", timeout=30_000)
    assert page.get_by_role("listbox").evaluate("list => list.scrollWidth <= list.clientWidth"), "cut off"
    search.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    search.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    search.press("ArrowDown")
    search.press("Enter")

    expect(page).to_have_url(re.compile("/trade/KO/"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_watchlist_from_star_to_undo(browser: Browser, stack: Stack, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    try:
        page = context.new_page()
        journey = signed_in_person(page, stack, TRADER)
        journey.open("/trade/?q=microsoft")
        star = page.get_by_role("button", name="Watch MSFT")
        star.press("Enter")
        expect(star).to_have_attribute("aria-pressed", "true")

        journey.open("/watchlists/")
        page.get_by_role("button", name="Watch MSFT").press("Enter")
        expect(page.get_by_text("MSFT is off this list.")).to_be_visible()
        page.get_by_role("button", name="Put it back").press("Enter")
        expect(page.get_by_role("link", name="MSFT")).to_be_visible()
        if scripts:
            assert axe_everywhere(page) == []
        page.get_by_role("button", name="Watch MSFT").press("Enter")
    finally:
        context.close()
