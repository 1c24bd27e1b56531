"""`static/js/live.js` against a made-up page and stream."""

import json
import time
from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import CDPSession, Page, Route, expect

pytestmark = pytest.mark.e2e

PAGE = """<main id="main"><section id="transfer" {live} data-live-announce="{news}">
<h1>Deposit {status}</h1><label>Note <input id="note"></label>
<details><summary>More</summary>Details</details></section></main>"""
STREAM = 'retry: 60000\n\nevent: resync\ndata: {}\n\nevent: changed\ndata: {"noun":"transfer","id":"1"}\n\n'


class Deposit:
    """What the pretended server says, and how often it was asked."""

    status = "pending"
    fetched = 0
    redirect = ""
    form = ""

    def html(self) -> str:
        done = self.status == "complete"
        live = "" if done else 'data-live-url="/live/" data-live-for="transfer:1" data-live-poll="1"'
        fragment = PAGE.format(live=live, news="Deposit complete" if done else "", status=self.status)
        base = render_to_string("base.html", {"preferences": {"theme": "system"}})
        return base.replace('<main id="main"', f"{fragment}{self.form}<main").replace(
            "<title>", f"<title>{self.status} "
        )


def wait_until(page: Page, come: Callable[[], bool]) -> None:
    """Until something has come true of what the page asks for, while its requests are answered."""
    until = time.monotonic() + 20
    while not come():
        assert time.monotonic() < until, "the page did not ask for it"
        page.wait_for_timeout(50)


@pytest.fixture
def deposit(page: Page, site) -> Deposit:
    """The deposit behind `/deposit/`."""
    deposit = Deposit()

    def answer(route: Route) -> None:
        deposit.fetched += 1
        if deposit.redirect:
            route.fulfill(status=302, headers={"location": deposit.redirect})
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

    expect(page.get_by_role("heading")).to_have_text("Deposit complete")
    expect(page.locator("#note")).to_have_value("rent")
    expect(page.locator("#note")).to_be_focused()
    expect(page.locator("#transfer details")).to_have_attribute("open", "")
    expect(page.locator("#live-region")).to_have_text("Deposit complete")
    expect(page).to_have_title("complete Welcome · ")


