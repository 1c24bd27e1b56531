"""Wrong answers to the application: the rule at the field and in the summary, and nothing typed is lost."""

import datetime as dt
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import axe
from tests.e2e.journey import ANSWERS, Journey
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


@pytest.fixture
def journey(page: Page, stack: Stack, request: pytest.FixtureRequest) -> Journey:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return signed_in_person(page, stack, f"{name[:40]}@example.com")


def expect_refused(journey: Journey, words: str) -> None:
    """The message is in the summary, which has the focus, and at the field, and the title says Error."""
    summary = journey.page.locator("#error-summary")
    expect(summary).to_contain_text(words)
    expect(summary).to_be_focused()
    expect(journey.page.locator(".field-error", has_text=words).first).to_be_visible()
    assert journey.page.title().startswith("Error: ")
    assert axe(journey.page) == []


def test_age_of_17(journey: Journey) -> None:
    journey.open("/apply/eligibility/")
    year = str(dt.datetime.now(dt.UTC).year - 17)
    journey.birth("3", "31", year)
    journey.page.get_by_label("Where do you live?").select_option("USA")
    journey.page.get_by_label("Country of citizenship").select_option("USA")
    journey.press("Continue")
    expect_refused(journey, "You must be 18 or older")
    expect(journey.page.get_by_label("Year")).to_have_value(year)
    expect(journey.page.get_by_label("Where do you live?")).to_have_value("USA")


def test_bad_zip(journey: Journey) -> None:
    journey.open("/apply/contact/")
    journey.fill("Phone number", "Street address", "City")
    journey.page.get_by_label("State", exact=True).select_option("CA")
    journey.field("ZIP code").fill("9440")
    journey.press("Continue")
    expect_refused(journey, "A ZIP code has 5 digits")
    for label in ("Phone number", "Street address", "City"):
        expect(journey.field(label)).to_have_value(ANSWERS[label])
    expect(journey.page.get_by_label("State", exact=True)).to_have_value("CA")
    journey.page.locator("#error-summary a").click()
    expect(journey.field("ZIP code")).to_be_focused()


def test_ssn_of_zeros(journey: Journey) -> None:
    journey.open("/apply/tax-id/")
    field = journey.page.get_by_role("textbox", name="Social Security number")
    field.fill("000-00-0000")
    journey.press("Continue")
    expect_refused(journey, "not a number that is ever issued")
    expect(field).to_have_value("000-00-0000")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("large.pdf", b"%PDF-1.7" + bytes(12_000_000), "12.0 MB"),
        ("passport.gif", b"GIF89a" + bytes(100), "not a PDF, PNG, JPEG or HEIC"),
    ],
)
def test_document(journey: Journey, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    journey.open("/apply/documents/")
    journey.page.get_by_label("What is it?").select_option("address_verification")
    # The browser's own check would stop the file before it is sent: the server must hold without it.
    journey.page.locator("input[type=file]").evaluate("input => input.removeAttribute('data-max-bytes')")
    journey.page.locator("input[type=file]").evaluate("input => input.removeAttribute('accept')")
    journey.page.locator("input[type=file]").set_input_files(path)
    journey.press("Continue")
    expect_refused(journey, words)
    expect(journey.page.get_by_label("What is it?")).to_have_value("address_verification")


def test_more_than_the_site_reads_is_told_on_a_page_of_ours(journey: Journey, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF-1.7" + bytes(61 * 1024 * 1024))
    journey.open("/apply/documents/")
    journey.page.locator("input[type=file]").evaluate("input => input.removeAttribute('data-max-bytes')")
    journey.page.locator("input[type=file]").set_input_files(path)
    journey.press("Continue")
    journey.expect_heading("Too large to send")
    assert axe(journey.page) == []
    journey.page.go_back()
    journey.expect_heading("A document that shows who you are")
