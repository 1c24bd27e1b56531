"""Pages a second, and what idle `/live/` streams cost: `python -m benchmarks.web` (README.md beside it).

Everything runs on loopback, is bounded in time and count, and is stopped and deleted at the end.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import django
import psutil

from benchmarks.load import Tally, get_pages
from benchmarks.servers import (
    PAGES,
    UVICORN,
    find_free_port,
    read_cpu_seconds,
    read_memory,
    run_pages,
    run_process,
)
from benchmarks.streams import hold_streams, raise_file_limit
from devstack.services import remove_data, running_services

MEMORY_LIMIT_MB = 400


@dataclass
class Run:
    """One run of one way to serve pages."""

    tally: Tally
    cpu_seconds: float

    @property
    def cpu_milliseconds(self) -> float:
        """Processor time of the servers for one page: steadier than the rate on a busy machine."""
        return self.cpu_seconds / max(len(self.tally.latencies), 1) * 1000


def measure_pages(cookie: str, *, seconds: float, rounds: int, threads: int, caddy: str | None) -> None:
    """Print the medians of each way to serve pages; the ways take turns."""
    print(f"Pages: two processes, {threads} threads each, {rounds} rounds of {seconds:g} s")
    runs: dict[str, list[Run]] = defaultdict(list)
    for _ in range(rounds):
        for name in PAGES:
            if caddy or "Caddy" not in name:
                with run_pages(name, caddy, threads) as (port, servers):
                    runs[name].append(run_once(port, servers, cookie, seconds))
    for name, of_name in runs.items():
        rate = median(run.tally.per_second for run in of_name)
        p50, p95 = (median(run.tally.percentile(part) for run in of_name) for part in (50, 95))
        cpu = median(run.cpu_milliseconds for run in of_name)
        bad = sum(run.tally.bad for run in of_name)
        print(
            f"  {rate:6.0f} pages/s  p50 {p50:5.1f} ms  p95 {p95:5.1f} ms  {cpu:.2f} ms CPU a page  "
            f"bad {bad}  {name}"
        )


def run_once(port: int, servers: list[psutil.Process], cookie: str, seconds: float) -> Run:
    """Warm the servers up for a second, then measure."""
    get_pages(port, "/", cookie, expect=b"Portfolio of", seconds=1)
    before = read_cpu_seconds(servers)
    tally = get_pages(port, "/", cookie, expect=b"Portfolio of", seconds=seconds)
    return Run(tally, read_cpu_seconds(servers) - before)


def measure_streams(people: dict[int, str], redis_url: str, *, seconds: float, threads: int) -> bool:
    """Print what one process needs for a stream per person; whether its memory stayed under the limit."""
    port = find_free_port()
    command = [*UVICORN, "--port", str(port), "brokerapp.asgi:application"]
    cookies, channels = list(people.values()), [f"live:user:{pk}" for pk in people]
    with run_process(command, port, threads) as process, ThreadPoolExecutor(1) as pool:
        before = read_memory(process)
        held = pool.submit(hold_streams, port, cookies, channels, redis_url, seconds=seconds)
        peak = before
        while not held.done():
            peak = max(peak, read_memory(process))
            time.sleep(0.2)
        crowd = held.result()
    print(f"Streams: {crowd.opened} idle on one process for {seconds:g} s")
    print(f"  {before:.0f} MB before, {peak:.0f} MB at most (limit {MEMORY_LIMIT_MB})")
    print(f"  all open after {crowd.opening_seconds:.1f} s; a push to all took {crowd.push_seconds:.2f} s")
    return peak < MEMORY_LIMIT_MB


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["pages", "streams", "all"], default="all")
    parser.add_argument("--seconds", type=float, default=10, help="length of one run (default 10)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way to serve pages (default 3)")
    parser.add_argument("--threads", type=int, default=8, help="pages at once in one process (default 8)")
    parser.add_argument("--streams", type=int, default=2000, help="idle streams (default 2000)")
    parser.add_argument(
        "--caddy", default=shutil.which("caddy"), help="the front; left out where it is missing"
    )
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 1 if a limit was broken."""
    arguments = parse_arguments()
    raise_file_limit(arguments.streams * 2 + 500)
    within_limits = True
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        stack.callback(remove_data, folder)
        environment = stack.enter_context(running_services(folder, given={}, throwaway=True))
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="benchmarks.site.settings")
        django.setup()
        from benchmarks.site.people import sign_in_people

        people = sign_in_people(max(arguments.streams, 1))
        if arguments.what != "streams":
            measure_pages(
                next(iter(people.values())),
                seconds=arguments.seconds,
                rounds=arguments.rounds,
                threads=arguments.threads,
                caddy=arguments.caddy,
            )
        if arguments.what != "pages":
            within_limits = measure_streams(
                people, environment["REDIS_URL"], seconds=arguments.seconds, threads=arguments.threads
            )
    return 0 if within_limits else 1


if __name__ == "__main__":
    sys.exit(main())
