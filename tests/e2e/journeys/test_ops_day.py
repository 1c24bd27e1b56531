"""A day of operations in a browser: what staff do for people and for their money, each through its queue."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.people import person_with_an_account, signed_in_person
from tests.e2e.stack import Stack
from tests.e2e.staff import Staff, signed_in
from tests.sandbox_process import eventually

pytestmark = pytest.mark.e2e

SYMBOL = "WMT"
"""Nobody else trades it: an order to sell it would stand against this one."""
AMOUNT, SHOWN = "217.31", "$217.31"
"""No other journey of the trader's moves as much."""
CHECKED = "Dana at the broker looked it up on the phone: they have no such transfer."
CALLED = "Called back on the number of the application, and answered."
AWAY = "The follower was away for a while."
IN_THEIR_WORDS = "Please send both sides, in colour."


@pytest.fixture(autouse=True)
def _as_it_was(stack: Stack) -> Iterator[None]:
    """No fault is left at the broker, and its events are followed."""
    yield
    stack.sandbox.clear_faults()
    if "events" not in stack.running:
        stack.start("events")


def mail_to(person: Journey, subject: str) -> None:
    """Wait for a mail in the dev mailbox."""
    person.open(f"/mailbox/?to={person.email}")
    person.reload_until(person.page.locator("article h2", has_text=subject))


