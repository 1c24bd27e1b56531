"""Lost replies and killed processes anywhere on the way: in the end one of each, and nobody notices."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack, answers
from tests.sandbox_process import eventually

pytestmark = pytest.mark.e2e

SETTLED_SECONDS = 60


def broker_account(stack: Stack, email: str) -> str:
    accounts = stack.sandbox.get("/v1/accounts", params={"query": email})
    assert len(accounts) == 1, "never a second account"
    return str(accounts[0]["id"])


def test_reply_lost_after_the_broker_acted(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, "lost@example.com")
    journey.answer_application()
    stack.sandbox.fail_next("POST", "/v1/accounts", "drop_reply")
    journey.submit_application()
    account = broker_account(stack, journey.email)

    stack.sandbox.fail_next("POST", f"/v1/accounts/{account}/ach_relationships", "drop_reply")
    journey.link_bank()
    assert len(stack.sandbox.get(f"/v1/accounts/{account}/ach_relationships")) == 1

    stack.sandbox.fail_next("POST", f"/v1/accounts/{account}/transfers", "drop_reply")
    journey.review_deposit("1234.56")
    journey.confirm_deposit("$1,234.56")
    assert len(stack.sandbox.get(f"/v1/accounts/{account}/transfers")) == 1

    stack.sandbox.fail_next("POST", f"/v1/trading/accounts/{account}/orders", "drop_reply")
    journey.see_money("$1,234.56")
    journey.review_order("AAPL", "0.42")
    journey.confirm_order()
    orders = stack.sandbox.get(f"/v1/trading/accounts/{account}/orders", params={"status": "all"})
    assert [order["status"] for order in orders] == ["filled"]


def test_processes_killed_on_the_way(page: Page, stack: Stack, document: Path) -> None:
    """Each of worker, web and event follower dies while something of the person's is under way."""
    journey = signed_in_person(page, stack, "crash@example.com")
    journey.answer_application(document=document)
    stack.kill("worker")
    journey.press("Send my application")
    journey.expect_heading("Your application")
    stack.start("worker")
    journey.wait_for(page.get_by_text("Your account is open"))
    account = broker_account(stack, journey.email)

    # The worker dies in the middle of the call: the broker holds its answer back until then.
    stack.kill("events")
    journey.link_bank()
    stack.sandbox.fail_next("POST", f"/v1/accounts/{account}/transfers", "delay", seconds=1.5)
    journey.review_deposit("1234.56")
    journey.press("Deposit $1,234.56")
    eventually(lambda: posting(stack, account), timeout=10, what="the call to be under way")
    stack.kill("worker")
    stack.kill("web")
    for name in ("web", "worker", "events"):
        stack.start(name)
    eventually(lambda: answers(stack.url), timeout=30, what="the site answering again")
    journey.open("/transfer/")
    journey.wait_for(page.get_by_text("Complete", exact=True))
    assert len(stack.sandbox.get(f"/v1/accounts/{account}/transfers")) == 1

    journey.see_money("$1,234.56")
    journey.review_order("AAPL", "0.42")
    stack.kill("events")
    stack.kill("beat")
    journey.place("Place buy order")
    stack.start("events")
    stack.start("beat")
    journey.wait_for(page.locator(".receipt .tag", has_text="Filled"))
    journey.open("/portfolio/")
    journey.wait_for(page.get_by_role("row").filter(has_text="AAPL"))


def posting(stack: Stack, account: str) -> bool:
    """Whether the sandbox has the transfer, though its reply is still held back."""
    return len(stack.sandbox.get(f"/v1/accounts/{account}/transfers")) == 1
