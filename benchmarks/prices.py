"""Prices pushed to many open pages: `python -m benchmarks.prices` (README.md beside it).

The product's own processes, with a sandbox whose market moves every second. Printed are the calls to the
broker, the processor time, and how long a price takes from asking the broker until a page has it, and until
one of them, in a real browser, has changed.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Event
from typing import Any

import psutil
import uvloop

from benchmarks.load import LOOPBACK
from benchmarks.streams import raise_file_limit
from benchmarks.whole_stack import whole_stack

AT = re.compile(rb'event: prices\ndata: \{"at":"([^"]+)"')
PROCESSES = {"web": "brokerapp.deployment.serve", "events": "stream_events", "sandbox": "-m sandbox"}
SNAPSHOTS = "/v2/stocks/snapshots"
WARM_UP_SECONDS = 8
OPEN_SECONDS = 120


@dataclass
class Seen:
    """What the pages of a run were told."""

    delays: list[float] = field(default_factory=list)
    events: int = 0
    bytes: int = 0
    opened: int = 0
    """Pages whose stream was answered."""


class Page(asyncio.Protocol):
    """One open page: notes how old each event of prices is when it comes, in seconds."""

    def __init__(self, path: str, cookie: str, seen: Seen) -> None:
        self.request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nCookie: {cookie}\r\n\r\n".encode()
        self.seen, self.tail, self.is_open = seen, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self.is_open:
            self.is_open = True
            self.seen.opened += data.startswith(b"HTTP/1.1 200")
        self.seen.bytes += len(data)
        text = self.tail + data
        for found in AT.finditer(text):
            self.seen.events += 1
            self.seen.delays.append(now - datetime.fromisoformat(found[1].decode()).timestamp())
        self.tail = text[-80:] if not AT.search(text[-80:]) else b""


async def hold(
    port: int, pages: list[tuple[str, str]], seconds: float, warm_up: float, opened: Event
) -> Seen:
    """Keep the pages open, `opened` once all are; what they were told after the warm-up.

    Raises `TimeoutError` if a page is not answered, as on a machine that is too busy to say anything.
    """
    loop, seen, transports = asyncio.get_running_loop(), Seen(), []
    for path, cookie in pages:
        transport, _ = await loop.create_connection(partial(Page, path, cookie, seen), LOOPBACK, port)
        transports.append(transport)
        await asyncio.sleep(0.002)
    deadline = time.monotonic() + OPEN_SECONDS
    while seen.opened < len(pages):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{seen.opened} of {len(pages)} pages were answered")
        await asyncio.sleep(0.1)
    opened.set()
    await asyncio.sleep(warm_up)
    seen.delays.clear()
    seen.events = seen.bytes = 0
    began = Usage()
    calls, before = set[str](), await asyncio.to_thread(recent_calls)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await asyncio.sleep(min(4.0, max(deadline - time.monotonic(), 0.01)))
        calls |= await asyncio.to_thread(recent_calls)
    began.print(seconds, len(calls - before))
    for transport in transports:
        transport.close()
    return seen


class Usage:
    """The processor time of the product's processes so far."""

    def __init__(self) -> None:
        self.processes: dict[str, list[psutil.Process]] = {name: [] for name in PROCESSES}
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                line = " ".join(child.cmdline())
                for name, words in PROCESSES.items():
                    if words in line:
                        self.processes[name].append(child)
        self.before = self.read()

    def read(self) -> dict[str, float]:
        """Seconds by process."""
        return {
            name: sum(sum(process.cpu_times()[:2]) for process in processes)
            for name, processes in self.processes.items()
        }

    def print(self, seconds: float, calls: int) -> None:
        """What was used since."""
        now = self.read()
        used = ", ".join(f"{name} {(now[name] - self.before[name]) / seconds:.1%}" for name in PROCESSES)
        print(f"  {calls / seconds:.1f} calls to the broker a second; of one core: {used}")


def recent_calls() -> set[str]:
    """The requests for prices that the sandbox has answered lately, by their ids; none if it is too busy."""
    with suppress(OSError):
        url = f"{os.environ['BROKER_BASE_URL']}/_sandbox/calls"
        with urllib.request.urlopen(url, timeout=5) as reply:
            return {call["request_id"] for call in json.load(reply) if call["path"].startswith(SNAPSHOTS)}
    return set()


