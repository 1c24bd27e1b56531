"""Staff in a browser: from a failing order to what the broker's support gets, and their pages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.stack import DEMO_PASSWORD, Stack
from tests.e2e.staff import signed_in

pytestmark = pytest.mark.e2e

SAID = "No halves today"

PAGES = (
    "/admin/",
    "/admin/search/?q=trader",
    "/admin/calls/apicall/",
    "/admin/calls/apicall/?reads=all",
    "/admin/funding/transfer/",
    "/admin/trading/order/",
    "/admin/accounts/user/",
    "/admin/decisions/staffdecision/",
    "/admin/support/case/",
)


def test_failing_order_reaches_the_brokers_support_by_the_support_role(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack, tmp_path: Path
) -> None:
    trader = Journey(page, stack, "trader@example.com")
    trader.sign_in(trader.email, DEMO_PASSWORD)
    trader.review_order("AAPL", "0.5")
    stack.sandbox.fail_next("POST", "/v1/trading/accounts/*/orders", "status", status=422, message=SAID)
    trader.press("Place buy order")
    expect(page.get_by_text(f"It said: “{SAID}.”").first).to_be_visible()
    reference = trader.request_id()

    trader.open(f"/help/?reference={reference}")
    page.get_by_label("An order or a position").check()
    page.get_by_label("What happened, and what did you expect?").fill("My order was refused. Why?")
    trader.press("Send to support")
    trader.expect_heading("An order or a position")

    support = signed_in(new_context, stack, "support@example.com")
    support.open("/admin/")
    support.page.get_by_role("region", name="Queues").get_by_role("link", name="Questions of people").click()
    support.page.locator("#result_list tbody th a").first.click()
    support.page.get_by_role("link", name="Export these calls for the broker's support").click()
    support.page.get_by_label("What we expected, and what is wrong").fill("A market buy of half a share.")
    with support.page.expect_download() as download:
        support.press("JSON file")
    path = tmp_path / "handout.json"
    download.value.save_as(path)
    handed = json.loads(path.read_text())
    (refused,) = [call for call in handed["calls"] if call.get("request_id") == reference]
    assert (refused["http_status"], refused["error_message"]) == (422, SAID)
    assert handed["what_we_expected"] == "A market buy of half a share."
    assert handed["about"]["client_order_id"]
    assert "trader@example.com" not in path.read_text()

    # The same call by the one search, and from it to the person, whose page staff see without being them.
    support.page.keyboard.press("/")
    support.page.keyboard.type(reference)
    support.page.keyboard.press("Enter")
    support.page.get_by_role("region", name="API calls").get_by_role("link").first.click()
    expect(support.page.get_by_text(reference)).to_be_visible()
    support.page.get_by_role("link", name="Demo Trader").click()
    support.expect_heading("Demo Trader")
    support.page.get_by_role("link", name="What they see").click()
    expect(support.page.get_by_text("and are signed in as yourself")).to_be_visible()
    assert support.page.get_by_role("button").and_(support.page.locator(":enabled")).count() == 0
    support.page.get_by_role("link", name="Back to their page").click()
    support.expect_heading("Demo Trader")


def test_pages_of_staff_are_accessible(new_context: Callable[..., BrowserContext], stack: Stack) -> None:
    ops = signed_in(new_context, stack, "ops@example.com")
    problems: list[str] = []
    ops.page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    findings = []
    for path in PAGES:
        ops.open(path)
        findings += axe_everywhere(ops.page)
    ops.page.set_viewport_size({"width": 1280, "height": 900})
    ops.open("/admin/search/?q=trader@example.com")
    ops.page.get_by_role("main").get_by_role("link", name="Person").click()
    findings += axe_everywhere(ops.page)
    assert findings == []
    assert problems == []
