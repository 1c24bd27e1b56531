"""What the product's pages cost beside a bare signed-in page: `python -m benchmarks.pages` (see README.md).

One web process serves the product, another the bare site (`site/`) with the same server and database; their
pages take turns on one connection each, so that other work on the machine is in both figures.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil

from benchmarks.browser import Browser, fields_of, getter
from benchmarks.load import LOOPBACK
from benchmarks.servers import OURS, find_free_port, read_cpu_seconds, run_process
from benchmarks.whole_stack import whole_stack

PAGES_TIMES, SEARCH_MILLISECONDS, PLACEMENT_MILLISECONDS = 2.0, 20.0, 25.0
"""The goals: a page by the CPU of the bare one, a search's p95, a placement over the broker's own time."""


@dataclass
class Cost:
    """What one page cost in all of its turns: milliseconds from request to answer, and CPU of the server."""

    milliseconds: list[float] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    """Its CPU by that of the bare page in the same round."""

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.milliseconds, n=100)[percent - 1]

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_milliseconds)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def measure(ask: Callable[[], object], server: psutil.Process, times: int, into: Cost) -> float:
    """Ask so often, and note what it cost. Gives CPU milliseconds a page."""
    before = read_cpu_seconds([server])
    for _ in range(times):
        began = time.perf_counter()
        ask()
        into.milliseconds.append((time.perf_counter() - began) * 1000)
    spent = (read_cpu_seconds([server]) - before) * 1000 / times
    into.cpu_milliseconds.append(spent)
    return spent


def compare(
    pages: dict[str, Callable[[], object]],
    bare: Callable[[], object],
    servers: tuple[psutil.Process, psutil.Process],
    arguments: argparse.Namespace,
) -> dict[str, Cost]:
    """Let the pages and the bare one take turns."""
    product, site = servers
    costs = {name: Cost() for name in ("bare signed-in page", *pages)}
    for round_number in range(arguments.rounds + 1):
        for name, ask in pages.items():
            if round_number == 0:  # warms up
                measure(ask, product, 5, Cost())
                measure(bare, site, 5, Cost())
                continue
            base = measure(bare, site, arguments.requests, costs["bare signed-in page"])
            spent = measure(ask, product, arguments.requests, costs[name])
            costs[name].ratios.append(spent / base if base else 0)
    costs["bare signed-in page"].ratios = [1.0]
    return costs


def measure_placement(browser: Browser, account: Any, orders: int) -> tuple[list[float], list[float]]:
    """Place market orders: milliseconds of the click that places, and of the broker's part in it."""
    from brokerapp.broker.calls.models import ApiCall
    from trading.models import Order

    took, brokers = [], []
    path = f"/a/{account.pk}/trade/AAPL/"
    for number in range(1, orders + 1):
        _, page = browser.ask(path)
        # No two alike: of an order like an open one is asked whether both are wanted.
        amount = f"0.1{number:04}"
        ticket = fields_of(page, path) | {"side": "BUY", "unit": "SHARES", "amount": amount}
        answer, _ = browser.ask(path, ticket)
        review = answer.getheader("Location") or ""
        _, page = browser.ask(review)
        form = fields_of(page)
        known = set(Order.objects.filter(account=account).values_list("pk", flat=True))
        began = time.perf_counter()
        answer, _ = browser.ask(review, form)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 302:
            raise RuntimeError(f"the order was not placed: {answer.status}")
        (placed,) = Order.objects.filter(account=account).exclude(pk__in=known)
        calls = ApiCall.objects.about(placed).values_list("milliseconds", flat=True)
        brokers.append(float(sum(filter(None, calls))))
    return took, brokers


def report(costs: dict[str, Cost]) -> bool:
    """Print the table; whether every goal is met."""
    print(f"  {'':34}  p50 ms  p95 ms  CPU ms  by bare")
    met = True
    for name, cost in costs.items():
        missed = cost.ratio > PAGES_TIMES or (
            name.startswith("suggestions") and cost.percentile(95) > SEARCH_MILLISECONDS
        )
        met &= not missed
        figures = (
            f"{cost.percentile(50):6.1f}  {cost.percentile(95):6.1f}  {cost.cpu:6.2f}  {cost.ratio:7.2f}"
        )
        print(f"  {name:34}  {figures}{'  over its goal' if missed else ''}")
    return met


@contextmanager
def bare_site(command: list[str], port: int) -> Iterator[tuple[psutil.Process, str]]:
    """The bare site on a database of its own of the same server, and a session's cookie."""
    import psycopg

    ours = {name: os.environ[name] for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    with psycopg.connect(ours["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
    url = urlsplit(ours["DATABASE_URL"])
    bare = urlunsplit(url._replace(path="/bare"))
    os.environ.update(DATABASE_URL=bare, DJANGO_SETTINGS_MODULE="benchmarks.site.settings")
    try:
        made = [sys.executable, "-m", "benchmarks.site.people"]
        cookie = subprocess.run(made, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        with run_process([*command, "benchmarks.site.asgi:application"], port, 8) as process:
            os.environ.update(ours)
            yield process, cookie
    finally:
        os.environ.update(ours)


def run(arguments: argparse.Namespace) -> bool:
    """Measure and print; whether every goal is met."""
    from benchmarks import page_rows

    with ExitStack() as stack:
        stack.enter_context(whole_stack(()))
        rows = page_rows.make()
        ports = find_free_port(), find_free_port()
        command = [*OURS[:-2], "--port"]
        os.environ["SITE_URL"] = f"http://{LOOPBACK}:{ports[0]}"
        product = stack.enter_context(run_process([*command, str(ports[0])], ports[0], 8))
        site, cookie = stack.enter_context(bare_site([*command, str(ports[1])], ports[1]))
        for process, core in ((product, 0), (site, 0)):
            process.cpu_affinity([core])
        browser, visitor = Browser(ports[0], rows.cookie), Browser(ports[1], cookie)
        pages = page_rows.pages(rows, browser)
        bare = getter(visitor, ["/"])
        costs = compare(pages, bare, (product, site), arguments)
        print(f"Pages: {arguments.rounds} rounds of {arguments.requests} on one connection, one core")
        met = report(costs)
        took, brokers = measure_placement(browser, rows.small, arguments.orders)
        over = [all_of_it - broker for all_of_it, broker in zip(took, brokers, strict=True)]
        print(
            f"  placement of {arguments.orders}: p50 {statistics.median(took):.1f} ms, of which the broker's "
            f"{statistics.median(brokers):.1f}; over it p50 {statistics.median(over):.1f}, p95 "
            f"{statistics.quantiles(over, n=20)[-1]:.1f} ms (goal {PLACEMENT_MILLISECONDS:g})"
        )
        return met and statistics.median(over) <= PLACEMENT_MILLISECONDS


def main() -> int:
    """Run it; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each page (default 5)")
    parser.add_argument("--requests", type=int, default=60, help="requests of a turn (default 60)")
    parser.add_argument("--orders", type=int, default=30, help="orders placed (default 30)")
    return 0 if run(parser.parse_args()) else 1


if __name__ == "__main__":
    sys.exit(main())
