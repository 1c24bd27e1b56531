"""Staff in a browser: from a failing order to what the broker's support gets, and their pages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.people import TAKE_OVER, signed_in_person
from tests.e2e.stack import Stack
from tests.e2e.staff import Staff, signed_in
from tests.sandbox.people import apply
from tests.sandbox_process import eventually

pytestmark = pytest.mark.e2e

SAID = "No halves today"
SYMBOL = "PG"
"""Nobody else trades it: an order to sell it would stand against this one."""
PAPERS = """
from onboarding.models import KycApplication
from onboarding.services import documents
from tests.brokerapp.security.uploads.samples import passport, picture

application = KycApplication.objects.get(user__email={email!r})
application.attempts.create(number=8, answers=[["Your legal name", "Legal name", "Ada Lovelace"]])
application.attempts.create(number=9, answers=[["Your legal name", "Legal name", "Ada Byron"]])
for mime_type, content in (("image/png", picture("PNG", (640, 400))), ("application/pdf", passport())):
    documents.store_document(
        application=application, document_type="identity_verification", mime_type=mime_type, content=content
    )
"""
QUEUE = "/admin/onboarding/kycapplication/queue/"

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
    "/admin/trading/position/",
    "/admin/events/brokerevent/replay/",
)


def test_failing_order_reaches_the_brokers_support_by_the_support_role(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack, tmp_path: Path
) -> None:
    trader = signed_in_person(page, stack, "trader@example.com")
    trader.review_order(SYMBOL, "0.5")
    stack.sandbox.fail_next("POST", "/v1/trading/accounts/*/orders", "status", status=422, message=SAID)
    trader.place("Place buy order")
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
    support.search(reference)
    support.page.get_by_role("region", name="API calls").get_by_role("link").first.click()
    expect(support.page.get_by_text(reference)).to_be_visible()
    support.page.get_by_role("link", name="Demo Trader").click()
    support.expect_heading("Demo Trader")
    support.page.get_by_role("link", name="What they see").click()
    expect(support.page.get_by_text("and are signed in as yourself")).to_be_visible()
    assert support.page.get_by_role("button").and_(support.page.locator(":enabled")).count() == 0
    support.page.get_by_role("link", name="Back to their page").click()
    support.expect_heading("Demo Trader")


def look(page: Page, problems: list[str], *, frame: bool = False) -> list[str]:
    """Run axe, whose own styles (for sheets that a sheet imports) the policy stops, which is no fault."""
    before = len(problems)
    findings = axe_everywhere(page, frame=frame)
    del problems[before:]
    return findings


def test_pages_of_staff_are_accessible(new_context: Callable[..., BrowserContext], stack: Stack) -> None:
    ops = signed_in(new_context, stack, "ops@example.com")
    problems: list[str] = []
    ops.page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    findings = []
    for path in PAGES:
        ops.open(path)
        findings += look(ops.page, problems, frame=path == PAGES[0])
    ops.page.set_viewport_size({"width": 1280, "height": 900})
    ops.open("/admin/search/?q=trader@example.com")
    ops.page.get_by_role("main").get_by_role("link", name="Person").click()
    findings += look(ops.page, problems)
    ops.page.get_by_role("link", name="Sign-in and rights").click()
    expect(ops.page.get_by_text("Nothing of somebody who cannot sign in is deleted.")).to_be_visible()
    findings += look(ops.page, problems)
    chosen_calls_are_exported(ops)
    findings += look(ops.page, problems)
    assert findings == []
    assert problems == []


def chosen_calls_are_exported(ops: Staff) -> None:
    """From a view of the calls that is saved, and taken again, to what the broker's support gets of two."""
    ops.page.set_viewport_size({"width": 1280, "height": 900})
    ops.open("/admin/calls/apicall/?reads=all&outcome__exact=OK")
    ops.page.get_by_label("Save this view as").fill("All that was done")
    ops.press("Save")
    ops.page.get_by_role("link", name="What went wrong", exact=True).click()
    ops.page.get_by_role("link", name="All that was done", exact=True).click()
    for place in (0, 1):
        ops.page.locator("#result_list input.action-select").nth(place).check()
    ops.page.locator("select[name=action]").first.select_option(label="Export for the broker's support")
    ops.press("Go")
    expect(ops.page.get_by_text("2 calls. Nothing personal is in it")).to_be_visible()


