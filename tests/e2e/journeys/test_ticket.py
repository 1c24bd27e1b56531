"""The ticket by keyboard alone on a phone, and without scripts."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import WAIT_MS, Journey
from tests.e2e.people import come_in, signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

TRADER = "trader@example.com"
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


def last_price(page: Page) -> Decimal:
    expect(page.locator(".stat-value").first).to_contain_text("$", timeout=WAIT_MS)  # it is pushed
    return Decimal(page.locator(".stat-value").first.inner_text().replace("$", "").replace(",", ""))


def cents(price: Decimal) -> str:
    return f"{price:.2f}"


def place(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).press("Enter")
    expect(page).to_have_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))


def test_limit_sale_and_bracket_by_keyboard_on_a_phone(phone: Page, stack: Stack) -> None:
    page, journey = phone, Journey(phone, stack, TRADER)
    come_in(journey)
    journey.open("/trade/AAPL/")
    expect(page.get_by_role("button", name="Review order")).to_be_hidden()
    page.get_by_role("link", name="Sell AAPL").press("Enter")

    price = last_price(page)
    expect(page.get_by_label("Limit price")).to_be_hidden()
    page.get_by_role("radio", name="Limit").press("Space")
    page.get_by_role("textbox", name="Amount").press_sequentially("0.5")
    page.get_by_label("Limit price").press_sequentially(cents(price * Decimal("1.05")))
    expect(page.locator("[data-ticket-estimate]")).to_contain_text("Sell 0.5 shares of")
    # A fraction is good for today only: the other answer is off, and says why.
    expect(page.get_by_role("radio", name="Until canceled")).to_be_disabled()
    expect(page.get_by_text("Until canceled: Fractions of a share")).to_be_visible()
    assert axe_everywhere(page) == []
    page.get_by_label("Limit price").press("Enter")
    expect(page.get_by_text(re.compile(r"^Sell 0\.5 shares of .* at \$[\d,.]+ or more$"))).to_be_visible()
    assert axe_everywhere(page) == []
    place(page, "Place sell order")

    journey.open("/trade/MSFT/order/?side=BUY")
    page.get_by_role("button", name="More order types").press("Enter")
    price = last_price(page)
    page.get_by_role("textbox", name="Amount").press_sequentially("1")
    page.get_by_label("Then sell by itself").press("ArrowDown")
    expect(page.get_by_label("Then sell by itself")).to_have_value("BOTH")
    page.get_by_label("Take profit at").press_sequentially(cents(price * Decimal("1.2")))
    page.get_by_label("Stop loss at").press_sequentially(cents(price * Decimal("0.8")))
    expect(page.get_by_label("Stop price")).to_be_hidden()
    page.get_by_role("button", name="Review order").press("Enter")
    expect(page.get_by_text(re.compile(r"^Buy 1 share of .* at market, then sell at"))).to_be_visible()
    place(page, "Place buy order")


def test_ticket_without_scripts(browser: Browser, stack: Stack) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        journey = signed_in_person(page, stack, TRADER)
        journey.open("/trade/KO/order/")
        page.get_by_role("textbox", name="Amount").fill("3")
        page.get_by_role("button", name="More order types").click()
        expect(page.get_by_role("textbox", name="Amount")).to_have_value("3")

        page.get_by_label("Order type").select_option("Trailing stop")
        page.get_by_label("Good for").select_option("At the open")
        journey.press("Review order")
        expect(page.get_by_text("can only be good for today or until canceled").first).to_be_visible()
        expect(page.get_by_label("Order type")).to_have_value("TRAILING_STOP")

        page.get_by_label("Good for").select_option("Until canceled")
        page.get_by_label("Trail by").fill("1.5")
        page.get_by_label("Percent").check()
        journey.press("Review order")
        said = "Buy 3 shares of The Coca-Cola Company at market once the price rises 1.5% above its lowest"
        expect(page.get_by_text(re.compile(said.replace("The Coca-Cola Company", ".*")))).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="Edit").first.click()
        expect(page.get_by_label("Trail by")).to_have_value("1.5")
        journey.press("Review order")
        journey.place("Place buy order")
    finally:
        context.close()


def test_button_stays_under_the_pointer_when_the_estimate_comes_meanwhile(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    journey.open("/trade/JNJ/")  # no other test leaves an open order of it, which this one could meet
    address = str(page.locator("form[data-ticket]").get_attribute("data-estimate-url"))
    held: list[Route] = []
    pressed = False

    def hold(route: Route) -> None:
        if pressed:
            route.continue_()
        else:
            held.append(route)

    page.route(f"**{address}", hold)
    with page.expect_request(f"**{address}"):
        page.get_by_label("Amount").fill("10")
    page.get_by_role("button", name="Review order").hover()
    page.mouse.down()
    with page.expect_response(f"**{address}") as reply:
        pressed = True
        for route in held:
            route.continue_()
    reply.value.finished()
    page.evaluate(TWO_FRAMES)
    page.mouse.up()

    journey.expect_heading("Review your order")
