"""The sandbox's console in a browser: accessible, within its width, live, and usable without scripts."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.sandbox.people import application, buy, link_bank, open_account, order, transfer
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.e2e

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("console") / "state") as process:
        yield process


@pytest.fixture(scope="module")
def account_id(sandbox: SandboxProcess) -> str:
    """An account with a bit of everything."""
    found = open_account(sandbox, cash="10000")
    transfer(sandbox, found, link_bank(sandbox, found), amount="250")
    buy(sandbox, found, qty="5")
    order(sandbox, found, qty="4", type="limit", limit_price="1")
    sandbox.fail_next("GET", "/v1/nothing", "refuse")
    return found


@pytest.fixture
def open_console(
    new_context: Callable[..., BrowserContext], sandbox: SandboxProcess, account_id: str
) -> Iterator[Callable[..., Page]]:
    """A function that opens the front page, or the account's; any error in the console fails the test."""
    errors: list[str] = []

    def open_page(path: str = "/", screen: str = "desktop", **options: object) -> Page:
        width, height = WIDTHS[screen]
        page = new_context(viewport={"width": width, "height": height}, **options).new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(sandbox.url + path.format(account=f"/_sandbox/console/accounts/{account_id}"))
        return page

    yield open_page
    assert errors == []


@pytest.mark.parametrize("path", ["/", "{account}"])
def test_console_has_no_accessibility_findings(open_console, path):
    page = open_console(path)
    for summary in page.locator("summary").all():
        summary.click()

    assert axe_everywhere(page, frame=path == "/") == []


@pytest.mark.parametrize("path", ["/", "{account}"])
def test_console_never_scrolls_sideways(open_console, path):
    page = open_console(path)

    for width in (320, 390, 800, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scripts", [True, False])
def test_partial_fill_by_its_button(open_console, sandbox, account_id, scripts):
    page = open_console("{account}", java_script_enabled=scripts)
    page.get_by_text("Partial fill", exact=True).first.click()
    page.locator("#partial_fill-qty").fill("1")
    page.get_by_role("button", name="Partial fill").click()

    expect(page.get_by_role("status")).to_contain_text("1 AAPL filled")
    expect(page.get_by_role("region", name="Orders")).to_contain_text("partially_filled")


def test_page_follows_what_happens(open_console, sandbox):
    page = open_console()
    body = application(identity__family_name="Latecomer")
    sandbox.request("POST", "/v1/accounts", json=body).raise_for_status()

    expect(page.get_by_role("link", name="Jane Latecomer")).to_be_visible()
    page.get_by_role("button", name="Pause updates").click()
    sandbox.request(
        "POST", "/v1/accounts", json=application(identity__family_name="Unseen")
    ).raise_for_status()
    page.wait_for_timeout(2_500)
    expect(page.get_by_role("link", name="Jane Unseen")).to_have_count(0)


def test_notice_is_gone_after_a_reload(open_console):
    page = open_console("/?done=All+is+well")

    expect(page.get_by_role("status")).to_have_text("All is well")
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
