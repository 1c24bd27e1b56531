"""What happened, as a list, a table and receipts; and a statement opened."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from brokerapp.units.money import shares
from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import WAIT_MS
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

TRADER = "trader@example.com"
PHONE: ViewportSize = {"width": 390, "height": 844}


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile(name)).first.click()
    return Path(found.value.path()).read_bytes()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_activity_filtered_and_downloaded_and_a_statement_opened(
    browser: Browser, stack: Stack, scripts: bool
) -> None:
    context = browser.new_context(java_script_enabled=scripts, viewport=PHONE, accept_downloads=True)
    try:
        page = context.new_page()
        journey = signed_in_person(page, stack, TRADER, javascript=scripts)
        journey.open("/portfolio/")
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Activity").click()
        journey.wait_for(page.get_by_role("link", name="Deposit", exact=True))
        journey.wait_for(page.get_by_role("link", name="Bought AAPL"))

        page.get_by_label("Show", exact=True).select_option("transfers")
        journey.press("Show")
        expect(page).to_have_url(re.compile("kind=transfers"))
        expect(page.get_by_role("link", name="Bought AAPL")).to_have_count(0)
        table = downloaded(page, "Download as CSV").decode()
        assert "Deposit" in table
        assert "AAPL" not in table
        page.get_by_role("link", name="Deposit", exact=True).first.click()
        expect(page.get_by_role("link", name="See the transfer")).to_be_visible()
        assert len(journey.request_id()) == 32

        page.get_by_role("navigation", name="Main").get_by_role("link", name="Documents").click()
        journey.wait_for(page.get_by_role("link", name="Monthly statement"))
        page.get_by_role("link", name="Monthly statement").first.click()
        assert downloaded(page, "Download the PDF").startswith(b"%PDF-")
    finally:
        context.close()


def test_dividend_reaches_the_open_page(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    journey.open("/activity/?kind=dividends")
    (account,) = stack.sandbox.get("/v1/accounts", params={"query": TRADER})
    body = {"account_id": account["id"], "symbol": "AAPL", "per_share": "1.37"}
    # Other journeys buy and sell for the same person.
    held = stack.sandbox.get(f"/v1/trading/accounts/{account['id']}/positions/AAPL")["qty"]

    stack.sandbox.request("POST", "/_sandbox/scenarios/dividend", json=body).raise_for_status()

    expect(page.get_by_text(f"$1.37 a share on {shares(Decimal(held))}")).to_be_visible(timeout=WAIT_MS)


def test_pages_are_accessible(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, TRADER)
    journey.open("/activity/")
    journey.wait_for(page.get_by_role("link", name="Deposit", exact=True))
    findings = axe_everywhere(page)
    page.get_by_role("link", name="Deposit", exact=True).first.click()
    findings += axe_everywhere(page)
    journey.open("/documents/")
    journey.wait_for(page.get_by_role("link", name="Monthly statement"))
    findings += axe_everywhere(page)
    page.get_by_role("link", name="Monthly statement").first.click()
    findings += axe_everywhere(page)

    assert not findings, "\n".join(findings)
