"""Ways out of what one holds: a trailing stop that is canceled, and a sale of all to exactly nothing."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.journey import WAIT_MS, Journey
from tests.e2e.journeys.test_orders import TRADER, place
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

SYMBOL = "DIS"
"""Nobody else trades it."""


@pytest.fixture
def journey(page: Page, stack: Stack) -> Journey:
    return signed_in_person(page, stack, TRADER)


def test_trailing_stop_is_placed_seen_and_canceled(page: Page, journey: Journey) -> None:
    journey.open("/trade/KO/order/?side=BUY&more=1")
    page.get_by_label("Order type").select_option("Trailing stop")
    page.get_by_role("textbox", name="Amount").fill("2")
    page.get_by_label("Percent").check()
    page.get_by_label("Trail by").fill("40")
    expect(page.get_by_label("Limit price")).to_be_hidden()
    journey.press("Review order")
    expect(page.get_by_text(re.compile("^Buy 2 shares of .* rises 40% above its lowest"))).to_be_visible()
    if page.get_by_label("I have read this").count():
        page.get_by_label("I have read this").check()
    journey.press("Place buy order")

    expect(page).to_have_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))
    expect(page.get_by_text("Buy 2 shares of KO, trailing stop 40%")).to_be_visible()
    journey.wait_for(page.locator(".receipt .tag", has_text="Working"))
    journey.press("Cancel order")
    journey.wait_for(page.locator(".receipt .tag", has_text="Canceled"))


def test_sell_all_of_a_fraction_leaves_nothing(page: Page, stack: Stack, journey: Journey) -> None:
    place(stack, {"symbol": SYMBOL, "side": "BUY", "qty": "1.234567891"})
    journey.open("/portfolio/")
    held = page.get_by_role("link", name=SYMBOL, exact=True)
    journey.wait_for(held)
    held.first.click()

    page.get_by_role("link", name=re.compile("^Sell all 1.234567891 shares")).click()
    amount = page.get_by_role("textbox", name="Amount")
    expect(amount).to_have_value("1.234567891")
    expect(page.get_by_role("radio", name="Sell")).to_be_checked()
    journey.press("Review order")
    after = page.locator("dl > div", has_text=f"{SYMBOL} after")
    expect(after).to_contain_text("0 shares")
    journey.place("Place sell order")

    journey.wait_for(page.locator(".receipt > .row .tag", has_text="Filled"))
    journey.open("/portfolio/")
    expect(held).to_have_count(0, timeout=WAIT_MS)
    account_id = stack.sandbox.get("/v1/accounts", params={"query": TRADER})[0]["id"]
    positions = stack.sandbox.get(f"/v1/trading/accounts/{account_id}/positions")
    assert [Decimal(each["qty"]) for each in positions if each["symbol"] == SYMBOL] == []


def test_halt_reaches_an_open_page(page: Page, stack: Stack, journey: Journey) -> None:
    journey.open("/trade/XOM/")
    page.evaluate("window.kept = true")
    notice = page.get_by_text("Trading in this is halted", exact=True)
    expect(page.locator(".stat-value [data-price=XOM]")).to_contain_text("$", timeout=WAIT_MS)
    expect(notice).to_be_hidden()
    try:
        stack.sandbox.request("POST", "/_sandbox/scenarios/halt", json={"symbol": "XOM"}).raise_for_status()
        expect(notice).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text("an order is taken now, waits, and may fill")).to_be_visible()
    finally:
        stack.sandbox.request("POST", "/_sandbox/scenarios/resume", json={"symbol": "XOM"}).raise_for_status()
    expect(notice).to_be_hidden(timeout=WAIT_MS)
    assert page.evaluate("window.kept")
