"""Many random requests for every endpoint of the sandbox: `python -m benchmarks.fuzz --requests 100000`.

It exits with 1 when an answer was a 500, took ten seconds, or was an error not in the vendor's shape.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.sandbox.fuzz import Target, request_of
from tests.sandbox_process import SandboxProcess

FAILURES_SHOWN = 20
REPORT_EVERY = 10_000


def main() -> int:
    """Send them, print what went wrong; 1 if anything did."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2, help="the same seed sends the same requests")
    options = parser.parse_args()
    failures = 0
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(Path(folder) / "state") as process:
        target = Target(process)
        for number in range(options.requests):
            if failure := target.check(request_of(options.seed, number)):
                failures += 1
                if failures <= FAILURES_SHOWN:
                    print(f"request {number}: {failure}", flush=True)
            if (number + 1) % REPORT_EVERY == 0:
                print(f"{number + 1} requests, {time.perf_counter() - started:.0f} s", flush=True)
        target.close()
    print(f"{options.requests} requests, {failures} failures, {target.summary}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
