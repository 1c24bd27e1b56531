"""Somebody with an account opens an IRA and an account for a child, each to ACTIVE."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe
from tests.e2e.journey import Journey
from tests.e2e.people import person_with_an_account
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

BORN = datetime.now(UTC).year - 8
"""The year of the child's birth."""


def begin(journey: Journey, kind: str) -> None:
    journey.open("/apply/kinds/")
    journey.expect_heading("Open another account")
    assert axe(journey.page) == []
    journey.press(f"Begin: {kind}")
    journey.page.get_by_role("link", name="Go on with:").click()


def sign_and_send(journey: Journey) -> dict[str, Any]:
    """From the agreements to the open account; what the broker has of it."""
    journey.expect_heading("Agreements")
    for tick in journey.page.get_by_role("checkbox").all():
        tick.check()
    journey.press("Agree and continue")
    journey.expect_heading("Check your answers")
    assert axe(journey.page) == []
    journey.submit_application()
    journey.page.get_by_role("link", name="See your portfolio").click()
    journey.expect_heading("Portfolio")
    journey.account = journey.page.url.split("/a/")[1].split("/")[0]
    said = journey.stack.run(
        "from brokerapp.accounts.models import BrokerageAccount as A;"
        f"print('at broker', A.objects.get(pk='{journey.account}').broker_account_id)",
    )
    broker_id = said.split("at broker ")[1].split()[0]
    made: dict[str, Any] = journey.stack.sandbox.get(f"/v1/accounts/{broker_id}")
    return made


def test_ira_to_an_open_account_and_a_deposit_for_its_year(page: Page, stack: Stack) -> None:
    journey = person_with_an_account(page, stack, "saver@example.com")
    begin(journey, "Retirement account (IRA)")
    journey.expect_heading("Which kind of IRA?")
    assert axe(page) == []
    page.get_by_label("Roth: you pay the tax now").check()
    journey.press("Continue")
    page.get_by_label("How many people do you want to name?").select_option("1")
    page.get_by_label("I am not married").check()
    journey.press("Continue")
    journey.field("First name of person 1").fill("Sam")
    journey.field("Last name of person 1").fill("Friend")
    journey.birth("5", "1", "1990")
    journey.field("Social Security number or ITIN of person 1").fill("124-55-4323")
    page.get_by_label("Person 1 is your").select_option("friend")
    page.get_by_label("First: gets a share when you die").check()
    journey.field("Share of person 1 in percent").fill("100")
    assert axe(page) == []
    journey.press("Continue")
    made = sign_and_send(journey)
    assert (made["status"], made["account_type"], made["account_sub_type"]) == ("ACTIVE", "ira", "roth")
    (sam,) = made["beneficiaries"]
    assert sam == {
        "type": "primary",
        "given_name": "Sam",
        "middle_name": "",
        "family_name": "Friend",
        "date_of_birth": "1990-05-01",
        "relationship": "friend",
        "share_pct": "100",
        "tax_id": "xxx-xx-xxxx",  # checked by the broker, and never said again
        "tax_id_type": "USA_SSN",
    }
    assert made["primary_account_holder_id"]

    journey.link_bank()
    journey.open("/transfer/deposit/")
    page.get_by_label("Amount").fill("250")
    year = page.get_by_role("group", name="Which year does it count for?").get_by_role("radio").first
    year.check()
    assert axe(page) == []
    journey.press("Review")
    journey.confirm_deposit("$250.00")
    counts_for = page.locator(".summary-list > div", has_text="Counts for")
    (transfer,) = stack.sandbox.get(f"/v1/accounts/{made['id']}/transfers")
    assert transfer["ira"]["tax_year"] in counts_for.inner_text()


def test_account_for_a_child_to_an_open_account(page: Page, stack: Stack) -> None:
    journey = person_with_an_account(page, stack, "parent@example.com")
    begin(journey, "Account for a child")
    page.get_by_label("I understand that what I put in belongs to the child").check()
    journey.press("Continue")
    for label, typed in (
        ("Child's first name", "Tim"),
        ("Child's last name", "Byron"),
        ("Child's Social Security number", "124-55-4322"),
        ("E-mail address for the child", "tim@example.com"),
    ):
        journey.field(label).fill(typed)
    journey.birth("3", "31", str(BORN))
    page.get_by_label("Child's country of citizenship").select_option("USA")
    page.get_by_label("Country where the child was born").select_option("CAN")
    page.get_by_label("State where the child lives").select_option("NY")
    assert axe(page) == []
    journey.press("Continue")
    journey.field("E-mail address for this account").fill("parent+tim@example.com")
    journey.press("Continue")
    made = sign_and_send(journey)
    assert (made["status"], made["account_type"]) == ("ACTIVE", "custodial")
    assert made["minor_identity"] == {
        "given_name": "Tim",
        "family_name": "Byron",
        "email": "tim@example.com",
        "date_of_birth": f"{BORN}-03-31",
        "country_of_tax_residence": "USA",
        "state": "NY",
        "tax_id_type": "USA_SSN",
        "country_of_citizenship": "USA",
        "country_of_birth": "CAN",
    }
    assert made["contact"]["email_address"] == "parent+tim@example.com"
