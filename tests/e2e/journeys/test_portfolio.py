"""The portfolio in a browser: its chart and the table beside it, ranges by keyboard, sorting, on a phone."""

import re

from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.journey import Journey
from tests.e2e.stack import DEMO_PASSWORD, Stack

TRADER = "trader@example.com"
DRAWN_ANEW = """async (plot) => {
    document.documentElement.dataset.palette = "drawn-anew";
    await Promise.resolve(); // what watches the palette has heard of it
    return plot.getAttribute("aria-valuetext");
}"""


TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def signed_in(page: Page, stack: Stack) -> Journey:
    journey = Journey(page, stack, TRADER)
    journey.sign_in(TRADER, DEMO_PASSWORD)
    return journey


def test_portfolio_chart_is_read_by_keyboard_and_keeps_range_and_order(page: Page, stack: Stack) -> None:
    journey = signed_in(page, stack)
    journey.open("/portfolio/?sort=-value")
    chart = page.get_by_role("slider", name="Value of your portfolio")

    page.get_by_role("link", name="one year").press("Enter")
    expect(page).to_have_url(re.compile(r"sort=-value&range=1Y"))
    expect(chart).to_have_attribute("aria-valuemax", re.compile(r"[2-9]\d\d"), timeout=60_000)
    chart.press("Home")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r": \$[\d,]+\.\d\d"))
    oldest = str(chart.get_attribute("aria-valuetext"))
    # Drawn anew, as when values come in: who reads stays at the day they were at.
    assert chart.evaluate(DRAWN_ANEW) == oldest
    expect(chart).to_have_attribute("aria-valuetext", oldest)
    chart.press("End")
    expect(chart).not_to_have_attribute("aria-valuetext", oldest)
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r": \$[\d,]+\.\d\d"))

    page.get_by_role("columnheader", name="Total gain").get_by_role("link").press("Enter")
    expect(page).to_have_url(re.compile(r"range=1Y.*sort=-gain|sort=-gain.*range=1Y"))
    expect(page.get_by_role("columnheader", name="Total gain")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("link", name="one year")).to_have_attribute("aria-current", "true")


def test_portfolio_chart_keeps_its_reader_while_another_range_comes_in(page: Page, stack: Stack) -> None:
    journey = signed_in(page, stack)
    journey.open("/portfolio/")
    chart = page.get_by_role("slider", name="Value of your portfolio")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("over this range"), timeout=60_000)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("range=1Y"), hold)
    with page.expect_request(re.compile("range=1Y")):
        page.get_by_role("link", name="one year").press("Enter")
    chart.press("Home")
    day = str(chart.get_attribute("aria-valuetext")).split(":")[0]
    number = str(chart.get_attribute("aria-valuemax"))

    held[0].continue_()
    expect(chart).not_to_have_attribute("aria-valuemax", number)
    page.evaluate(TWO_FRAMES)

    expect(chart).to_have_attribute("aria-valuetext", re.compile(f"^{day}: "))


def test_portfolio_without_javascript_has_values_returns_and_reasons(browser: Browser, stack: Stack) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        journey = signed_in(page, stack)
        journey.open("/portfolio/?range=1Y")
        expect(page.get_by_role("link", name="one year")).to_have_attribute("aria-current", "true")
        expect(page.get_by_text("Can be withdrawn")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

        page.get_by_role("link", name="Values as a table").click()
        expect(page.get_by_role("row")).not_to_have_count(0)
        journey.open("/portfolio/all/performance/")
        expect(page.get_by_text("How this is worked out")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        context.close()
