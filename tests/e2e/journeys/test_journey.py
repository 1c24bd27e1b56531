"""From sign-up to a filled order, in a browser, with every real part in place."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.journey import ANSWERS, Journey
from tests.e2e.stack import DEMO_PASSWORD, Stack

pytestmark = pytest.mark.e2e


def go_all_the_way(journey: Journey, document: Path) -> None:
    journey.sign_up()
    journey.answer_application(document=document)
    journey.submit_application()
    journey.link_bank()
    journey.review_deposit("1234.56")
    journey.confirm_deposit("$1,234.56")
    journey.see_money("$1,234.56")
    journey.review_order("AAPL", "0.42")
    expect(journey.page.get_by_text("Buy 0.42 shares of Apple Inc.")).to_be_visible()
    request_id = journey.confirm_order()
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    journey.seen["request_id"] = request_id
    journey.open("/portfolio/")
    row = journey.page.get_by_role("row", name=re.compile("AAPL"))
    journey.wait_for(row)
    expect(row).to_contain_text("0.42")
    expect(row.locator("[data-label='Total gain'] .delta")).to_be_visible()


def broker_has_what_was_typed(journey: Journey) -> None:
    """Each answer of a citizen, where the broker keeps it; what was not asked or left empty is not there."""
    (found,) = journey.stack.sandbox.get("/v1/accounts", params={"query": journey.email})
    made = journey.stack.sandbox.get(f"/v1/accounts/{found['id']}")
    assert (made["status"], made["account_type"]) == ("ACTIVE", "trading")
    assert made["contact"] == {
        "email_address": journey.email,
        "phone_number": "+12125550123",
        "street_address": [ANSWERS["Street address"]],
        "city": ANSWERS["City"],
        "state": "CA",
        "postal_code": ANSWERS["ZIP code"],
        "country": "USA",
    }
    assert made["identity"] == {
        "given_name": ANSWERS["First name"],
        "family_name": ANSWERS["Last name"],
        "date_of_birth": "1985-03-31",
        "country_of_citizenship": "USA",
        "country_of_birth": "USA",
        "country_of_tax_residence": "USA",
        "tax_id_type": "USA_SSN",
        "funding_source": ["employment_income"],
    }
    assert made["disclosures"] == {
        "is_control_person": False,
        "is_affiliated_exchange_or_finra": False,
        "is_politically_exposed": False,
        "immediate_family_exposed": False,
        "employment_status": "EMPLOYED",
        "employer_name": "Analytical Engines Inc",
        "employer_address": "1 Engine Way, San Mateo, CA",
        "employment_position": "Programmer",
    }
    assert [signed["agreement"] for signed in made["agreements"]] == ["customer_agreement"]


def ops_finds(ops: Journey, request_id: str) -> None:
    ops.sign_in(ops.email, DEMO_PASSWORD)
    ops.give_demo_code(ops.mailbox_code)
    ops.open(f"/admin/calls/apicall/?q={request_id}")
    row = ops.page.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator(".field-method")).to_have_text("POST")
    expect(row.locator(".field-path")).to_have_text("/v1/trading/accounts/{account_id}/orders")


def test_journey(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack, document: Path
) -> None:
    journey = Journey(page, stack, "ada@example.com")
    problems: list[str] = []
    page.on(
        "console",
        lambda said: problems.append(f"{said.text} {said.location['url']}") if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    go_all_the_way(journey, document)
    broker_has_what_was_typed(journey)
    ops_finds(Journey(new_context().new_page(), stack, "ops@example.com"), journey.seen["request_id"])
    assert problems == []


def test_journey_without_javascript(browser: Browser, stack: Stack, document: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        go_all_the_way(Journey(context.new_page(), stack, "grace@example.com", javascript=False), document)
    finally:
        context.close()
