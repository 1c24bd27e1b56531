"""A person with two accounts: what is done in one never shows in the other."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.people import TAKE_OVER, come_in
from tests.e2e.stack import Stack
from tests.sandbox.people import apply

pytestmark = pytest.mark.e2e


def person_with_two_accounts(stack: Stack, email: str) -> list[str]:
    """The ids of two accounts of one person: the second is one more of the first's owner at the broker."""
    names = {"identity__given_name": "Ada", "identity__family_name": "Byron"}
    first = apply(stack.sandbox, contact__email_address=email, **names)["id"]
    second = apply(stack.sandbox, contact=None, identity=None, primary_account_holder_id=first)["id"]
    for account_id in (first, second):
        stack.sandbox.set_account_status(account_id, "ACTIVE")
    script = TAKE_OVER.format(email=email, account_ids=[first, second])
    said = stack.run(script)
    return [line.split()[1] for line in said.splitlines() if line.startswith("account ")]


def pages_of(journey: Journey, receipts: list[str]) -> str:
    """The text of every page of the journey's account."""
    text = ""
    for path in ("/portfolio/", "/orders/?tab=closed", "/orders/", "/transfer/", "/transfer/deposit/"):
        journey.open(path)
        text += journey.page.get_by_role("main").inner_text()
    for receipt in receipts:
        journey.page.goto(receipt)
        text += journey.page.get_by_role("main").inner_text()
    return text


def test_person_with_two_accounts(page: Page, stack: Stack) -> None:
    journey = Journey(page, stack, "two@example.com")
    first, second = person_with_two_accounts(stack, journey.email)
    come_in(journey)
    journey.open("/portfolio/")
    journey.expect_heading("Which account?")
    assert axe_everywhere(page) == []
    page.get_by_role("main").get_by_role("link").first.click()
    journey.expect_heading("Portfolio")

    # Quantities of nine decimals: "0.474747919" is also a part of many a price.
    done: dict[str, tuple[list[str], list[str]]] = {}
    for account, amount, shown, symbol, quantity in (
        (first, "1111.11", "$1,111.11", "AAPL", "0.313131713"),
        (second, "2222.22", "$2,222.22", "MSFT", "0.474747919"),
    ):
        journey.account = account
        journey.link_bank()
        journey.review_deposit(amount)
        journey.confirm_deposit(shown)
        receipts = [page.url]
        journey.see_money(shown)
        journey.review_order(symbol, quantity)
        journey.confirm_order()
        receipts.append(page.url)
        journey.open("/portfolio/")
        journey.wait_for(page.get_by_role("row").filter(has_text=symbol))
        done[account] = (receipts, [shown, symbol, quantity])

    for account, other in ((first, second), (second, first)):
        journey.account = account
        receipts, figures = done[account]
        text = pages_of(journey, receipts)
        assert [figure for figure in figures if figure not in text] == []
        assert [figure for figure in done[other][1] if figure in text] == []
        # The other's receipts are not there under this account's address.
        for receipt in done[other][0]:
            reply = page.goto(receipt.replace(other, account))
            assert reply is not None
            assert reply.status == 404

    journey.open("/portfolio/")
    assert axe_everywhere(page) == []
    switcher = page.get_by_role("navigation", name="Your accounts")
    expect(switcher.get_by_role("link")).to_have_count(2)
    switcher.locator("a:not([aria-current])").click()
    page.wait_for_url(f"**/a/{first}/portfolio/")
