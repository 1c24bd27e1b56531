"""The portfolio in a browser: its chart and the table beside it, ranges by keyboard, sorting, on a phone."""

import itertools
import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

TRADER = "trader@example.com"
DRAWN_ANEW = """async (plot) => {
    document.documentElement.dataset.palette = "drawn-anew";
    await Promise.resolve(); // what watches the palette has heard of it
    return plot.getAttribute("aria-valuetext");
}"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RETURNED = "returned@example.com"
"""Whose account holds nothing at the broker, and whose positions nobody reads again meanwhile."""
MINE = f"""account_id IN (SELECT account.id FROM accounts_brokerageaccount account
    JOIN accounts_user person ON person.id = account.user_id WHERE person.email = '{RETURNED}')"""
HOLD = f"""INSERT INTO trading_position (account_id, asset_id, symbol, qty, cost_basis, synced_at)
    SELECT account_id, asset.id, asset.symbol, 1, 1, now()
    FROM (SELECT * FROM trading_asset WHERE asset_class = 'us_equity' AND status = 'active'
        ORDER BY symbol LIMIT 60) asset, trading_positionssync WHERE {MINE}"""
READ = f"UPDATE trading_positionssync SET synced_at = now(), due_at = now() + interval '1 day' WHERE {MINE}"
COMES_BACK = """() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))"""
"""What a page is told when somebody comes back to it: it fetches what is live anew, as after a push."""


@pytest.fixture
def change(stack: Stack) -> Iterator[Callable[[str], object]]:
    """Runs a statement; the account of RETURNED holds sixty positions for the length of the test."""
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(READ)
        connection.execute(HOLD)
        yield connection.execute
        connection.execute(f"DELETE FROM trading_position WHERE {MINE}")


def test_portfolio_second_page_stays_the_second_when_values_come_in(
    page: Page, stack: Stack, change: Callable[[str], object]
) -> None:
    journey = signed_in_person(page, stack, RETURNED)
    journey.open("/portfolio/?sort=-name")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next page").click()
    shown = page.get_by_text("60 positions, 26 to 60 shown")
    expect(shown).to_be_visible()
    row = page.get_by_role("table", name="What you hold, at last prices").locator("tbody tr").last
    symbol = row.get_by_role("link").inner_text()
    page.evaluate("window.kept = true")

    change(f"UPDATE trading_position SET qty = 7 WHERE symbol = '{symbol}' AND {MINE}")
    page.evaluate(COMES_BACK)

    expect(row.locator("td").first).to_have_text(re.compile(r"^7\s*at"))
    assert row.get_by_role("link").inner_text() == symbol
    expect(shown).to_be_visible()
    expect(page).to_have_url(re.compile(r"sort=-name&page=2"))
    assert page.evaluate("window.kept")


def test_portfolio_chart_is_read_by_keyboard_and_keeps_range_and_order(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
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


@pytest.mark.parametrize(("width", "words"), [(390, "Buy AAPL"), (1280, "Buy")])
def test_position_leads_to_its_asset_and_to_one_button_to_buy(
    width: int, words: str, page: Page, stack: Stack
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    signed_in_person(page, stack, TRADER).open("/portfolio/AAPL/")

    button = page.locator("a[href*='side=BUY']:visible")
    expect(button).to_have_text(words)
    expect(button).to_be_in_viewport()
    page.get_by_role("link", name="AAPL", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"/trade/AAPL/$"))


LABELS = """async ([width, count, marked]) => {
    const { layOutLabels } = await import(document.querySelector("script[src*=equity_chart]").src);
    return layOutLabels(width, count, marked);
}"""


@pytest.mark.parametrize(
    ("width", "marked", "labelled"),
    [
        (300, [], True),
        (300, [0, 29], True),
        (300, [2, 15], True),
        (300, [0, 3, 29], False),
        (1000, [0, 3, 16], True),
        (60, [0], False),
        (0, [0, 29], False),
    ],
)
def test_portfolio_chart_cuts_off_no_label_and_covers_none(
    width: int, marked: list[int], labelled: bool, page: Page, stack: Stack
) -> None:
    count = 30
    signed_in_person(page, stack, TRADER).open("/portfolio/")
    found = page.evaluate(LABELS, [width, count, marked])

    assert found["labelled"] is labelled
    if not marked or width < 60:
        assert (found["from"], found["to"]) == (0, count - 1)
        return
    pixels = width / (found["to"] - found["from"] + 1)  # of a bar
    middles = [(number - found["from"] + 0.5) * pixels for number in marked]
    half = (70 if labelled else 30) / 2  # of $10,000.00 in the chart's letters, and of an arrow
    assert all(half <= round(middle, 6) <= width - half for middle in middles)
    assert not labelled or all(later - one >= 2 * half for one, later in itertools.pairwise(middles))


def test_portfolio_chart_keeps_its_reader_while_another_range_comes_in(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
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
        journey = signed_in_person(page, stack, TRADER)
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