def test_live_page_polls_where_push_is_cut(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")

    deposit.status = "complete"

    expect(page.get_by_role("heading")).to_have_text("Deposit complete")


def test_live_page_is_left_alone_once_final(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    deposit.status = "complete"
    page.goto(f"{site.url}/deposit/")

    page.wait_for_timeout(2_500)

    assert deposit.fetched == 1


def test_live_page_goes_where_a_redirect_leads(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")

    deposit.redirect = "/styleguide/"

    expect(page).to_have_url(f"{site.url}/styleguide/")


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "typed"])
def test_live_page_does_not_leave_a_form_with_what_was_typed(page, site, deposit, refused):
    page.route("**/live/", lambda route: route.abort())
    deposit.form = '<form method="post"><input id="office"></form>' + "<p data-error-summary></p>" * refused
    page.goto(f"{site.url}/deposit/")
    if not refused:
        page.locator("#office").press_sequentially("Mayor")

    deposit.redirect = "/styleguide/"
    before = deposit.fetched
    # One after the other: when the second is asked for, what came of the first has been dealt with.
    wait_until(page, lambda: deposit.fetched >= before + 2)
    expect(page).to_have_url(f"{site.url}/deposit/")
    # Who was signed out, perhaps in another tab, is not left before an account's page.
    deposit.redirect = "/accounts/login/"
    expect(page).to_have_url(f"{site.url}/accounts/login/")


def test_live_page_keeps_its_content_when_the_server_fails(page, site, deposit):
    page.route("**/live/", lambda route: route.abort())
    page.goto(f"{site.url}/deposit/")
    failed: list[Route] = []

    def fail(route: Route) -> None:
        failed.append(route)
        route.fulfill(status=500, body="<p>broken</p>")

    page.route("**/deposit/", fail)
    wait_until(page, lambda: len(failed) >= 2)

    expect(page.get_by_role("heading")).to_have_text("Deposit pending")


QUOTE = (
    '["$201.00","+$3.00 (+1.52%)","up","$200.90","$201.10",""," × 3","$202.00","$198.00","1,200",'
    '"Mon 2 Mar, 10:00 am ET","2026-03-02T15:00:00Z"]'
)
HEAD = '"at":"2026-03-02T15:00:00.000+00:00","fresh":true'
PRICES = f'retry: 60000\n\nevent: prices\ndata: {{{HEAD},"prices":{{"AAPL":{QUOTE}}}}}\n\n'
SHOWN = """<main id="main"><label>Note <input id="note"></label>
<p id="last"><span data-price="AAPL">$200.00</span></p>
<p id="change"><span data-price="AAPL" data-price-part="change"><span class="delta">–</span></span></p>
<p id="at"><span data-price="AAPL" data-price-part="at">Last known, <time datetime="2026-03-02T14:00:00Z"
>Mon 2 Mar, 9:00 am ET</time></span></p><p id="other"><span data-price="KO">$60.00</span></p></main>
<div role="status" data-prices-stale></div><script type="module" src="/static/js/prices.js"></script>"""


def test_prices_are_pushed_in_place_and_said_to_have_stopped_when_they_do(page, site):
    asked = []

    def stream(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.abort()
        return route.fulfill(content_type="text/event-stream", body=PRICES)

    page.clock.install()
    page.route("**/live/?prices=*", stream)
    base = render_to_string("base.html", {"preferences": {"theme": "system"}})
    page.route(
        "**/shown/",
        lambda route: route.fulfill(
            content_type="text/html", body=base.replace('<main id="main"', f"{SHOWN}<main", 1)
        ),
    )
    page.goto(f"{site.url}/shown/")
    page.locator("#note").fill("typed")

    expect(page.locator("#last")).to_have_text("$201.00")
    expect(page.locator("#last .changed")).to_have_count(1)
    expect(page.locator("#change")).to_have_text("▲up +$3.00 (+1.52%)")
    expect(page.locator("#change .delta--up")).to_be_visible()
    expect(page.locator("#at")).to_have_text("As of Mon 2 Mar, 10:00 am ET")
    expect(page.locator("#other")).to_have_text("$60.00")
    expect(page.locator("#note")).to_be_focused()
    expect(page.locator("#live-region")).to_have_text("")
    assert asked[0].endswith("?prices=AAPL%2CKO")

    page.clock.fast_forward(40_000)
    expect(page.locator("[data-prices-stale]")).to_have_text(
        "Prices have stopped. Those on this page are the last known, Mon 2 Mar, 10:00 am ET."
    )


def test_page_of_many_prices_is_laid_out_a_few_times_when_all_of_them_move(page, site):
    symbols = [f"S{number}" for number in range(100)]
    rows = "".join(f'<p><span data-price="{symbol}">$200.00</span></p>' for symbol in symbols)
    base = render_to_string("base.html", {"preferences": {"theme": "system"}})
    shown = f'<main id="main">{rows}</main><script type="module" src="/static/js/prices.js"></script>'
    body = base.replace('<main id="main"', f"{shown}<main", 1)
    page.route("**/live/*", lambda route: route.abort())
    page.route("**/shown/", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{site.url}/shown/")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    laid_out = [layouts(session)]
    for price in ("$201.00", "$202.00"):
        detail = {
            "fresh": True,
            "prices": dict.fromkeys(symbols, json.loads(QUOTE.replace("$201.00", price))),
        }
        page.evaluate(
            """detail => {
                document.dispatchEvent(new CustomEvent("live:prices", { detail }));
                return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            }""",
            detail,
        )
        expect(page.locator(".changed")).to_have_count(len(symbols))
        expect(page.locator(".changed").last).to_have_text(price)
        laid_out.append(layouts(session))
    assert laid_out[2] - laid_out[0] < len(symbols) / 2


def layouts(session: CDPSession) -> int:
    """How often the page has been laid out so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return int(next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount"))
