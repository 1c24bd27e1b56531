"""What a person does with an authenticator app, in the browser tests."""

import re
import time
from dataclasses import dataclass, field

import pyotp
from playwright.sync_api import Page, expect

PERIOD = 30
TIME_TO_TYPE = 10
"""Seconds for which a code must still be taken when it is given."""


@dataclass
class App:
    """An authenticator app: the site takes each code once, so the next one may have to be waited for."""

    secret: str
    used: int = field(default=0)

    def code(self) -> str:
        """A code that has not been used; the site takes those before and after the present one as well."""
        step = max(int(time.time() + TIME_TO_TYPE) // PERIOD - 1, self.used + 1)
        while step > int(time.time()) // PERIOD + 1:
            time.sleep(1)
        self.used = step
        return pyotp.TOTP(self.secret).at(step * PERIOD)


def set_up_app(page: Page) -> tuple[App, list[str]]:
    """On the page that sets up an app: the app, and the recovery codes, whose page is then open."""
    app = App(page.locator("code.wrap").inner_text())
    page.get_by_role("textbox", name="Code").fill(app.code())
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Your recovery codes", level=1)).to_be_visible()
    return app, page.locator(".codes code").all_inner_texts()


def confirm(page: Page, answer: str) -> None:
    """On a page that asks who it is: answer with a password or a code, whichever it wants."""
    expect(page.get_by_role("heading", name="Confirm that it is you", level=1)).to_be_visible()
    page.get_by_role("textbox", name=re.compile("^(Password|Code)$")).fill(answer)
    page.get_by_role("button", name="Go on", exact=True).click()
