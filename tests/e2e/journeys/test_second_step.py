"""The second step in a browser: an app, a passkey, a recovery code, a lost device; the end of a session."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import PASSWORD, Journey
from tests.e2e.people import signed_in_person
from tests.e2e.second_step import confirm, set_up_app
from tests.e2e.stack import Stack
from tests.e2e.staff import signed_in

pytestmark = pytest.mark.e2e


class LocalStack:
    """The stack by the name `localhost`: browsers have passkeys there and not at a bare address."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.url.replace("127.0.0.1", "localhost")


def device_with_passkeys(page: Page) -> CDPSession:
    """A device that answers for its person at once, as after a touch of the finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def sign_out(journey: Journey) -> None:
    journey.open("/accounts/logout/")
    journey.page.get_by_role("main").get_by_role("button", name="Sign out").click()


def test_app_recovery_code_and_lost_device(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, "app@example.com")
    findings = []
    journey.open("/accounts/security/")
    findings += axe_everywhere(page)
    page.get_by_role("link", name="Set up a second step").click()
    findings += axe_everywhere(page)
    page.get_by_role("link", name="Use an app").click()
    findings += axe_everywhere(page)
    confirm(page, PASSWORD)
    findings += axe_everywhere(page)
    app, codes = set_up_app(page)
    assert len(codes) == 10
    findings += axe_everywhere(page)
    for path in ("/accounts/second-step/", "/accounts/devices/", "/accounts/security/", "/accounts/email/"):
        journey.open(path)
        findings += axe_everywhere(page)

    sign_out(journey)
    journey.sign_in(journey.email, PASSWORD)
    journey.expect_heading("The second step")
    findings += axe_everywhere(page)
    page.get_by_role("textbox", name="Code").fill("123456")
    journey.press("Sign in")
    expect(page.locator("#error-summary")).to_contain_text("not a code that works now")
    journey.give_code(app.code())
    journey.open("/accounts/security/")
    expect(page.get_by_text("Authenticator app")).to_be_visible()

    # The device is lost: a recovery code signs in, another confirms, and the app makes way for a new one.
    sign_out(journey)
    journey.sign_in(journey.email, PASSWORD)
    page.get_by_text("I have lost my device").click()
    journey.give_code(codes[0])
    journey.open("/accounts/second-step/totp/deactivate/")
    confirm(page, codes[1])
    journey.press("Remove the app")
    journey.expect_heading("Your second step")
    page.get_by_role("link", name="Set up an app").click()
    new_app, _ = set_up_app(page)
    sign_out(journey)
    journey.sign_in(journey.email, PASSWORD)
    journey.give_code(new_app.code())
    mails(journey, "An authenticator app was removed")
    added = page.locator("article h2", has_text="An authenticator app was added")
    journey.reload_until(added.nth(1))
    expect(added).to_have_count(2)
    assert findings == []


def mails(journey: Journey, wanted: str) -> list[str]:
    """The subjects of the person's mails, once the wanted one is among them."""
    journey.open(f"/mailbox/?to={journey.email}")
    journey.reload_until(journey.page.locator("article h2", has_text=wanted))
    return journey.page.locator("article h2").all_inner_texts()


def test_lost_device_and_codes_are_taken_away_by_staff(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    journey = signed_in_person(page, stack, "lost-both@example.com")
    journey.open("/accounts/second-step/totp/activate/")
    confirm(page, PASSWORD)
    set_up_app(page)

    ops = signed_in(new_context, stack, "ops@example.com")
    ops.open(f"/admin/accounts/user/?q={journey.email}")
    ops.act(journey.email, "Take a lost second step away")
    ops.give_reason("Called back on the number of the application.", "Take the second step away")
    expect(ops.page.get_by_text("has no second step any more")).to_be_visible()

    journey.open("/accounts/security/")
    journey.expect_heading("Sign in")
    journey.sign_in(journey.email, PASSWORD)
    journey.open("/accounts/security/")
    expect(page.get_by_text("You have no second step yet")).to_be_visible()
    assert "Your second step was taken away" in mails(journey, "Your second step was taken away")


def test_passkey_as_second_step_to_confirm_and_alone(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, "passkey@example.com")
    local = LocalStack(stack)
    page.goto(f"{local.url}/accounts/login/")
    device_with_passkeys(page)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)

    def open_page(path: str) -> None:
        page.goto(local.url + path)

    def sign_in() -> None:
        open_page("/accounts/login/")
        page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(journey.email)
        page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
        journey.press("Sign in")

    sign_in()
    open_page("/accounts/second-step/webauthn/add/")
    confirm(page, PASSWORD)
    findings = axe_everywhere(page)
    page.get_by_label("Your name for it").fill("Work laptop")
    journey.press("Add it")
    journey.expect_heading("Your recovery codes")
    open_page("/accounts/second-step/webauthn/")
    expect(page.locator("main strong")).to_have_text("Work laptop")
    expect(page.get_by_text("Signs you in alone")).to_be_visible()
    findings += axe_everywhere(page)

    # After the password,
    page.context.clear_cookies()
    sign_in()
    journey.expect_heading("The second step")
    journey.press("Use a passkey")
    page.wait_for_url(lambda url: "/authenticate/" not in url)
    # to confirm,
    open_page("/accounts/password/change/")
    journey.expect_heading("Confirm that it is you")
    findings += axe_everywhere(page)
    journey.press("Use a passkey")
    journey.expect_heading("Change your password")
    # and instead of the password, to the page that was asked for.
    page.context.clear_cookies()
    open_page("/accounts/security/")
    findings += axe_everywhere(page)
    journey.press("Sign in with a passkey")
    journey.expect_heading("Your sign-in")
    assert problems == []
    assert findings == []


def test_session_end_is_told_and_what_was_typed_stays(page: Page, stack: Stack) -> None:
    journey = signed_in_person(page, stack, "idle@example.com")
    page.route("**/apply/name/", with_seconds(90))
    journey.open("/apply/name/")
    expect(page.get_by_role("heading", name="You will soon be signed out")).to_be_visible()
    assert axe_everywhere(page) == []
    journey.press("Stay signed in")
    expect(page.locator("#session-end")).to_be_hidden()

    page.unroute("**/apply/name/")
    page.route("**/apply/name/", with_seconds(121))
    journey.open("/apply/name/")
    journey.fill("First name", "Last name")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=15_000)
    journey.press("Close")
    with page.context.new_page() as again:
        Journey(again, stack, journey.email).sign_in(journey.email, PASSWORD)
    assert cookies
    page.unroute("**/apply/name/")
    token = page.locator("form[novalidate] [name=csrfmiddlewaretoken]").first
    former = token.input_value()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(token).not_to_have_value(former)
    journey.press("Continue")
    page.wait_for_url(lambda url: "/apply/name/" not in url)


def with_seconds(seconds: int) -> Callable[..., None]:
    """The page as it would be so many seconds before the end of its session."""

    def answer(route: object) -> None:
        reply = route.fetch()  # type: ignore[attr-defined]
        body = re.sub(r'data-seconds="\d+"', f'data-seconds="{seconds}"', reply.text())
        route.fulfill(response=reply, body=body)  # type: ignore[attr-defined]

    return answer
