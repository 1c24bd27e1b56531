"""When a row is read: the longer nothing changes, the more seldom, and not for ever."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream, StreamCursor
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from funding.services.applying import schedule
from tests.broker_stub import BrokerStub
from tests.factories import BankLinkFactory, TransferFactory
from tests.funding.conftest import listed, relationship

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def pause(transfer: Transfer, now: datetime, unchanged: timedelta) -> timedelta:
    """How long after being read it is read next."""
    Transfer.objects.filter(pk=transfer.pk).update(status_at=now - unchanged)
    transfer.refresh_from_db()
    schedule(transfer, now=now)
    transfer.refresh_from_db()
    assert transfer.due_at is not None
    return transfer.due_at - now


@pytest.mark.parametrize(
    ("unchanged", "expected"),
    [
        (timedelta(), timedelta(seconds=5)),
        (timedelta(minutes=40), timedelta(minutes=10)),
        (timedelta(days=2), timedelta(hours=1)),
    ],
)
def test_schedule_of_one_on_its_way(now: datetime, unchanged: timedelta, expected: timedelta) -> None:
    assert pause(TransferFactory.create(), now, unchanged) == expected


def test_schedule_is_slower_while_the_stream_would_tell(now: datetime) -> None:
    transfer = TransferFactory.create()
    slow = pause(transfer, now, timedelta(minutes=40))
    StreamCursor.objects.create(stream=EventStream.FUNDING, connected=True, last_seen_at=now)
    assert pause(transfer, now, timedelta(minutes=40)) == 4 * slow


def test_schedule_of_a_lost_one_does_not_wait_for_the_stream(now: datetime) -> None:
    StreamCursor.objects.create(stream=EventStream.FUNDING, connected=True, last_seen_at=now)
    assert pause(TransferFactory.create(status="UNKNOWN"), now, timedelta()) == timedelta(seconds=10)


def test_to_read_complete_ones_every_six_hours_while_they_may_be_returned(now: datetime) -> None:
    deposit = TransferFactory.create(status="COMPLETE")
    payout = TransferFactory.create(status="COMPLETE", direction="OUTGOING")
    for row in (deposit, payout):
        pause(row, now, timedelta())
    to_read = Transfer.objects.to_read
    assert set(to_read(now + timedelta(hours=5))) == set()
    assert set(to_read(now + timedelta(hours=7))) == {deposit, payout}
    assert set(to_read(now + timedelta(days=59))) == {deposit}
    assert set(to_read(now + timedelta(days=61))) == set()


def test_to_read_ended_ones_are_not_read() -> None:
    for status in ("REJECTED", "CANCELED", "RETURNED", "EXPIRED"):
        TransferFactory.create(status=status)
    assert not Transfer.objects.to_read(timezone.now() + timedelta(days=3)).exists()


def test_sync_transfers_failed_read_is_due_again_within_seconds_then_less_often(
    now: datetime, broker: BrokerStub
) -> None:
    first = TransferFactory.create(amount="1.00")
    second = TransferFactory.create(first.account, amount="2.00")
    broker.on_account("GET", first.account, "transfers", json={"message": "no"}, status=404)
    at = now + timedelta(hours=1)
    pauses = []
    for _ in range(3):
        transfers.sync_transfers(now=at)
        first.refresh_from_db()
        second.refresh_from_db()
        assert first.due_at == second.due_at
        assert first.due_at is not None
        pauses.append(first.due_at - at)
        at = first.due_at
    assert pauses == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert broker.count("GET") == 3


def test_sync_transfers_idle_for_a_day_makes_few_calls(now: datetime, broker: BrokerStub) -> None:
    transfer = TransferFactory.create()
    page = broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer)])
    for minute in range(0, 24 * 60, 10):
        transfers.sync_transfers(now=now + timedelta(minutes=minute))
    assert page.call_count < 50


def test_sync_bank_links_asks_more_seldom_the_longer_it_takes(now: datetime, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(status="QUEUED")
    page = broker.on_account("GET", link.account, "ach_relationships", json=[relationship(link)])
    BankLink.objects.update(status_at=now - timedelta(days=30))
    for minute in range(0, 24 * 60, 10):
        banks.sync_bank_links(now=now + timedelta(minutes=minute))
    assert page.call_count <= 25
