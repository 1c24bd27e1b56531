"""Members of the demo's staff in a browser: signed in once, and how they get about."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.journey import Journey
from tests.e2e.second_step import confirm
from tests.e2e.stack import DEMO_PASSWORD, Stack

_cookies: dict[tuple[str, str], list[Any]] = {}
"""Sessions by site and e-mail address, as each code of a second step works once in half a minute."""


class Staff(Journey):
    """One member of staff in one browser."""

    def open_queue(self, title: str) -> None:
        """From the home to the list of what waits in a queue."""
        self.open("/admin/")
        queues = self.page.get_by_role("region", name="Queues")
        queues.get_by_role("link", name=title, exact=True).click()

    def look_for(self, text: str) -> None:
        """Search in the list that is open."""
        self.page.locator("#searchbar").fill(text)
        with self.page.expect_navigation():
            self.page.locator("#searchbar").press("Enter")

    def search(self, text: str) -> None:
        """In the one search of everything, reached by its key."""
        self.page.wait_for_load_state()  # who has just come here may be faster than the script of the key
        self.page.keyboard.press("/")
        expect(self.page.locator("[data-ops-search]")).to_be_focused()
        self.page.keyboard.type(text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def row(self, text: str) -> Locator:
        """The first row of a table that says this."""
        return self.page.get_by_role("main").locator("tbody tr").filter(has_text=text).first

    def act(self, text: str, action: str) -> None:
        """Do an action to the row of a list that says `text`, confirming who it is if that is asked."""
        self.row(text).locator("input.action-select").check()
        self.page.locator("select[name=action]").first.select_option(label=action)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Go", exact=True).first.click()
        self.confirm_if_asked()

    def confirm_if_asked(self) -> None:
        """Where an action asks once more who it is: the password, or a code, which works once."""
        asked = self.page.get_by_role("heading", name="Confirm that it is you", level=1)
        for _ in range(3):
            if not asked.is_visible():
                return
            code = self.page.get_by_role("textbox", name="Code", exact=True).is_visible()
            with self.page.expect_navigation():
                confirm(self.page, self.demo_code() if code else DEMO_PASSWORD)
        raise AssertionError("no code was taken")

    def give_reason(self, reason: str, button: str) -> None:
        """On a page that asks why: answer, and go on."""
        self.page.get_by_label(re.compile("^Reason")).fill(reason)
        self.press(button)


def signed_in(new_context: Callable[..., BrowserContext], stack: Stack, email: str) -> Staff:
    """A member of the demo's staff on their home, in a browser of their own."""
    staff = Staff(new_context().new_page(), stack, email)
    if (known := _cookies.get((stack.url, email))) is not None:
        staff.page.context.add_cookies(known)
        staff.open("/admin/")
    else:
        staff.sign_in(email, DEMO_PASSWORD)
    if "/login/" in staff.page.url:  # the session has ended meanwhile
        staff.sign_in(email, DEMO_PASSWORD)
    if known is None or "/authenticate/" in staff.page.url:
        staff.give_demo_code()
    staff.open("/admin/")
    expect(staff.page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    _cookies[stack.url, email] = staff.page.context.cookies()
    return staff
