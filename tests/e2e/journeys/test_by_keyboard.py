"""The whole application on a page of 320 px, by keyboard alone: no pointer touches it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.journey import ANSWERS, Journey
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

MOST_TABS = 60
FOCUSED = "element => element === document.activeElement"
IN_GROUP = "element => element.name === document.activeElement.name"
USA = "United States of Am"
WORK = {
    "Employer": "Analytical Engines Inc",
    "Employer's address": "1 Engine Way, San Mateo, CA",
    "Your job title": "Programmer",
}


class Keyboard:
    """What somebody does who has no pointer: Tab, letters, Space, arrows and Enter."""

    def __init__(self, journey: Journey) -> None:
        self.page, self.field = journey.page, journey.field
        self.wide: list[str] = []

    def tab_to(self, target: Locator, where: str = FOCUSED) -> None:
        """Tab on until the target (or one of its group) has the focus, which has to be to be seen."""
        for _ in range(MOST_TABS):
            if target.evaluate(where):
                break
            self.page.keyboard.press("Tab")
        assert target.evaluate(where), f"Tab does not lead to {target}"
        expect(self.page.locator(":focus")).to_be_in_viewport()

    def type(self, label: str, text: str) -> None:
        self.tab_to(self.field(label))
        self.page.keyboard.type(text)

    def choose(self, radio: Locator) -> None:
        """Into the group of a radio button, and by arrows to it."""
        self.tab_to(radio, IN_GROUP)
        self.page.keyboard.press("Space")
        for _ in range(MOST_TABS):
            if radio.is_checked():
                break
            self.page.keyboard.press("ArrowDown")
        expect(radio).to_be_checked()

    def tick(self, box: Locator) -> None:
        self.tab_to(box)
        self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def press(self, name: str, heading: str) -> None:
        """Press a button, up to the page with this heading, which has to fit."""
        self.tab_to(self.page.get_by_role("button", name=name, exact=True))
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.wide.append(heading)


def test_application_by_keyboard_alone_on_a_narrow_page(page: Page, stack: Stack) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    journey = signed_in_person(page, stack, "keys@example.com")
    journey.open("/apply/")
    keys = Keyboard(journey)
    keys.tab_to(page.get_by_role("link", name="Start", exact=True))
    page.keyboard.press("Enter")
    journey.expect_heading("Can you open an account here?")
    keys.type("Where do you live?", USA)
    for label, text in (("Month", "3"), ("Day", "31"), ("Year", "1985")):
        keys.type(label, text)
    keys.type("Country of citizenship", USA)
    keys.press("Continue", "Your legal name")
    for label in ("First name", "Last name"):
        keys.type(label, ANSWERS[label])
    keys.press("Continue", "How to reach you")
    for label in ("Phone number", "Street address", "City"):
        keys.type(label, ANSWERS[label])
    keys.type("State", "California")
    keys.type("ZIP code", ANSWERS["ZIP code"])
    keys.press("Continue", "Where you were born")
    keys.type("Country where you were born", USA)
    keys.press("Continue", "Your Social Security number or ITIN")
    keys.type("Social Security number or ITIN", "124-55-4321")
    keys.press("Continue", "A document that shows who you are")
    keys.press("Continue", "Your work and where your money comes from")
    keys.choose(page.get_by_label("Employed", exact=True))
    for label, text in WORK.items():
        keys.type(label, text)
    keys.tick(page.get_by_label("Income from work"))
    keys.press("Continue", "Your finances")
    keys.press("Continue", "Your investing")
    keys.press("Continue", "Questions every broker has to ask")
    for group in page.get_by_role("main").get_by_role("group").all():
        keys.choose(group.get_by_label("No", exact=True))
    keys.press("Continue", "Someone we may call if we worry about you")
    keys.choose(page.get_by_label("No", exact=True))
    keys.press("Continue", "Agreements")
    keys.tick(page.get_by_role("checkbox").first)
    keys.press("Agree and continue", "Check your answers")
    keys.tab_to(page.get_by_role("button", name="Send my application"))
    page.keyboard.press("Enter")
    journey.wait_for(page.get_by_text("Your account is open"))
    assert keys.wide == []
