"""The steps of a person's way from sign-up to a filled order, as they take them in a browser."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.brokerapp.security.uploads.samples import passport
from tests.e2e.second_step import App, confirm, set_up_app
from tests.e2e.stack import Stack

PASSWORD = "correct-horse-battery"
WAIT_MS = 45_000

ANSWERS = {
    "First name": "Ada",
    "Last name": "Byron",
    "Phone number": "(212) 555-0123",
    "Street address": "20 N San Mateo Dr",
    "City": "San Mateo",
    "ZIP code": "94401",
}
PDF = passport()


@dataclass
class Journey:
    """One person in one browser; `javascript` says whether pages can update themselves.

    Pages are those of the person's one account, or of `account` where they have several.
    """

    page: Page
    stack: Stack
    email: str
    javascript: bool = True
    account: str = ""
    seen: dict[str, str] = field(default_factory=dict)
    app: App | None = None
    recovery_codes: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to an address of the site."""
        if self.account and path.startswith(("/portfolio/", "/trade/", "/orders/", "/transfer/")):
            path = f"/a/{self.account}{path}"
        self.page.goto(self.stack.url + path)

    def press(self, name: str) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def field(self, label: str) -> Locator:
        """The input with this label."""
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}( \([^)]+\))?$")).first

    def wait_for(self, target: Locator) -> None:
        """Until something shows up: by itself with JavaScript, by reloading without."""
        if self.javascript:
            expect(target.first).to_be_visible(timeout=WAIT_MS)
        else:
            self.reload_until(target)

    def reload_until(self, target: Locator) -> None:
        """Ask for the page again until what a worker makes is on it."""
        pause = 250
        until = time.monotonic() + WAIT_MS / 1000
        while not target.first.is_visible() and time.monotonic() < until:
            self.page.wait_for_timeout(pause)
            self.page.reload()
            pause = min(pause * 2, 1000)  # each reload takes from the worker that is waited for
        expect(target.first).to_be_visible()

    def sign_up(self) -> None:
        """Create the login and confirm the address by the mail in the dev mailbox."""
        self.open("/accounts/signup/")
        self.page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(self.email)
        self.page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
        self.press("Continue")
        self.expect_heading("Check your mail")
        self.open(f"/mailbox/?to={self.email}")
        link = self.page.locator("a[href*='/accounts/confirm-email/']")
        self.reload_until(link)
        link.first.click()
        self.press("Confirm")

    def answer_application(self, *, document: Path | None = None) -> None:
        """Every page of the application, to the check page."""
        self.open("/apply/")
        self.page.get_by_role("link", name="Start").click()
        self.page.get_by_label("Where do you live?").select_option("USA")
        self.birth("3", "31", "1985")
        self.page.get_by_label("Country of citizenship").select_option("USA")
        self.press("Continue")
        self.fill("First name", "Last name")
        self.press("Continue")
        self.answer_from_contact_on(document=document)

    def answer_from_contact_on(
        self, *, document: Path | None = None, visa: Callable[[], None] | None = None
    ) -> None:
        """The pages after the name; `visa` answers the one that follows the birthplace."""
        self.fill("Phone number", "Street address", "City", "ZIP code")
        self.page.get_by_label("State", exact=True).select_option("CA")
        self.press("Continue")
        self.page.get_by_label("Country where you were born").select_option("USA")
        self.press("Continue")
        if visa:
            visa()
            self.press("Continue")
        self.page.get_by_role("textbox", name="Social Security number").fill("124-55-4321")
        self.press("Continue")
        if document:
            self.page.locator("input[type=file]").set_input_files(document)
        self.press("Continue")
        self.page.get_by_label("Employed", exact=True).check()
        self.field("Employer").fill("Analytical Engines Inc")
        self.field("Employer's address").fill("1 Engine Way, San Mateo, CA")
        self.field("Your job title").fill("Programmer")
        self.page.get_by_label("Income from work").check()
        self.press("Continue")
        for heading in ("Your finances", "Your investing"):  # may be left empty
            self.expect_heading(heading)
            self.press("Continue")
        self.expect_heading("Questions every broker has to ask")
        for group in self.page.get_by_role("main").get_by_role("group").all():
            group.get_by_label("No", exact=True).check()
        self.press("Continue")
        self.expect_heading("Someone we may call if we worry about you")
        self.page.get_by_label("No", exact=True).check()
        self.press("Continue")
        self.page.get_by_label(re.compile("Customer Agreement")).check()
        self.press("Agree and continue")
        self.expect_heading("Check your answers")

    def expect_heading(self, name: str) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()

    def fill(self, *labels: str) -> None:
        """Fill these fields with `ANSWERS`."""
        for label in labels:
            self.field(label).fill(ANSWERS[label])

    def birth(self, month: str, day: str, year: str) -> None:
        """Fill the date of birth."""
        self.page.get_by_label("Month").fill(month)
        self.page.get_by_label("Day", exact=True).fill(day)
        self.page.get_by_label("Year").fill(year)

    def submit_application(self) -> None:
        """Send it and wait for the account."""
        self.press("Send my application")
        self.wait_for(self.page.get_by_text("Your account is open"))

    def link_bank(self) -> None:
        """Link a bank and wait for its approval; a second step is set up on the way, where there is none."""
        self.open("/transfer/bank/")
        self.confirm_as_asked()
        self.page.get_by_label("Checking").check()
        self.page.get_by_label("Routing number").fill("121000358")
        self.page.get_by_label("Account number").fill("32131231123")
        self.press("Link this bank")
        self.wait_for(self.page.get_by_text("Your bank is linked"))

    def confirm_as_asked(self) -> None:
        """Set up a second step if the page asks for one, and confirm with what there is, back to the page."""
        heading = self.page.get_by_role("heading", level=1)
        if heading.inner_text() == "Set up a second step":
            self.page.get_by_role("link", name="Use an app").click()
            expect(heading).not_to_have_text("Set up a second step")
            if heading.inner_text() == "Confirm that it is you":
                confirm(self.page, PASSWORD)
            self.app, self.recovery_codes = set_up_app(self.page)
            self.page.get_by_role("link", name="I have kept them, go on").click()
        elif heading.inner_text() == "Confirm that it is you":
            confirm(self.page, self.app.code() if self.app else PASSWORD)

    def review_deposit(self, amount: str) -> None:
        """Up to the review page of a deposit."""
        self.open("/transfer/deposit/")
        self.page.get_by_label("Amount").fill(amount)
        self.press("Review")

    def confirm_deposit(self, shown: str) -> None:
        """Confirm the deposit and wait until it is complete."""
        self.press(f"Deposit {shown}")
        self.wait_for(self.page.locator(".receipt .tag", has_text="Complete"))

    def see_money(self, shown: str) -> None:
        """Wait until the account's balances, which are read after a transfer is complete, say this much."""
        self.open("/portfolio/")
        self.wait_for(self.page.get_by_text(shown))

    def review_order(self, symbol: str, quantity: str) -> None:
        """Search for a share, fill in the ticket, and get to its review page."""
        self.open("/trade/")
        self.page.get_by_label("Symbol or company").fill(symbol)
        self.page.get_by_label("Symbol or company").press("Enter")
        self.page.get_by_role("main").get_by_role("link", name=re.compile(rf"^{symbol}\b")).click()
        self.page.wait_for_url(f"**/trade/{symbol}/**")
        on_phone = self.page.locator(".phone-only a[href*='side=BUY']")
        if on_phone.is_visible():  # there the ticket is a page of its own
            on_phone.click()
            self.page.wait_for_url(f"**/trade/{symbol}/order/**")
        self.page.locator("form[data-ticket]").get_by_text("Buy", exact=True).click()
        self.page.get_by_text("Shares", exact=True).first.click()
        self.page.get_by_label("Amount").fill(quantity)
        self.press("Review order")
        self.expect_heading("Review your order")

    def confirm_order(self) -> str:
        """Place the order, wait until it is filled, and give the Request ID of its receipt."""
        self.place("Place buy order")
        self.wait_for(self.page.locator(".receipt .tag", has_text="Filled"))
        return self.request_id()

    def place(self, button: str) -> None:
        """Place an order from its review, which asks again where the price has moved or is old by then."""
        for _ in range(3):
            # Unlike a click, this says what is on the page when the button is not.
            expect(self.page.get_by_role("button", name=button, exact=True)).to_be_visible()
            with self.page.expect_navigation():
                self.press(button)
            if re.search(r"/orders/[0-9a-f-]{36}/$", self.page.url):
                return
            self.expect_heading("Review your order")
        raise AssertionError(self.page.get_by_role("main").inner_text())

    def request_id(self) -> str:
        """The broker's Request ID on a receipt; an event can be on the page before the reply that has it."""
        self.reload_until(self.page.locator(".reference", has_text="Request ID"))
        return self.page.locator(".reference", has_text="Request ID").locator("code").inner_text()

    def sign_in(self, email: str, password: str) -> None:
        """Sign in with a password."""
        self.open("/accounts/login/")
        self.page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(email)
        self.page.get_by_role("textbox", name="Password", exact=True).fill(password)
        self.press("Sign in")
        self.page.wait_for_url(lambda url: "/login/" not in url)

    def give_code(self, code: str) -> None:
        """The second step of signing in."""
        self.expect_heading("The second step")
        self.page.get_by_role("textbox", name="Code").fill(code)
        self.press("Sign in")
        self.page.wait_for_url(lambda url: "/authenticate/" not in url)

    def give_demo_code(self, code: Callable[[], str] | None = None) -> None:
        """The second step of the demo's staff: a code of their app, or what `code` gives."""
        self._give_new_code("The second step", "Sign in", "/authenticate/", code or self.demo_code)

    def confirm_by_demo_code(self) -> None:
        """Confirm as the demo's staff, if the page that was asked for wants it first."""
        if "/reauthenticate/" in self.page.url:
            self._give_new_code("Confirm that it is you", "Go on", "/reauthenticate/", self.demo_code)

    def _give_new_code(self, heading: str, button: str, address: str, code: Callable[[], str]) -> None:
        """Give a code of the demo's staff on a page, and another one if it was used before."""
        used = ""
        for _ in range(3):
            self.expect_heading(heading)
            while (answer := code()) == used:
                self.page.wait_for_timeout(500)
            used = answer
            self.page.get_by_role("textbox", name="Code").fill(answer)
            self.press(button)
            self.page.wait_for_load_state()
            if address not in self.page.url:
                return
        raise AssertionError("no code was taken")

    def demo_code(self) -> str:
        """A code of this member of the demo's staff that was not used yet."""
        return self.stack.apps[self.email].code()

    def mailbox_code(self) -> str:
        """This member of the demo's staff's code, as the dev mailbox shows it."""
        with self.page.context.new_page() as mailbox:
            mailbox.goto(f"{self.stack.url}/mailbox/")
            return mailbox.locator("#codes ~ dl > div", has_text=self.email).locator("code").inner_text()
