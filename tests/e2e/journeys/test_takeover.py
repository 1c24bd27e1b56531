"""A stolen session: a copy of the cookie gets nowhere, and its person hears of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.journey import PASSWORD, Journey
from tests.e2e.people import person_with_an_account
from tests.e2e.second_step import confirm
from tests.e2e.stack import Stack
from tests.sandbox_process import eventually

pytestmark = pytest.mark.e2e

POST = """([url, fields]) => {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    return fetch(url, {method: "POST", body}).then(reply => reply.url);
}"""
"""A form sent without its page, as an attacker does."""


def mails_to(journey: Journey, email: str) -> list[str]:
    """Subjects of the mails to an address, newest first."""
    with journey.page.context.new_page() as page:
        page.goto(f"{journey.stack.url}/mailbox/?to={email}")
        return page.locator("article h2").all_inner_texts()


def steal(victim: Journey, context: BrowserContext) -> Journey:
    context.add_cookies(victim.page.context.cookies())  # type: ignore[arg-type]
    return Journey(context.new_page(), victim.stack, victim.email)


def expect_asked_who_it_is(thief: Journey) -> None:
    """The page that a thief cannot pass."""
    thief.expect_heading("Confirm that it is you")


def test_stolen_session_changes_nothing_moves_nothing_and_is_mailed(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    victim = person_with_an_account(page, stack, "victim@example.com")
    victim.link_bank()
    victim.review_deposit("1234.56")
    victim.confirm_deposit("$1,234.56")
    assert victim.app
    page.context.clear_cookies()
    victim.sign_in(victim.email, PASSWORD)
    victim.give_code(victim.app.code())
    before = mails_to(victim, victim.email)

    thief = steal(victim, new_context())
    thief.open("/portfolio/")
    thief.expect_heading("Portfolio")

    # 1. Another e-mail address, by the page and behind its back.
    thief.open("/accounts/email/")
    thief.page.get_by_label("New e-mail address").fill("thief@example.com")
    thief.press("Change my address")
    expect_asked_who_it_is(thief)
    thief.open("/accounts/email/")
    fields = {"email": "thief@example.com", "action_add": "1"}
    assert "/reauthenticate/" in thief.page.evaluate(POST, ["/accounts/email/", fields])
    assert mails_to(victim, "thief@example.com") == []

    # 2. Another password, and one by mail, which goes to the victim.
    thief.open("/accounts/password/change/")
    expect_asked_who_it_is(thief)
    thief.open("/accounts/second-step/totp/deactivate/")
    expect_asked_who_it_is(thief)
    for _ in range(3):
        with thief.page.expect_navigation():
            confirm(thief.page, "000000")
    thief.open("/accounts/password/reset/")
    thief.page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(victim.email)
    thief.press("Mail me the link")

    # 3. The money, and another bank for it.
    victim.javascript = False  # the page does not fetch itself again
    victim.open("/transfer/withdraw/")
    victim.wait_for(page.get_by_label("Amount"))
    thief.open("/transfer/withdraw/")
    thief.page.get_by_label("Amount").fill("5")
    thief.press("Review")
    expect_asked_who_it_is(thief)
    thief.open("/transfer/bank/")
    expect_asked_who_it_is(thief)
    account = stack.sandbox.get("/v1/accounts", params={"query": victim.email})[0]["id"]
    transfers = stack.sandbox.get(f"/v1/accounts/{account}/transfers")
    assert [transfer["direction"] for transfer in transfers] == ["INCOMING"]
    wanted = {"Somebody could not confirm that they are you", "Choose a new password"}
    eventually(
        lambda: wanted <= set(mails_to(victim, victim.email)[: -len(before) or None]),
        timeout=30,
        what="both mails to the victim",
    )

    # 4. The victim confirms something of their own: the copy of the cookie is worth nothing from then on.
    victim.open("/accounts/password/change/")
    confirm(page, victim.app.code())
    victim.expect_heading("Change your password")
    thief.open("/portfolio/")
    thief.expect_heading("Sign in")
    victim.open("/accounts/devices/")
    victim.expect_heading("Your devices")