def waits_for_staff(stack: Stack, email: str) -> None:
    """Somebody whose account the broker asks several things of, one of which nobody here knows."""
    names = {"identity__given_name": "Ada", "identity__family_name": "Byron"}
    account_id = apply(stack.sandbox, contact__email_address=email, **names)["id"]
    stack.sandbox.set_account_status(account_id, "ACTIVE")
    stack.run(TAKE_OVER.format(email=email, account_ids=[account_id]))
    stack.run(PAPERS.format(email=email))
    # A paper that comes after the broker has asked would be taken for the answer.
    account = f"/v1/accounts/{account_id}"
    eventually(
        lambda: len(stack.sandbox.get(account).get("documents", [])) == 2,
        timeout=30,
        what="the papers at the broker",
    )
    results = {
        "accept": {"DATE_OF_BIRTH": {}},
        "indeterminate": {"ADDRESS_VERIFICATION": {}, "A_CODE_OF_TOMORROW": {}},
        "reject": {"IDENTITY_VERIFICATION": {}},
        "additional_information": "The picture is cut off.",
    }
    stack.sandbox.set_account_status(account_id, "ACTION_REQUIRED", kyc_results=results)


def test_review_of_an_application_is_accessible_from_the_queue_to_the_mail(
    new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    email = "unclear@example.com"
    waits_for_staff(stack, email)
    ops = signed_in(new_context, stack, "ops@example.com")
    page, problems, findings = ops.page, list[str](), list[str]()

    def note(said: ConsoleMessage) -> None:
        """What the browser complains of, but for the answer to a form that is refused."""
        if said.type == "error" and "422" not in said.text:
            problems.append(said.text)

    page.on("console", note)

    ops.open(QUEUE)
    ops.reload_until(page.get_by_role("link", name=email))
    findings += look(page, problems)
    page.get_by_role("link", name=email).click()
    ops.expect_heading("Review of an application")
    findings += look(page, problems)
    review = page.url

    page.get_by_role("link", name="Open answers and papers").click()
    ops.confirm_by_demo_code()
    page.get_by_label("Reason").fill("The broker does not know this paper.")
    findings += look(page, problems)
    ops.press("Show")
    expect(page.get_by_text("Shown for the reason that you gave")).to_be_visible()
    findings += look(page, problems)
    papers = page.get_by_role("link", name="Turn or enlarge")
    for paper in [link.get_attribute("href") for link in papers.all()]:
        ops.open(paper or "")
        page.get_by_role("link", name="Turn left").click()
        if page.get_by_role("img").count():  # a PDF is enlarged by the browser's viewer
            page.get_by_role("link", name="200%").click()
        findings += look(page, problems)

    page.goto(review)
    ask = page.locator("form", has=page.get_by_role("button", name="See the mail first"))
    ask.get_by_role("button", name="See the mail first").click()
    expect(page.get_by_text("Choose what you ask for.")).to_be_visible()
    findings += look(page, problems)
    page.get_by_label("Government ID").check()
    page.get_by_label("In your words").fill("All four corners of it, please.")
    ask.get_by_role("button", name="See the mail first").click()
    ops.expect_heading("This mail will be sent")
    expect(page.get_by_text("All four corners of it, please.")).to_be_visible()
    findings += look(page, problems)
    ops.press("Decide, and send it")
    expect(page.get_by_text("Done, and kept with your name.")).to_be_visible()
    assert findings == []
    assert problems == []
