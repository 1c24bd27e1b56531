"""`static/js/live.js` against a made-up page and stream."""

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.e2e

PAGE = """<main id="main"><section id="transfer" {live} data-live-announce="{news}">
<h1>Deposit {status}</h1><label>Note <input id="note"></label>
<details><summary>More</summary>Details</details></section></main>"""
STREAM = 'retry: 60000\n\nevent: resync\ndata: {}\n\nevent: changed\ndata: {"noun":"transfer","id":"1"}\n\n'


class Deposit:
    """What the pretended server says, and how often it was asked."""

    status = "pending"
    fetched = 0
    redirect = False

    def html(self) -> str:
        done = self.status == "complete"
        live = "" if done else 'data-live-url="/live/" data-live-for="transfer:1" data-live-poll="1"'
        fragment = PAGE.format(live=live, news="Deposit complete" if done else "", status=self.status)
        base = render_to_string("base.html", {"preferences": {"theme": "system"}})
        return base.replace('<main id="main"', f"{fragment}<main").replace(
            "<title>", f"<title>{self.status} "
        )


@pytest.fixture
def deposit(page: Page, site) -> Deposit:
    """The deposit behind `/deposit/`."""
    deposit = Deposit()

    def answer(route: Route) -> None:
        deposit.fetched += 1
        if deposit.redirect:
            route.fulfill(status=302, headers={"location": "/styleguide/"})
        else:
            route.fulfill(content_type="text/html", body=deposit.html())

    page.route("**/deposit/", answer)
    return deposit


@pytest.fixture
def pushes(page: Page) -> Callable[[], object]:
    """A function that makes the stream say once that the deposit changed; until then it is refused."""
    return lambda: page.route(
        "**/live/", lambda route: route.fulfill(content_type="text/event-stream", body=STREAM), times=1
    )


def test_live_page_follows_a_push_and_keeps_what_the_person_was_doing(page, site, deposit, pushes):
    page.route("**/live/", lambda route: route.fulfill(status=503))
    page.goto(f"{site.url}/deposit/")
    page.get_by_text("More").click()
    page.locator("#note").fill("rent")

    deposit.status = "complete"
    pushes()

    expect(page.get_by_role("heading")).to_have_text("Deposit complete", timeout=10_000)
    expect(page.locator("#note")).to_have_value("rent")
    expect(page.locator("#note")).to_be_focused()
    expect(page.locator("#transfer details")).to_have_attribute("open", "")
    expect(page.locator("#live-region")).to_have_text("Deposit complete")
    expect(page).to_have_title("complete Welcome · ")


def test_live_page_polls_where_push_is_cut(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")

    deposit.status = "complete"

    expect(page.get_by_role("heading")).to_have_text("Deposit complete", timeout=5_000)


def test_live_page_is_left_alone_once_final(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    deposit.status = "complete"
    page.goto(f"{site.url}/deposit/")

    page.wait_for_timeout(2_500)

    assert deposit.fetched == 1


def test_live_page_goes_where_a_redirect_leads(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")

    deposit.redirect = True

    expect(page).to_have_url(f"{site.url}/styleguide/", timeout=5_000)


def test_live_page_keeps_its_content_when_the_server_fails(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")
    page.route("**/deposit/", lambda route: route.fulfill(status=500, body="<p>broken</p>"))

    page.wait_for_timeout(2_500)

    expect(page.get_by_role("heading")).to_have_text("Deposit pending")
