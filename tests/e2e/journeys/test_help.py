"""From a page that fails to the answer of our support, on a phone and without scripts."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.people import come_in
from tests.e2e.stack import Stack
from tests.e2e.staff import signed_in

pytestmark = pytest.mark.e2e

PHONE: ViewportSize = {"width": 390, "height": 844}
ASKED = "I followed a link to a statement and there was nothing."
ANSWER = "The statement has a new address: it is under Documents now."


@pytest.fixture
def phone(browser: Browser, stack: Stack) -> Iterator[Journey]:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    yield Journey(context.new_page(), stack, "trader@example.com", javascript=False)
    context.close()


def test_failing_page_leads_to_an_answer_in_the_inbox_without_scripts(
    phone: Journey, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    page = phone.page
    come_in(phone)
    phone.open("/statements/2026/")
    phone.expect_heading("Page not found")
    reference = page.get_by_role("main").locator("code").inner_text()

    page.get_by_role("link", name="Get help with this").click()
    helped = page.url
    expect(page.get_by_label(re.compile("^Reference"))).to_have_value(reference)
    phone.press("Send to support")
    expect(page.locator("#error-summary")).to_contain_text("Write what happened")
    expect(page.get_by_label(re.compile("^Reference"))).to_have_value(reference)
    page.get_by_label("Something else").check()
    page.get_by_label("What happened, and what did you expect?").fill(ASKED)
    phone.press("Send to support")
    phone.expect_heading("Something else")
    expect(page.get_by_text(ASKED)).to_be_visible()
    case = page.url

    phone.open("/inbox/?about=help")
    answers = page.get_by_role("link", name="Our support has answered you")
    before = answers.count()
    answer(signed_in(new_context, stack, "support@example.com"), reference)

    phone.open("/inbox/?about=help")
    phone.reload_until(answers.nth(before))
    answers.first.click()
    notice = page.url
    page.get_by_role("link", name="Read it").click()
    assert page.url == case
    expect(page.get_by_text(ANSWER)).to_be_visible()
    phone.open(f"/mailbox/?to={phone.email}")
    phone.reload_until(page.get_by_text("Our support has answered you"))

    # axe needs scripts: the same person, the same pages.
    with new_context(storage_state=page.context.storage_state()) as context:
        looking = context.new_page()
        found = []
        for url in ("/statements/2026/", helped, case, notice, "/inbox/?about=help", "/help/cases/"):
            looking.goto(url if url.startswith("http") else stack.url + url)
            found += axe_everywhere(looking)
    assert found == []


def answer(support: Journey, reference: str) -> None:
    """As our support does: by the reference that the person quoted."""
    support.open(f"/admin/support/case/?q={reference}")
    page = support.page
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list input.action-select").check()
    page.locator("select[name=action]").select_option("answer")
    page.get_by_role("button", name=re.compile("^(Go|Run)")).click()
    expect(page.get_by_text(ASKED)).to_be_visible()
    page.get_by_label("Answer:").fill(ANSWER)
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Answered. The person is told")).to_be_visible()
