"""The follower's process: one at a time, fast to stop, and hard to kill for good."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.events import services
from brokerapp.events.management.commands import stream_events
from brokerapp.events.models import BrokerEvent
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from tests.factories import BANK
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def in_another_session(work: Callable[[], Any]) -> Any:
    """What `work` gives when another database session does it."""
    results: list[Any] = []

    def run() -> None:
        results.append(work())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def test_acquire_lock_only_one_session_has_it() -> None:
    assert stream_events.acquire_lock()
    assert not in_another_session(stream_events.acquire_lock)
    connection.close()  # as when the process dies
    eventually(lambda: in_another_session(stream_events.acquire_lock), what="the lock of a dead session")


def test_lock_is_held_notices_a_lost_session() -> None:
    assert stream_events.acquire_lock()
    assert stream_events.lock_is_held()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    in_another_session(lambda: _terminate(pid))
    assert not stream_events.lock_is_held()


def _terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def database_url() -> str:
    """The address of the test database, for another process."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


class FollowerProcess:
    """`manage.py stream_events` against a sandbox."""

    def __init__(self, sandbox: SandboxProcess, log: Path) -> None:
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "BROKER_BASE_URL": sandbox.url,
            "BROKER_KEY": sandbox.key,
            "BROKER_SECRET": sandbox.secret,
        }
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "stream_events"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait; fails the test when that is not the end."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("events") / "state") as process:
        yield process


@pytest.fixture
def start(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Callable[[], FollowerProcess]]:
    started: list[FollowerProcess] = []

    def launch() -> FollowerProcess:
        started.append(FollowerProcess(sandbox, tmp_path / "follower.log"))
        return started[-1]

    yield launch
    for follower in started:
        follower.end(signal.SIGKILL)


def make_event(sandbox: SandboxProcess, account_id: str | None = None) -> str:
    """An account status event of the firm's own account; returns the account's id."""
    account_id = account_id or sandbox.firm_account_id
    for status in ("ACCOUNT_UPDATED", "ACTIVE"):
        sandbox.set_account_status(account_id, status)
    return account_id


def connected() -> bool:
    return StreamCursor.objects.filter(connected=True).count() == len(EventStream)


def test_command_follows_every_stream_and_stops_when_told(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess]
) -> None:
    follower = start()
    eventually(connected, timeout=30, what="four connected streams")
    make_event(sandbox)
    eventually(
        lambda: BrokerEvent.objects.filter(stream=EventStream.ACCOUNTS).count() >= 2, what="two events"
    )
    follower.end(signal.SIGTERM)
    assert follower.process.returncode == 0


def test_command_killed_misses_nothing_and_repeats_nothing(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess]
) -> None:
    follower = start()
    eventually(connected, timeout=30, what="four connected streams")
    make_event(sandbox)
    eventually(BrokerEvent.objects.exists, what="an event")
    follower.end(signal.SIGKILL)
    make_event(sandbox)
    start()

    def complete() -> bool:
        events = BrokerEvent.objects.filter(stream=EventStream.ACCOUNTS).order_by("event_id")
        steps = [(event.payload["status_from"], event.payload["status_to"]) for event in events]
        return steps[-4:] == [("ACTIVE", "ACCOUNT_UPDATED"), ("ACCOUNT_UPDATED", "ACTIVE")] * 2

    eventually(complete, timeout=30, what="all four events, once each")


def test_command_second_process_stands_by_and_takes_over(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess]
) -> None:
    first = start()
    eventually(connected, timeout=30, what="four connected streams")
    start()
    time.sleep(3)
    assert len(_locks()) == 1
    holder = _locks()
    first.end(signal.SIGKILL)
    eventually(lambda: _locks() and _locks() != holder, timeout=30, what="the second process with the lock")


def test_command_survives_losing_every_database_session(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess]
) -> None:
    follower = start()
    eventually(connected, timeout=30, what="four connected streams")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    make_event(sandbox)
    stored = BrokerEvent.objects.filter(stream=EventStream.ACCOUNTS, payload__status_to="ACCOUNT_UPDATED")
    eventually(stored.exists, timeout=40, what="an event stored after the outage")
    assert follower.process.poll() is None


def test_command_survives_an_outage_of_the_broker(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess]
) -> None:
    start()
    eventually(connected, timeout=30, what="four connected streams")
    sandbox.kill()
    eventually(lambda: not StreamCursor.objects.filter(connected=True).exists(), what="four lost streams")
    sandbox.start()
    eventually(connected, timeout=40, what="four connected streams again")


def test_deposit_completes_and_is_returned_by_events_alone(
    sandbox: SandboxProcess, start: Callable[[], FollowerProcess], settings: Any
) -> None:
    settings.BROKER_BASE_URL = sandbox.url
    settings.BROKER_KEY, settings.BROKER_SECRET = sandbox.key, sandbox.secret
    start()
    account = open_account_at(sandbox)
    link = banks.link_bank(account=account, details=BANK, by=account.user)

    def reached(row: BankLink | Transfer, status: str) -> bool:
        services.handle_waiting_events()
        row.refresh_from_db()
        return row.status == status

    eventually(lambda: reached(link, "APPROVED"), timeout=30, what="approval of the bank")
    deposit = transfers.request_transfer(
        account=account,
        intent_id=uuid4(),
        direction="INCOMING",
        amount=Decimal("75.00"),
        bank_link_id=str(link.pk),
        by=account.user,
        now=timezone.now(),
    )
    deposit = transfers.send_transfer(transfer=deposit, now=timezone.now())
    eventually(lambda: reached(deposit, "COMPLETE"), what="the deposit")
    sandbox.return_transfer(str(deposit.broker_transfer_id))
    eventually(lambda: reached(deposit, "RETURNED"), what="the return")


def _locks() -> list[int]:
    with psycopg.connect(database_url()) as session:
        rows = session.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
    return [row[0] for row in rows]
