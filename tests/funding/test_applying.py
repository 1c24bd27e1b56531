"""The broker's word on a transfer: taken back after all, adopted after all, never about somebody else's."""

from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker import broker_clock
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from funding import timelines
from funding.models import Transfer
from funding.services import settling, transfers
from funding.services.applying import adopt, apply_transfer
from funding.snapshots import Snapshot
from funding.statuses import TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import StaffFactory, TransferFactory, transfer_reply
from tests.funding.conftest import listed, soon

pytestmark = pytest.mark.django_db


def told(transfer: Transfer, status: str, **fields: Any) -> Transfer:
    snapshot = Snapshot.of_transfer(transfer_reply(transfer, status=status, **fields))
    return apply_transfer(transfer=transfer, snapshot=snapshot, by=Process.EVENT)


def steps(transfer: Transfer) -> list[str]:
    changes = StatusChange.objects.about(transfer)
    return [step.title for step in timelines.transfer_steps(transfer, changes, timezone.now())]


def history(transfer: Transfer) -> list[tuple[str, str]]:
    return [(change.to_status, change.actor) for change in StatusChange.objects.about(transfer)]


def lost(transfer: Transfer, claimed_ago: timedelta = timedelta(minutes=5)) -> Transfer:
    """As it was sent some time ago."""
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - claimed_ago)
    transfer.refresh_from_db()
    return transfer


@pytest.mark.parametrize("word", ["COMPLETE", "SETTLED"])
@pytest.mark.parametrize(
    ("undone", "title"),
    [
        ("CANCELED", "Taken back by the broker"),
        ("REJECTED", "Taken back by the broker"),
        ("RETURNED", "Returned by your bank"),
    ],
)
def test_apply_transfer_undone_after_it_was_booked(word: str, undone: str, title: str) -> None:
    transfer = told(TransferFactory.create(), word)
    before = steps(transfer)
    BrokerageAccount.objects.update(balances_due_at=None)
    transfer = told(transfer, undone, reason="R01")
    assert (transfer.status, transfer.status_reason) == (undone, "R01")
    assert transfer.completed_at is not None
    assert transfer.is_taken_back
    assert steps(transfer) == [*before, title]
    assert BrokerageAccount.objects.get().balances_due_at is not None
    assert list(Transfer.objects.returned_since(timezone.now() - timedelta(days=1))) == [transfer]


def test_apply_transfer_word_we_do_not_know_of_one_we_could_not_find_is_the_brokers() -> None:
    transfer = told(TransferFactory.create(status="UNKNOWN"), "MOON_PHASE")
    assert (transfer.status, transfer.broker_status) == (TransferStatus.PENDING, "MOON_PHASE")
    assert transfer.broker_transfer_id is not None


def test_apply_transfer_goes_no_step_back() -> None:
    transfer = told(TransferFactory.create(), "SENT_TO_CLEARING")
    transfer = told(transfer, "QUEUED")
    assert (transfer.status, transfer.broker_status) == (TransferStatus.SENT_TO_CLEARING, "QUEUED")


def not_made(account: BrokerageAccount | None = None) -> Transfer:
    transfer = lost(TransferFactory.create(account, status="UNKNOWN"))
    return settling.record_not_done(transfer=transfer, by=StaffFactory.create())


def test_sync_transfers_what_staff_called_not_made_gives_way_to_the_brokers_list(broker: BrokerStub) -> None:
    transfer = not_made()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    transfers.sync_transfers(now=timezone.now() + timedelta(hours=7))
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETE
    assert history(transfer)[-2:] == [("NOT_MADE", ActorKind.STAFF), ("COMPLETE", ActorKind.POLL)]


def test_sync_transfers_what_staff_called_not_made_late_gives_way_as_well(broker: BrokerStub) -> None:
    transfer = not_made()
    long_ago = timezone.now() - timedelta(days=30)
    Transfer.objects.filter(pk=transfer.pk).update(created_at=long_ago, claimed_at=long_ago)
    reply = listed(transfer, status="COMPLETE")
    broker.on_account("GET", transfer.account, "transfers", json=[reply])
    transfers.sync_transfers(now=timezone.now() + timedelta(hours=7))
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETE


def test_on_transfer_event_what_staff_called_not_made_gives_way_to_it(broker: BrokerStub) -> None:
    transfer = not_made()
    reply = listed(transfer, status="COMPLETE")
    broker.on_account("GET", transfer.account, "transfers", json=[reply])
    event = {"account_id": str(transfer.account.broker_account_id), "entity_id": reply["id"]}
    assert transfers.on_transfer_event(event) == ""
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETE
    assert history(transfer)[-2:] == [("NOT_MADE", ActorKind.STAFF), ("COMPLETE", ActorKind.EVENT)]


