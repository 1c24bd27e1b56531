"""What staff's lists and search cost in a large company: `python -m benchmarks.admin` (see README.md).

Each page is asked for in this process, with every middleware and template, from a database of its own: so a
figure is what a web process needs for it, without the network.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEARCH_MILLISECONDS, LIST_MILLISECONDS = 50.0, 300.0
"""The goals for p95: the search of a Request ID, and each list."""


@dataclass(frozen=True)
class Figures:
    """What one page cost: queries, of each turn milliseconds, and those of this process's processor.

    `database` are milliseconds of the database's processor for a turn, on the average: its ticks are long.
    """

    queries: int
    milliseconds: list[float]
    processor: list[float]
    database: float

    @property
    def p95(self) -> float:
        """95 of 100 were not slower."""
        return statistics.quantiles(self.milliseconds, n=20)[-1]


def main(arguments: list[str] | None = None) -> int:
    """Make the company, ask for each page, and print a table; 1 if a goal was missed."""
    options = _options(arguments)
    import django

    from devstack.services import running_services

    with (
        _folder(options.keep) as folder,
        running_services(folder, given={}, throwaway=True) as environment,
    ):
        os.environ.update(environment)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="brokerapp.settings", DJANGO_READ_DOT_ENV="false", DEBUG="true"
        )
        django.setup()
        return _measure_all(options, folder)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Where the database is: in a folder that stays, or in one that is gone afterwards."""
    from devstack.services import remove_data

    if kept:
        yield kept.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        yield folder
    finally:
        remove_data(folder)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=admin")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=500_000)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--only", default="", metavar="TEXT", help="pages with this in their title")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="make the company there once, and use it again"
    )
    return parser.parse_args(sys.argv[1:] if arguments is None else arguments)


def _make(options: argparse.Namespace, folder: Path) -> None:
    """Make the company, or use the one of the folder. Raises `SystemExit` where that is of another size."""
    from django.core.management import call_command

    from benchmarks import admin_rows

    call_command("migrate", "--noinput", verbosity=0)
    size = f"{options.calls:,} calls, {options.people:,} people, {options.orders:,} orders"
    made = folder / "company"
    if made.exists():
        if made.read_text() != size:
            sys.exit(f"{folder} has {made.read_text()}: give it these figures, or another folder")
        print(f"{size}, made before\n", flush=True)
        return
    began = time.perf_counter()
    admin_rows.make(people=options.people, calls=options.calls, orders=options.orders)
    made.write_text(size)
    print(f"{size} in {time.perf_counter() - began:.0f} s\n", flush=True)


def _measure_all(options: argparse.Namespace, folder: Path) -> int:
    from django.db import connections

    _make(options, folder)
    logging.getLogger("security_log").setLevel(logging.CRITICAL)  # its lines on stdout, not its rows
    client = _browser()
    missed = []
    print(f"{'page':58} {'queries':>7} {'median':>9} {'p95':>9} {'processor':>12} {'database':>11}")
    for title, ask, goal in [*_searches(client, options), *_lists(client)]:
        if options.only not in title:
            continue
        figures = measure(ask, options.turns)
        late = figures.p95 > goal
        missed += [title] * late
        median = statistics.median(figures.milliseconds)
        mark = f"  over {goal:.0f} ms" if late else ""
        processor = statistics.median(figures.processor)
        print(
            f"{title:58} {figures.queries:7} {median:6.1f} ms {figures.p95:6.1f} ms "
            f"{processor:9.1f} ms {figures.database:8.1f} ms{mark}",
            flush=True,
        )
    connections.close_all()
    print(
        f"\nGoals: search of a Request ID within {SEARCH_MILLISECONDS:.0f} ms, lists within "
        f"{LIST_MILLISECONDS:.0f} ms, p95: {'missed by ' + ', '.join(missed) if missed else 'met'}"
    )
    return int(bool(missed))


def measure(ask: Callable[[], Any], turns: int) -> Figures:
    """Ask once to warm up, once to count queries, and then so often."""
    from django.db import connection

    queries = 0

    def count(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*given)

    ask()
    with connection.execute_wrapper(count):
        ask()
    walls, processor = list[float](), list[float]()
    before = _seconds_of_database()
    for _ in range(turns):
        began, begun = time.perf_counter(), time.process_time()
        ask()
        walls.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - begun) * 1000)
    return Figures(queries, walls, processor, (_seconds_of_database() - before) * 1000 / turns)


def _seconds_of_database() -> float:
    """Of the processor, that the server of this process's connection has used so far."""
    import psutil
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def _browser() -> Any:
    from allauth.mfa.totp.internal import auth as totp
    from django.test import Client

    from brokerapp.accounts.models import User

    staff = User.objects.filter(email="bench@example.com").first()
    if staff is None:
        staff = User.objects.create_superuser("bench@example.com")
        totp.TOTP.activate(staff, totp.generate_totp_secret())
    client = Client()
    client.force_login(staff)
    return client


Page = tuple[str, Callable[[], Any], float]


def _get(client: Any, url: str) -> Callable[[], Any]:
    def ask() -> None:
        reply = client.get(url)
        assert reply.status_code == 200, (url, reply.status_code)

    return ask


def _searches(client: Any, options: argparse.Namespace) -> list[Page]:
    """The one search by everything that can be quoted, a different row each time where that matters."""
    from hashlib import md5
    from itertools import count

    from django.urls import reverse

    search, numbers = reverse("admin:ops_search"), count(1)

    def by(kind: str, most: int) -> Callable[[], Any]:
        def ask() -> None:
            number = next(numbers) * 7919 % most + 1
            term = md5(f"{kind}{number}".encode()).hexdigest()
            assert 'id="found-1"' in client.get(search, {"q": term}).content.decode(), term

        return ask

    people = options.people
    terms = (
        "person77@example.com",
        "Family77",
        "Ada Fam",
        str(100_000_000 + people // 2)[-4:],
        "$17.00 2026-01-01",
    )
    return [
        ("search: Request ID", by("request", options.calls), SEARCH_MILLISECONDS),
        ("search: order id", by("order", options.orders), LIST_MILLISECONDS),
        ("search: transfer id at the broker", by("broker transfer", options.orders // 2), LIST_MILLISECONDS),
        *((f"search: {term}", _get(client, f"{search}?q={term}"), LIST_MILLISECONDS) for term in terms),
    ]


def _lists(client: Any) -> list[Page]:
    """Home, a person, every list, and its second page, searches and filters of the large ones."""
    from django.urls import reverse

    from brokerapp.ui.admin_pages import models_in_admin

    calls, orders = reverse("admin:calls_apicall_changelist"), reverse("admin:trading_order_changelist")
    transfers = reverse("admin:funding_transfer_changelist")
    urls = [
        reverse("admin:index"),
        reverse("admin:ops_person", args=[77]),
        *sorted(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for model in models_in_admin()
        ),
        f"{calls}?reads=all",
        f"{calls}?reads=all&p=10",
        f"{calls}?http=5xx",
        f"{calls}?q=person77@example.com",
        f"{orders}?status__exact=REJECTED",
        f"{orders}?q=S77",
        f"{orders}?user__id__exact=77",
        f"{transfers}?returned=14",
        f"{transfers}?status__exact=RETURNED",
    ]
    return [(url, _get(client, url), LIST_MILLISECONDS) for url in urls]


if __name__ == "__main__":
    sys.exit(main())
