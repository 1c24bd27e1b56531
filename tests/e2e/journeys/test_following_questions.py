"""Questions that follow an answer: shown when it is given; without scripts always there, saying when."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.e2e.axe import axe
from tests.e2e.journey import Journey
from tests.e2e.people import come_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

EMPLOYER = ("Employer", "Employer's address", "Your job title")
CONTACT = ("Their first name", "Their last name", "Their e-mail address", "Their phone number")
TAX_RESIDENCE = "In which country are you a tax resident?"
RESIDENT = "Are you a permanent resident of the United States?"


@pytest.fixture
def scripted(
    new_context: Callable[..., BrowserContext], stack: Stack, request: pytest.FixtureRequest
) -> Journey:
    name = re.sub(r"[^a-z]+", "-", request.node.name)[:40].strip("-")
    journey = Journey(new_context().new_page(), stack, f"{name}@example.com")
    come_in(journey)
    return journey


@pytest.fixture
def plain(browser: Browser, stack: Stack) -> Iterator[Journey]:
    context = browser.new_context(java_script_enabled=False)
    journey = Journey(context.new_page(), stack, "follows-plainly@example.com", javascript=False)
    come_in(journey)
    yield journey
    context.close()


def question(journey: Journey, label: str) -> Locator:
    """A question with its label, its hint and its control."""
    exactly = re.compile(rf"^\s*{re.escape(label)}\s*(\(|$)")
    return journey.page.locator(".field").filter(has=journey.page.locator("label, legend", has_text=exactly))


def expect_shown(journey: Journey, labels: tuple[str, ...], *, shown: bool) -> None:
    for label in labels:
        expect(question(journey, label)).to_be_visible(visible=shown)
        if shown:
            expect(question(journey, label).locator(".optional")).to_be_hidden()


def test_questions_that_follow_an_answer_are_shown_when_it_is_given(scripted: Journey) -> None:
    page = scripted.page
    scripted.open("/apply/work/")
    expect_shown(scripted, EMPLOYER, shown=False)
    page.get_by_label("Employed", exact=True).check()
    expect_shown(scripted, EMPLOYER, shown=True)
    assert axe(page) == []
    page.get_by_label("Student", exact=True).check()
    expect_shown(scripted, EMPLOYER, shown=False)
    page.get_by_label("Income from work").check()
    scripted.press("Continue")
    scripted.expect_heading("Your finances")
    page.go_back()
    expect_shown(scripted, EMPLOYER, shown=False)

    scripted.open("/apply/trusted-contact/")
    expect_shown(scripted, CONTACT, shown=False)
    page.get_by_label("Yes", exact=True).check()
    expect_shown(scripted, CONTACT, shown=True)
    scripted.press("Continue")
    expect(page.locator("#error-summary")).to_contain_text("Enter their first name.")
    expect_shown(scripted, CONTACT, shown=True)
    page.get_by_label("No", exact=True).check()
    # What is complained about stays, so that the summary's link leads to it.
    expect(question(scripted, "Their first name")).to_be_visible()
    expect(question(scripted, "Their phone number")).to_be_hidden()

    scripted.open("/apply/eligibility/")
    expect_shown(scripted, (RESIDENT,), shown=False)
    page.get_by_label("Country of citizenship").select_option("FRA")
    expect_shown(scripted, (RESIDENT,), shown=True)
    expect_shown(scripted, (TAX_RESIDENCE,), shown=False)
    page.get_by_label("No", exact=True).check()
    expect_shown(scripted, (TAX_RESIDENCE,), shown=True)
    # What follows a question that is not asked any more goes with it.
    page.get_by_label("Country of citizenship").select_option("USA")
    expect_shown(scripted, (RESIDENT, TAX_RESIDENCE), shown=False)

    scripted.open("/apply/name/")
    expect_shown(scripted, ("First name",), shown=True)
    page.get_by_label("I have one name only").check()
    expect_shown(scripted, ("First name",), shown=False)


def test_state_of_a_company_is_asked_for_in_the_us_and_for_that_company_alone(scripted: Journey) -> None:
    page = scripted.page
    scripted.open("/apply/disclosures/")
    for number, group in enumerate(page.get_by_role("main").get_by_role("group").all()):
        group.get_by_label("Yes" if number < 2 else "No", exact=True).check()
    scripted.press("Continue")
    company, firm = "State of the company", "State of the exchange or firm"
    expect_shown(scripted, (company, firm), shown=False)
    page.get_by_label("Country of the company").select_option("USA")
    expect_shown(scripted, (company,), shown=True)
    expect_shown(scripted, (firm,), shown=False)


def test_questions_that_follow_an_answer_without_scripts_say_when_they_are_asked(plain: Journey) -> None:
    for path, labels, words in (
        ("/apply/work/", EMPLOYER, "(if you are employed)"),
        ("/apply/trusted-contact/", CONTACT, "(if you name one)"),
        ("/apply/eligibility/", (RESIDENT,), "(if you are not a US citizen)"),
    ):
        plain.open(path)
        for label in labels:
            expect(question(plain, label)).to_be_visible()
            expect(question(plain, label).locator(".optional")).to_have_text(words)

    plain.open("/apply/trusted-contact/")
    plain.page.get_by_label("No", exact=True).check()
    plain.press("Continue")
    expect(plain.page.locator("#error-summary")).to_have_count(0)
    plain.open("/apply/trusted-contact/")
    plain.page.get_by_label("Yes", exact=True).check()
    for label, answer in zip(CONTACT[:3], ("Grace", "Hopper", "grace.hopper@example.com"), strict=True):
        question(plain, label).get_by_role("textbox").fill(answer)
    plain.press("Continue")
    expect(plain.page.locator("#error-summary")).to_have_count(0)
    plain.open("/apply/trusted-contact/")
    expect(question(plain, "Their first name").get_by_role("textbox")).to_have_value("Grace")