def test_on_transfer_event_of_one_whose_reply_was_lost_adopts_it(broker: BrokerStub) -> None:
    transfer = lost(TransferFactory.create(status="UNKNOWN"))
    reply = listed(transfer, status="SENT_TO_CLEARING")
    broker.on_account("GET", transfer.account, "transfers", json=[reply])
    event = {"account_id": str(transfer.account.broker_account_id), "entity_id": reply["id"]}
    assert transfers.on_transfer_event(event) == ""
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.SENT_TO_CLEARING


def test_on_transfer_event_that_fits_nothing_undecided_is_not_ours(broker: BrokerStub) -> None:
    transfer = not_made()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, amount="3.00")])
    event = {"account_id": str(transfer.account.broker_account_id), "entity_id": str(uuid4())}
    assert transfers.on_transfer_event(event) == "not one of our transfers"


def test_adopt_the_unknown_one_comes_before_the_one_called_not_made() -> None:
    first = not_made()
    again = lost(TransferFactory.create(first.account, status="UNKNOWN"), timedelta(minutes=4))
    reply = Snapshot.of_transfer(transfer_reply(again, id=str(uuid4())))
    assert adopt(account=first.account, listed=[reply], by=Process.POLL) == [again]
    first.refresh_from_db()
    assert first.status == TransferStatus.NOT_MADE


def test_adopt_several_that_fit_are_left_alone() -> None:
    transfer = lost(TransferFactory.create(status="UNKNOWN"))
    twins = [Snapshot.of_transfer(transfer_reply(transfer, id=str(uuid4()))) for _ in range(2)]
    assert adopt(account=transfer.account, listed=twins, by=Process.POLL) == []


def test_settle_transfers_brokers_clock_behind_ours_adopts_ours(broker: BrokerStub) -> None:
    behind = timedelta(minutes=7)
    transfer = lost(TransferFactory.create(status="UNKNOWN"))
    assert transfer.claimed_at is not None
    made_at = (transfer.claimed_at - behind).isoformat()
    reply = listed(transfer, created_at=made_at, updated_at=made_at)
    date = format_datetime(timezone.now() - behind, usegmt=True)
    broker.on_account("GET", transfer.account, "transfers", json=[reply], date=date)
    broker_clock.forget()
    settling.settle_transfers(now=soon())
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.QUEUED


def test_settle_transfers_brokers_clock_behind_ours_does_not_adopt_an_older_one(broker: BrokerStub) -> None:
    behind = timedelta(minutes=7)
    transfer = lost(TransferFactory.create(status="UNKNOWN"))
    assert transfer.claimed_at is not None
    made_at = (transfer.claimed_at - behind - timedelta(minutes=3)).isoformat()
    date = format_datetime(timezone.now() - behind, usegmt=True)
    broker.on_account(
        "GET", transfer.account, "transfers", json=[listed(transfer, created_at=made_at)], date=date
    )
    broker_clock.forget()
    settling.settle_transfers(now=soon())
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.UNKNOWN


def test_get_transfer_facts_withdrawal_sent_after_the_balances_were_read_is_not_in_them() -> None:
    account = TransferFactory.create(direction="OUTGOING", amount="60.00").account
    now = timezone.now()
    # Asked for before the balances were read, and taken by the broker after that.
    Transfer.objects.update(created_at=now - timedelta(seconds=20), accepted_at=now - timedelta(seconds=5))
    BrokerageAccount.objects.update(balances_at=now - timedelta(seconds=10))
    account.refresh_from_db()
    facts = transfers.get_transfer_facts(account=account, now=now)
    assert facts.withdrawals_unseen == Decimal("60.00")


def test_get_transfer_facts_withdrawal_paid_out_since_the_balances_were_read_is_not_in_them() -> None:
    account = TransferFactory.create(direction="OUTGOING", amount="60.00", status="COMPLETE").account
    now = timezone.now()
    BrokerageAccount.objects.update(balances_at=now - timedelta(minutes=10))
    account.refresh_from_db()
    assert transfers.get_transfer_facts(account=account, now=now).withdrawals_unseen == Decimal("60.00")
    BrokerageAccount.objects.update(balances_at=now)
    account.refresh_from_db()
    assert transfers.get_transfer_facts(account=account, now=now).withdrawals_unseen == 0


def test_get_transfer_facts_deposit_taken_back_since_the_balances_were_read_is_in_them() -> None:
    transfer = told(TransferFactory.create(amount="60.00"), "COMPLETE")
    read_at = timezone.now()
    BrokerageAccount.objects.update(balances_at=read_at)
    transfer = told(transfer, "RETURNED")
    transfer.account.refresh_from_db()
    facts = transfers.get_transfer_facts(account=transfer.account, now=timezone.now())
    assert facts.withdrawals_unseen == Decimal("60.00")