def warm_up(symbols: list[str]) -> None:
    """Have the sandbox work out where each price stands: the first time takes it long."""
    from brokerapp.broker.clients import get_market_data

    for start in range(0, len(symbols), 10):
        for _ in range(2):
            with suppress(Exception):
                get_market_data().get_snapshots(symbols[start : start + 10])


def make_pages(pages: int, symbols: int, each: int) -> tuple[list[tuple[str, str]], Any]:
    """A signed-in person for each page, with its symbols; and an account that watches all of them."""
    from uuid import uuid4

    from benchmarks.page_rows import sign_in
    from brokerapp.accounts.models import BrokerageAccount, User
    from trading.models import Asset, Watchlist, WatchlistItem

    listed = list(
        Asset.objects.filter(status=Asset.ACTIVE, asset_class="us_equity").order_by("symbol")[:symbols]
    )
    names = [asset.symbol for asset in listed]
    warm_up(names)
    people = User.objects.bulk_create(
        [User(email=f"page{number}@example.com", password="!") for number in range(pages)]
    )
    found = []
    for number, person in enumerate(people):
        shown = [names[(number * each + place) % len(names)] for place in range(each)]
        found.append((f"/live/?prices={','.join(shown)}", sign_in(person)))
    account = BrokerageAccount.objects.create(
        user=people[0], broker_account_id=uuid4(), status="ACTIVE", broker_status="ACTIVE"
    )
    watchlist = Watchlist.objects.create(account=account, name="All", broker_name="All")
    WatchlistItem.objects.bulk_create(WatchlistItem(watchlist=watchlist, asset=asset) for asset in listed)
    return found, account


WATCH = """() => {
    let at = null;
    window.delays = [];
    const isPrice = ({ target }) => (target.closest ? target : target.parentElement)?.closest("[data-price]");
    document.addEventListener(
        "live:prices", ({ detail }) => { at = Date.parse(detail.at); }, { capture: true },
    );
    new MutationObserver((changes) => {
        if (at === null || !changes.some(isPrice)) return;
        window.delays.push(Date.now() - at);
        at = null;
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
"""Notes, once for each event of prices, how old it is when a price on the page has changed by it."""


def watch_in_browser(port: int, cookie: str, path: str, seconds: float, opened: Event) -> list[float]:
    """How old prices are when a page of a real browser has changed to them, in milliseconds.

    It is opened after the others; none if they do not come.
    """
    from playwright.sync_api import sync_playwright

    if not opened.wait(OPEN_SECONDS):
        return []
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://{LOOPBACK}:{port}"}])
        page = context.new_page()
        page.goto(f"http://{LOOPBACK}:{port}{path}")
        page.evaluate(WATCH)
        page.wait_for_timeout(seconds * 1000)
        delays: list[float] = page.evaluate("window.delays")
        browser.close()
    return delays


def show(what: str, milliseconds: list[float]) -> None:
    """One line of delays."""
    if len(milliseconds) < 2:
        print(f"  {what}: none")
        return
    ordered = statistics.quantiles(milliseconds, n=20)
    print(f"  {what}: p50 {ordered[9]:.0f} ms, p95 {ordered[18]:.0f} ms, longest {max(milliseconds):.0f} ms")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--symbols", type=int, default=200, help="shown on all pages together (default 200)")
    parser.add_argument("--each", type=int, default=20, help="symbols of one page (default 20)")
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    raise_file_limit(arguments.pages * 2 + 500)
    with whole_stack(("web", "events")):
        pages, account = make_pages(arguments.pages, arguments.symbols, arguments.each)
        port = int(os.environ["PORT"])
        print(f"{arguments.symbols} symbols on {arguments.pages} pages, {arguments.each} on each")
        path = f"/a/{account.pk}/watchlists/"
        opened = Event()
        with ThreadPoolExecutor(1) as beside:
            # The browser is one more page among the others, for as long as they are open.
            watched = beside.submit(
                watch_in_browser, port, pages[0][1], path, arguments.seconds + WARM_UP_SECONDS, opened
            )
            seen = uvloop.run(hold(port, pages, arguments.seconds, WARM_UP_SECONDS, opened))
            rate = seen.events / arguments.seconds / arguments.pages
            print(
                f"  {rate:.2f} events a page and second, "
                f"{seen.bytes / arguments.seconds / 2**20:.1f} MB a second"
            )
            show("from the question to the broker until a page has it", [age * 1000 for age in seen.delays])
            show("until it has changed on a page of a browser", watched.result())
    return 0


if __name__ == "__main__":
    sys.exit(main())
