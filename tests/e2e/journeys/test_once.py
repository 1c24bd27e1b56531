"""A double click, a reload and a re-post after Back: one account, one transfer, one order."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.journey import Journey
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

DOUBLE_SUBMIT = """button => {
    const form = button.form;
    const again = () => fetch(form.action || location.href, {method: "POST", body: new FormData(form)});
    return Promise.all([again(), again(), again()]).then(replies => replies.map(reply => reply.status));
}"""
"""The same form posted three times at once, as fast clicks without our script would."""


def press_three_times(journey: Journey, name: str) -> None:
    button = journey.page.get_by_role("button", name=name, exact=True)
    statuses: list[int] = button.evaluate(DOUBLE_SUBMIT)
    assert set(statuses) == {200}, "each is led to the one row's page"
    button.click()


def back_and_press_again(journey: Journey, name: str) -> None:
    """Back to the review page; where the browser still has its form, post that too."""
    journey.page.go_back()
    button = journey.page.get_by_role("button", name=name, exact=True)
    if button.is_visible():
        button.click()


def test_everything_once(page: Page, stack: Stack, document: Path) -> None:
    journey = signed_in_person(page, stack, "once@example.com")
    journey.answer_application(document=document)
    press_three_times(journey, "Send my application")
    journey.wait_for(page.get_by_text("Your account is open"))
    back_and_press_again(journey, "Send my application")
    accounts = stack.sandbox.get("/v1/accounts", params={"query": "once@example.com"})
    assert len(accounts) == 1
    account = accounts[0]["id"]

    journey.link_bank()
    journey.review_deposit("1234.56")
    press_three_times(journey, "Deposit $1,234.56")
    journey.wait_for(page.locator(".receipt .tag", has_text="Complete"))
    page.reload()
    back_and_press_again(journey, "Deposit $1,234.56")
    expect(page.locator(".receipt")).to_be_visible()
    transfers = stack.sandbox.get(f"/v1/accounts/{account}/transfers")
    assert [transfer["amount"] for transfer in transfers] == ["1234.56"]

    journey.see_money("$1,234.56")
    journey.review_order("AAPL", "0.42")
    press_three_times(journey, "Place buy order")
    journey.wait_for(page.locator(".receipt .tag", has_text="Filled"))
    page.reload()
    back_and_press_again(journey, "Place buy order")
    expect(page.locator(".receipt")).to_be_visible()
    orders = stack.sandbox.get(f"/v1/trading/accounts/{account}/orders", params={"status": "all"})
    assert [order["qty"] for order in orders] == ["0.42"]
