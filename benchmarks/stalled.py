"""A broker whose every read takes ten seconds: how soon a new deposit and a new order are sent all the same.

With `--data` only its market data do: how soon an account that is due is read all the same.

`python -m benchmarks.stalled` (README.md beside it). Every process runs as in production.
"""

import argparse
import sys
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from benchmarks.whole_stack import arm_fault, whole_stack

LIMIT_SECONDS = 5.0
GIVE_UP_SECONDS = 60.0
STALL = '{"action": "delay", "method": "GET", "path": "/v*", "seconds": 10, "rate": 1}'
STALLED_DATA = tuple(
    f'{{"action": "delay", "method": "GET", "path": "{path}", "seconds": 10, "rate": 1}}'
    for path in ("/v2/*", "/v1beta*", "/v1/corporate-actions*", "/v1/clock*", "/v1/calendar*", "/v1/assets*")
)
POLL_LIMIT_SECONDS = 15.0
"""Sweeps begin every ten seconds in production; and what a sweep takes."""
SYMBOLS = ("MSFT", "AMZN", "GOOGL", "NVDA", "TSLA", "META", "JPM", "KO", "DIS", "NFLX")


def measure(rounds: int, settle: float) -> bool:
    """Print how long each round took; whether all stayed under the limit."""
    from brokerapp.demo import people

    print("Making the demo's people …", flush=True)
    people.seed_people("bench-password-1")
    account = people._account(people.TRADER)
    bank = people._bank(account)
    arm_fault(STALL)
    print(f"Every GET takes ten seconds from now on; the sweeps have {settle:g} s to get stuck.", flush=True)
    time.sleep(settle)
    deposits, orders = [], []
    for number in range(rounds):
        deposits.append(time_deposit(account, bank, Decimal(10 + number)))
        orders.append(time_order(account, SYMBOLS[number % len(SYMBOLS)]))
        print(f"  deposit sent after {deposits[-1]:5.2f} s, order after {orders[-1]:5.2f} s", flush=True)
    print_reads(settle + sum(deposits) + sum(orders))
    for what, times in (("deposits", deposits), ("orders", orders)):
        print(f"  {what}: median {median(times):.2f} s, longest {max(times):.2f} s (limit {LIMIT_SECONDS:g})")
    return max(deposits + orders) < LIMIT_SECONDS


def measure_polls(rounds: int, settle: float) -> bool:
    """Print how soon an account that is due was read in each round; whether all were within the limit."""
    from brokerapp.demo import people

    print("Making the demo's people …", flush=True)
    people.seed_people("bench-password-1")
    account = people._account(people.TRADER)
    for fault in STALLED_DATA:
        arm_fault(fault)
    print(f"Market data take ten seconds from now on; there are {settle:g} s to get stuck.", flush=True)
    time.sleep(settle)
    polls = []
    for _ in range(rounds):
        polls.append(time_poll(account))
        print(f"  account read after {polls[-1]:5.2f} s", flush=True)
    print_reads(settle + sum(polls))
    print(f"  polls: median {median(polls):.2f} s, longest {max(polls):.2f} s (limit {POLL_LIMIT_SECONDS:g})")
    return max(polls) < POLL_LIMIT_SECONDS


def time_poll(account: Any) -> float:
    """Seconds from when an account is due until it has been read."""
    from django.utils import timezone

    from brokerapp.accounts.models import BrokerageAccount

    due_at, began = timezone.now(), time.monotonic()
    rows = BrokerageAccount.objects.filter(pk=account.pk)
    rows.update(due_at=due_at)
    while time.monotonic() - began < GIVE_UP_SECONDS and not rows.filter(synced_at__gt=due_at).exists():
        time.sleep(0.05)
    return time.monotonic() - began


def time_deposit(account: Any, bank: Any, amount: Decimal) -> float:
    """Seconds from the person's click until the call that sends the deposit was begun."""
    from django.utils import timezone

    from funding.services import transfers

    began = time.monotonic()
    transfer = transfers.request_transfer(
        account=account,
        intent_id=uuid.uuid4(),
        direction="INCOMING",
        amount=amount,
        bank_link_id=str(bank.pk),
        by=account.user,
        now=timezone.now(),
    )
    return wait_for_post(transfer, began)


def time_order(account: Any, symbol: str) -> float:
    """Seconds from the person's click until the call that sends the order was begun."""
    from brokerapp.demo import people
    from trading.models import Order

    began = time.monotonic()
    people._order(account, symbol, Decimal("0.1"))
    return wait_for_post(Order.objects.get(account=account, symbol=symbol), began)


def wait_for_post(row: Any, began: float) -> float:
    """Wait for the call's row in the call log."""
    from brokerapp.broker.calls.models import ApiCall

    while time.monotonic() - began < GIVE_UP_SECONDS:
        if call := ApiCall.objects.about(row).filter(method="POST").order_by("started_at").first():
            waited = time.time() - call.started_at.timestamp()
            return time.monotonic() - began - waited
        time.sleep(0.05)
    return GIVE_UP_SECONDS


def print_reads(seconds: float) -> None:
    """What the sweeps and the follower of the news were at meanwhile."""
    from django.db.models import Avg, Count, Q
    from django.utils import timezone

    from brokerapp.broker.calls.models import ApiCall

    since = timezone.now() - timedelta(seconds=seconds)
    reads = ApiCall.objects.filter(method="GET", started_at__gte=since)
    rows = reads.values("path").annotate(
        count=Count("pk"), open=Count("pk", filter=Q(finished_at=None)), average=Avg("milliseconds")
    )
    print("Reads meanwhile:")
    for row in rows.order_by("-count"):
        average = (row["average"] or 0) / 1000
        print(f"  {row['count']:4} ({row['open']} open), {average:4.1f} s each  {row['path']}")


def main() -> int:
    """Run it; 1 if something was sent too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="deposits and orders (default 8, at most 10)")
    parser.add_argument("--data", action="store_true", help="stall market data alone, and time polls")
    parser.add_argument("--settle", type=float, default=60, help="seconds of stall before them (default 60)")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="PROCESS",
        help="leave a process of the Procfile out; WORKER_QUEUES gives worker the queues of those",
    )
    arguments = parser.parse_args()
    from devstack.run import BACKGROUND

    processes = [name for name in ("web", *BACKGROUND) if name not in arguments.without]
    with whole_stack(processes):
        if arguments.data:
            return 0 if measure_polls(arguments.rounds, arguments.settle) else 1
        return 0 if measure(min(arguments.rounds, len(SYMBOLS)), arguments.settle) else 1


if __name__ == "__main__":
    sys.exit(main())
