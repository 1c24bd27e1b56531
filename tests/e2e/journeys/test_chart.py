import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

TRADER = "trader@example.com"
A_DAY = re.compile(r"open \$")


def test_chart_is_read_by_keyboard_and_keeps_its_range(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    journey.open("/trade/AAPL/")
    chart = page.get_by_role("slider", name="Price of AAPL")

    page.get_by_role("link", name="one year").press("Enter")
    expect(page).to_have_url(re.compile(r"range=1Y"))
    expect(chart).to_have_attribute("aria-valuetext", re.compile("over this range"), timeout=30_000)
    chart.press("End")
    expect(chart).to_have_attribute("aria-valuetext", A_DAY)
    newest = str(chart.get_attribute("aria-valuetext"))
    chart.press("ArrowLeft")
    expect(chart).not_to_have_attribute("aria-valuetext", newest)
    expect(chart).to_have_attribute("aria-valuetext", A_DAY)

    page.reload()
    expect(page.get_by_role("link", name="one year")).to_have_attribute("aria-current", "true")


def test_prices_without_javascript_are_a_table(browser: Browser, stack: Stack) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        journey = signed_in_person(page, stack, TRADER)
        journey.open("/trade/AAPL/")
        page.get_by_role("link", name="three months").click()
        for _ in range(20):  # the first who asks waits for the broker
            if page.get_by_role("table").count():
                break
            page.wait_for_timeout(1000)
            page.reload()
        expect(page.get_by_role("row")).not_to_have_count(0)
        expect(page.get_by_role("columnheader", name="Close")).to_be_visible()
    finally:
        context.close()
