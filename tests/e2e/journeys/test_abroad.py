"""Somebody who lives and pays tax in another country, with form W-8BEN, from sign-up to an open account."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe
from tests.e2e.journey import PDF, Journey
from tests.e2e.people import come_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_journey_abroad(page: Page, stack: Stack, tmp_path: Path) -> None:
    journey = Journey(page, stack, "ana.souza@example.com")
    paper = tmp_path / "passport.pdf"
    paper.write_bytes(PDF)
    come_in(journey)
    journey.open("/apply/eligibility/")
    page.get_by_label("Where do you live?").select_option("BRA")
    journey.birth("3", "31", "1985")
    page.get_by_label("Country of citizenship").select_option("BRA")
    page.get_by_label("Are you a citizen of another country as well?").select_option("PRT")
    page.get_by_label("No", exact=True).check()
    page.get_by_label("In which country are you a tax resident?").select_option("BRA")
    assert axe(page) == []
    journey.press("Continue")
    journey.field("First name").fill("Ana")
    journey.field("Last name").fill("Souza Lima")
    journey.press("Continue")
    journey.expect_heading("Your name in your own letters")
    journey.press("Continue")
    journey.field("Phone number").fill("(11) 2345-6789")
    journey.field("Street address").fill("Rua Augusta 1000")
    journey.field("City").fill("Sao Paulo")
    journey.field("State, province or region").fill("SP")
    journey.field("Postal code").fill("01304001")
    journey.press("Continue")
    page.get_by_label("Country where you were born").select_option("PRT")
    journey.press("Continue")
    page.get_by_label("Which number do you have?").select_option("BRA_CPF")
    page.get_by_role("textbox", name="The number").fill("390.533.447-05")
    assert axe(page) == []
    journey.press("Continue")
    journey.expect_heading("A document that shows who you are")
    page.locator("input[type=file]").set_input_files(paper)
    journey.press("Continue")
    page.get_by_label("Student", exact=True).check()
    page.get_by_label("Savings").check()
    journey.press("Continue")
    for heading in ("Your finances", "Your investing"):
        journey.expect_heading(heading)
        journey.press("Continue")
    journey.expect_heading("Questions every broker has to ask")
    for group in page.get_by_role("main").get_by_role("group").all():
        group.get_by_label("No", exact=True).check()
    journey.press("Continue")
    journey.expect_heading("Someone we may call if we worry about you")
    page.get_by_label("No", exact=True).check()
    journey.press("Continue")
    journey.expect_heading("Your tax form W-8BEN")
    page.get_by_label("No", exact=True).check()
    page.get_by_label("I declare this, under penalties of perjury").check()
    journey.field("Type your full name to sign").fill("Ana Souza Lima")
    assert axe(page) == []
    journey.press("Sign and continue")
    page.get_by_label("Customer Agreement").check()
    journey.press("Agree and continue")
    journey.expect_heading("Check your answers")
    journey.submit_application()
    (found,) = stack.sandbox.get("/v1/accounts", params={"query": journey.email})
    made = stack.sandbox.get(f"/v1/accounts/{found['id']}")
    contact = {
        "email_address": journey.email,
        "phone_number": "+551123456789",
        "street_address": ["Rua Augusta 1000"],
        "city": "Sao Paulo",
        "state": "SP",
        "postal_code": "01304-001",
        "country": "BRA",
    }
    assert made["contact"] == contact
    identity = {
        "given_name": "Ana",
        "family_name": "Souza Lima",
        "date_of_birth": "1985-03-31",
        "tax_id_type": "BRA_CPF",
        "country_of_citizenship": "BRA",
        "country_of_birth": "PRT",
        "country_of_tax_residence": "BRA",
        "permanent_resident": False,
        "funding_source": ["savings"],
    }
    assert made["identity"] == identity
    papers = {(row["document_type"], row["document_sub_type"]) for row in made["documents"]}
    assert ("w8ben", "Form W-8BEN") in papers
    journey.open("/profile/")
    journey.expect_heading("Your profile")
    assert "In force" in page.locator("section", has_text="Tax form W-8BEN").inner_text()
    assert axe(page) == []
