"""Somebody empties their account, closes it, and still gets at what is theirs."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import WAIT_MS
from tests.e2e.people import person_with_an_account
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_account_is_emptied_closed_and_still_to_be_read(page: Page, stack: Stack) -> None:
    journey = person_with_an_account(page, stack, "leaver@example.com")
    (found,) = stack.sandbox.get("/v1/accounts", params={"query": journey.email})
    findings = []
    journey.link_bank()  # of an account without money: later no money could leave for a day
    stack.sandbox.request(
        "POST", f"/_sandbox/accounts/{found['id']}/deposit", json={"amount": "250"}
    ).raise_for_status()

    journey.open("/apply/status/")
    page.get_by_role("link", name="Close this account").click()
    journey.expect_heading("Close your account")
    journey.reload_until(page.get_by_text("$250.00 of cash. Withdraw all of it."))
    findings += axe_everywhere(page)
    checklist = page.url
    assert page.get_by_role("link", name="Go on to close it").count() == 0
    page.get_by_role("link", name="Withdraw", exact=True).click()
    page.get_by_label("Amount").fill("250")
    journey.press("Review")
    journey.confirm_as_asked()
    journey.press("Withdraw $250.00")
    journey.wait_for(page.locator(".receipt .tag", has_text="Complete"))

    page.goto(checklist)
    journey.reload_until(page.get_by_role("link", name="Go on to close it"))
    findings += axe_everywhere(page)
    page.get_by_role("link", name="Go on to close it").click()
    journey.expect_heading("Close your account for good?")
    findings += axe_everywhere(page)
    journey.press("Close this account")
    journey.confirm_as_asked()
    if page.get_by_role("button", name="Close this account").count():
        journey.press("Close this account")
    expect(page.get_by_text("Your account is closed")).to_be_visible(timeout=WAIT_MS)
    findings += axe_everywhere(page)
    assert stack.sandbox.get(f"/v1/accounts/{found['id']}")["status"] == "ACCOUNT_CLOSED"

    for link, heading in (("See your documents", "Documents"), ("See your activity", "Activity")):
        page.goto(checklist)
        page.get_by_role("link", name=link).click()
        journey.expect_heading(heading)
        findings += axe_everywhere(page)
    journey.open("/trade/AAPL/")
    assert page.get_by_role("button", name="Review order").count() == 0
    assert findings == []