def test_day_of_staff_for_a_person(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    person = person_with_an_account(page, stack, "day@example.com")
    (account,) = stack.sandbox.get("/v1/accounts", params={"query": person.email})
    asked: dict[str, Any] = {"IDENTITY_VERIFICATION": {}, "SOMETHING_NEW": {}}
    stack.sandbox.set_account_status(account["id"], "ACTION_REQUIRED", kyc_results={"indeterminate": asked})
    person.open("/apply/status/")
    person.reload_until(page.get_by_text("The broker needs something from you"))
    ops = signed_in(new_context, stack, "ops@example.com")

    # An application: taken in hand, and two things are asked of the person by a mail that is seen before.
    ops.open_queue("Applications that wait for us")
    ops.page.get_by_role("link", name=person.email).click()
    ops.expect_heading("Review of an application")
    ops.press("Take it")
    expect(ops.page.get_by_role("row", name=re.compile("^In hand ops@example.com"))).to_be_visible()
    ops.page.get_by_label("Government ID").check()
    ops.page.get_by_label("Proof of address").check()
    ops.page.get_by_label("In your words").fill(IN_THEIR_WORDS)
    ask = ops.page.locator("form").filter(has=ops.page.locator("input[name=do][value=ask]"))
    ask.get_by_role("button", name="See the mail first").click()
    ops.expect_heading("This mail will be sent")
    expect(ops.page.get_by_text(IN_THEIR_WORDS)).to_be_visible()
    ops.press("Decide, and send it")
    expect(ops.page.get_by_text("Done, and kept with your name.")).to_be_visible()
    mail_to(person, "Your application needs something from you")

    # A hold: they secured their account, and called. Staff find them by the end of their account number.
    person.open("/accounts/secure/")
    person.press("Sign out everywhere and stop withdrawals")
    ops.open_queue("Accounts secured by their owners")
    ops.look_for(person.email)
    ops.row("Ada Byron").locator("th a").click()
    ops.press("Take in hand")
    expect(ops.page.get_by_text("In your hands: 1.")).to_be_visible()
    expect(ops.page.get_by_text("In hand of ops@example.com")).to_be_visible()
    assert axe_everywhere(ops.page) == []
    find(ops, account["account_number"][-4:], person.email)
    expect(ops.page.get_by_text("until staff lift it")).to_be_visible()
    ops.open_queue("Accounts secured by their owners")
    ops.look_for(person.email)
    ops.act("Ada Byron", "Open withdrawals again before the time")
    ops.give_reason(CALLED, "Open withdrawals again")
    expect(ops.page.get_by_text("Withdrawals opened again: 1.")).to_be_visible()
    find(ops, account["account_number"][-4:], person.email)
    expect(ops.page.get_by_text("not held by us")).to_be_visible()


def find(ops: Staff, end: str, email: str) -> None:
    """From the end of an account number to the page of its person."""
    ops.search(end)
    accounts = ops.page.get_by_role("region", name="Accounts")
    accounts.get_by_role("link", name="Ada Byron").first.click()
    expect(ops.page.get_by_text(email).first).to_be_visible()


def test_day_of_staff_for_money(page: Page, new_context: Callable[..., BrowserContext], stack: Stack) -> None:
    trader = signed_in_person(page, stack, "trader@example.com")
    ops = signed_in(new_context, stack, "ops@example.com")

    # A transfer whose outcome nobody knows, decided by two.
    stack.sandbox.fail_next("POST", "/v1/accounts/*/transfers", "status", status=500)
    trader.review_deposit(AMOUNT)
    trader.press(f"Deposit {SHOWN}")
    trader.reload_until(page.get_by_text("We are checking with the broker"))
    where = page.url
    ops.open_queue("Transfers being looked for")
    ops.act(SHOWN, "Propose: was never made (once the broker's support has confirmed it)")
    ops.give_reason(CHECKED, "Propose that it was never made")
    expect(ops.page.get_by_text("Proposed, and waits for somebody else to confirm it: 1.")).to_be_visible()
    approver = signed_in(new_context, stack, "approver@example.com")
    approver.open_queue("Decisions that wait for a second person")
    approver.act(CHECKED, "Confirm: it is done at once")
    approver.give_reason("I called Dana as well, and she looked again.", "Confirm")
    expect(approver.page.get_by_text("Confirmed and done: 1.")).to_be_visible()
    page.goto(where)
    expect(page.get_by_text("This was not made, and no money moved")).to_be_visible()

    # What they asked of support is answered where they read it.
    trader.open("/help/")
    page.get_by_label("Money in or out").check()
    page.get_by_label("What happened, and what did you expect?").fill("Was my deposit made?")
    trader.press("Send to support")
    trader.expect_heading("Money in or out")
    case = page.url
    ops.open_queue("Questions of people")
    ops.act("Demo Trader", "Answer")
    ops.page.locator("textarea[name=text]").fill("It was not, and no money moved. You can send it again.")
    ops.press("Send the answer")
    expect(ops.page.get_by_text("The person is told in their inbox and by mail.")).to_be_visible()
    page.goto(case)
    expect(page.get_by_text("You can send it again.")).to_be_visible()

    # Events that were told while nobody listened are pulled again.
    (account,) = stack.sandbox.get("/v1/accounts", params={"query": trader.email})
    placed = f"/v1/trading/accounts/{account['id']}/orders:by_client_order_id?client_order_id="
    trader.review_order(SYMBOL, "1")
    stack.kill("events")
    trader.place("Place buy order")
    placed += page.url.rstrip("/").rpartition("/")[2]
    eventually(
        lambda: stack.sandbox.request("GET", placed).json().get("status") == "filled",
        timeout=60,
        what="the fill at the broker",
    )
    ops.open("/admin/events/brokerevent/")
    ops.page.get_by_role("link", name="Pull a time again from the broker").click()
    ops.page.locator("select[name=stream]").select_option("trades")
    ops.press("Show what would change")
    expect(ops.page.locator("tbody strong", has_text="missing").first).to_be_visible()
    ops.give_reason(AWAY, "Have them handled")
    expect(ops.page.get_by_text("handed on to be handled")).to_be_visible()
    ops.reload_until(
        ops.page.locator("#result_list tbody tr").first.locator(".field-became", has_text="handled")
    )
    ops.open("/admin/events/brokerevent/replay/")
    ops.page.locator("select[name=stream]").select_option("trades")
    ops.press("Show what would change")
    expect(ops.page.get_by_role("heading", name="Events of this time")).to_be_visible()
    expect(ops.page.locator("tbody strong", has_text="missing")).to_have_count(0)
