"""Somebody of whom the broker asks three things: a paper, an office and a relative, up to an open account."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from onboarding.kyc_results import REQUESTS
from tests.e2e.axe import axe
from tests.e2e.journey import WAIT_MS
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

THREE = ("IDENTITY_VERIFICATION", "PEP", "FAMILY_MEMBER_PEP")


def card(page: Page, code: str) -> Locator:
    return page.locator(f"#card-{code.lower().replace('_', '-')}")


def send(page: Page, code: str) -> None:
    """Send the form of a card, and wait until the page says that it is kept."""
    with page.expect_navigation():  # the page before may say the same, of another card
        card(page, code).get_by_role("button", name="Send").click()
    expect(page.get_by_text("We have it, and send it on")).to_be_visible(timeout=WAIT_MS)


def test_journey_through_three_reasons(page: Page, stack: Stack, document: Path) -> None:
    journey = signed_in_person(page, stack, "asked@example.com")
    journey.answer_application()
    journey.submit_application()
    (found,) = stack.sandbox.get("/v1/accounts", params={"query": journey.email})
    results: dict[str, Any] = {"indeterminate": {code: {} for code in THREE}}
    stack.sandbox.set_account_status(found["id"], "ACTION_REQUIRED", kyc_results=results)
    journey.reload_until(page.get_by_text("The broker needs something from you"))
    for code in THREE:
        expect(card(page, code)).to_contain_text(REQUESTS[code].title)
        expect(card(page, code)).to_contain_text("To do")
    assert axe(page) == []

    card(page, "PEP").get_by_role("button").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible(timeout=WAIT_MS)
    office = card(page, "PEP")
    office.get_by_label("Your office or position").fill("Mayor")
    office.get_by_label("Where: the government, party, court, force or company").fill("City of Austin")
    office.get_by_label("Its address").fill("301 W 2nd St, Austin")
    assert axe(page) == []
    send(page, "PEP")
    journey.reload_until(card(page, "PEP").get_by_text("Accepted"))

    relative = card(page, "FAMILY_MEMBER_PEP")
    relative.get_by_label("First name of the public official").fill("Ann")
    relative.get_by_label("Last name of the public official").fill("Lee")
    send(page, "FAMILY_MEMBER_PEP")
    journey.reload_until(card(page, "FAMILY_MEMBER_PEP").get_by_text("Accepted"))

    identity = card(page, "IDENTITY_VERIFICATION")
    identity.locator("input[type=file]").set_input_files(document)
    send(page, "IDENTITY_VERIFICATION")
    expect(page.get_by_text("Your account is open")).to_be_visible(timeout=WAIT_MS)

    made = stack.sandbox.get(f"/v1/accounts/{found['id']}")
    assert made["disclosures"]["employment_position"] == "Mayor"
    assert made["disclosures"]["context"] == [
        {"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"}
    ]
    assert made["documents"][0]["document_type"] == "identity_verification"
