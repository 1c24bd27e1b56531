"""What an idle system asks of the broker in a minute: 10,000 accounts, most of them settled.

`python -m benchmarks.idle` (README.md beside it). Every sweep of the beat table runs in this process by a
clock that it moves on itself, against a broker that answers at once that nothing has changed.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import django
import requests
from requests.adapters import BaseAdapter

from devstack.services import remove_data, running_services

TICK = timedelta(seconds=5)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MONEY = dict.fromkeys(
    ("cash", "cash_withdrawable", "cash_transferable", "buying_power", "equity", "last_equity"), "100"
)


class StillBroker(BaseAdapter):
    """Answers every call at once, the same each time, and counts them by path."""

    def __init__(self, statuses: dict[str, str]) -> None:
        super().__init__()
        self.statuses = statuses
        self.calls: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path = urlsplit(str(request.url)).path
        self.calls[f"{request.method} {ID.sub('…', path)}"] += 1
        response = requests.Response()
        response.status_code = 200
        response.headers["X-Request-ID"] = uuid4().hex
        response.url = str(request.url)
        response.request = request
        response._content = json.dumps(self.body(path)).encode()
        return response

    def body(self, path: str) -> Any:
        """What a broker says of which nothing is new."""
        found = ID.search(path)
        about = {
            "id": found[0] if found else "",
            "account_number": "684486106",
            "currency": "USD",
            "created_at": "2026-03-02T15:00:05Z",
        }
        if path.endswith("/clock"):
            at = "2026-03-02T15:00:05Z"
            return {"timestamp": at, "is_open": True, "next_open": at, "next_close": at}
        if re.fullmatch(r"/v1/accounts/[^/]+", path):
            return {**about, "status": self.statuses.get(about["id"], "ACTIVE"), "last_equity": "100"}
        if re.fullmatch(r"/v1/trading/accounts/[^/]+/account", path):
            return {**about, "status": "ACTIVE", **MONEY}
        return []

    def close(self) -> None:
        """Nothing to close."""


def make_rows(now: datetime, *, accounts: int, pending: int, action: int, streams: bool) -> dict[str, str]:
    """People with an account each, pending ones since up to two hours, as after months of running.

    Each row was read at some time within its last pause. Gives statuses by broker account.
    """
    from brokerapp.accounts.models import BrokerageAccount, User
    from trading.models import PositionsSync
    from trading.services import portfolio

    people = User.objects.bulk_create(
        [User(email=f"person{number}@example.com", password="!") for number in range(accounts)]
    )
    rows = []
    for number, person in enumerate(people):
        status, since = "ACTIVE", timedelta(days=200)
        if number < pending:
            status = ("SUBMITTED", "APPROVAL_PENDING")[number % 2]
            since = random.random() * timedelta(hours=2)
        elif number < pending + action:
            status, since = "ACTION_REQUIRED", timedelta(days=30)
        at = now - since
        row = BrokerageAccount(
            user=person, broker_account_id=uuid4(), status=status, broker_status=status, created_at=at
        )
        row.status_at = at
        pause = row.RHYTHM[status].pause(since, is_live=streams)
        row.synced_at, row.due_at = now, now + random.random() * pause
        row.balances_at = now
        rows.append(row)
    BrokerageAccount.objects.bulk_create(rows, batch_size=2000)
    longest = portfolio.RHYTHM.longest
    PositionsSync.objects.bulk_create(
        [
            PositionsSync(
                account=row,
                synced_at=now - longest,
                changed_at=row.status_at,
                due_at=now + random.random() * longest,
            )
            for row in rows
            if row.status == "ACTIVE"
        ],
        batch_size=2000,
    )
    return {str(row.broker_account_id): row.status for row in rows}


class Day:
    """Beat and its workers, in one process, by a clock of their own."""

    def __init__(self, now: datetime, *, streams: bool) -> None:
        from brokerapp.celery import app

        self.now, self.streams = now, streams
        app.finalize()
        table = app.conf.beat_schedule.values()
        # Not what runs a few times a day, nor the heartbeats.
        self.rows = [row for row in table if isinstance(row["schedule"], int | float) and "kwargs" not in row]
        self.due_at = [now] * len(self.rows)

    def run(self, length: timedelta) -> None:
        """Run whatever is due, tick by tick."""
        end = self.now + length
        while self.now < end:
            self.note_streams()
            for position, row in enumerate(self.rows):
                if self.due_at[position] <= self.now:
                    self.due_at[position] = self.now + timedelta(seconds=row["schedule"])
                    self.run_task(row["task"])
            self.now += TICK

    def run_task(self, path: str) -> None:
        """One run of a sweep; what it raises, a worker would log."""
        from django.utils.module_loading import import_string

        try:
            import_string(path)()
        except Exception as error:  # noqa: BLE001
            print(f"  {path}: {type(error).__name__}: {error}")

    def note_streams(self) -> None:
        """Every stream was heard just now, or never."""
        from brokerapp.broker.streams.models import EventStream, StreamCursor

        if self.streams:
            for stream in EventStream:
                StreamCursor.objects.update_or_create(
                    stream=stream, defaults={"connected": True, "last_seen_at": self.now}
                )


def measure(arguments: argparse.Namespace, *, streams: bool) -> None:
    """Print the calls of a minute with the streams alive or dead."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from brokerapp.broker import clients

    with connection.cursor() as cursor:
        # The database lets nobody empty the security log.
        cursor.execute("ALTER TABLE security_log_securityevent DISABLE TRIGGER USER")
    call_command("flush", interactive=False, verbosity=0)
    now = timezone.now()
    broker = StillBroker(
        make_rows(
            now,
            accounts=arguments.accounts,
            pending=arguments.pending,
            action=arguments.action,
            streams=streams,
        )
    )
    make_session = clients.make_session

    def make_still_session(key: str, secret: str) -> requests.Session:
        session = make_session(key, secret)
        session.mount("http://", broker)
        return session

    day, began = Day(now, streams=streams), time.monotonic()
    clients._threads.__dict__.clear()
    with (
        patch("django.utils.timezone.now", lambda: day.now),
        patch.object(clients, "make_session", make_still_session),
    ):
        day.run(timedelta(minutes=arguments.warm_up))
        broker.calls.clear()
        day.run(timedelta(minutes=arguments.minutes))
    total = broker.calls.total() / arguments.minutes
    took = time.monotonic() - began
    print(f"Streams {'alive' if streams else 'dead'}: {total:.0f} calls a minute ({took:.0f} s)")
    for path, count in broker.calls.most_common():
        print(f"  {count / arguments.minutes:7.1f}  {path}")


def main() -> int:
    """Run it with the streams alive and dead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--pending", type=int, default=300)
    parser.add_argument("--action", type=int, default=500, help="in ACTION_REQUIRED for a month")
    parser.add_argument("--warm-up", type=float, default=30, help="minutes before the count (default 30)")
    parser.add_argument("--minutes", type=float, default=15, help="minutes counted (default 15)")
    arguments = parser.parse_args()
    random.seed(1)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        stack.callback(remove_data, folder)
        os.environ.update(stack.enter_context(running_services(folder, given={}, throwaway=True)))
        os.environ.update(
            DJANGO_SETTINGS_MODULE="brokerapp.settings",
            DJANGO_READ_DOT_ENV="false",
            DEBUG="true",
            LOG_LEVEL=os.environ.get("LOG_LEVEL", "CRITICAL"),
            BROKER_BASE_URL="http://broker.invalid",
            BROKER_DATA_URL="http://broker.invalid",
        )
        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.DEBUG = False  # or every query is kept in memory
        call_command("migrate", verbosity=0)
        for streams in (True, False):
            measure(arguments, streams=streams)
    return 0


if __name__ == "__main__":
    sys.exit(main())
