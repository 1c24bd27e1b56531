"""Somebody who lives in the United States on a visa, with one name, from sign-up to an open account."""

import datetime as dt

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import axe
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

YEAR = dt.datetime.now(dt.UTC).year + 2


def test_journey_on_a_visa(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, "sukarno@example.com")
    journey.open("/apply/eligibility/")
    page.get_by_label("Where do you live?").select_option("USA")
    journey.birth("3", "31", "1985")
    page.get_by_label("Country of citizenship").select_option("IDN")
    page.get_by_label("No", exact=True).check()
    page.get_by_label("In which country are you a tax resident?").select_option("USA")
    assert axe(page) == []
    journey.press("Continue")
    page.get_by_label("I have one name only").check()
    journey.field("Last name").fill("Sukarno")
    journey.press("Continue")
    journey.field("Last name in your letters").fill("ᮞᮥᮊᮁᮔ")
    journey.press("Continue")

    def visa() -> None:
        page.get_by_label("Which visa do you have?").select_option("B2")
        for question, month in (
            ("Until when may you stay?", "6"),
            ("When will you leave the United States?", "5"),
        ):
            group = page.get_by_role("group", name=question)
            group.get_by_label("Month").fill(month)
            group.get_by_label("Day", exact=True).fill("1")
            group.get_by_label("Year").fill(str(YEAR))
        assert axe(page) == []

    journey.answer_from_contact_on(visa=visa)
    journey.submit_application()
    (found,) = stack.sandbox.get("/v1/accounts", params={"query": journey.email})
    made = stack.sandbox.get(f"/v1/accounts/{found['id']}")
    answers = {
        "given_name": "FNU",
        "family_name": "Sukarno",
        "local_family_name": "ᮞᮥᮊᮁᮔ",
        "country_of_citizenship": "IDN",
        "country_of_tax_residence": "USA",
        "permanent_resident": False,
        "visa_type": "B2",
        "visa_expiration_date": f"{YEAR}-06-01",
        "date_of_departure_from_usa": f"{YEAR}-05-01",
    }
    assert {name: made["identity"].get(name) for name in answers} == answers
