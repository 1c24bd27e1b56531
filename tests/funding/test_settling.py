from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts import holds
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import HoldReason
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from funding.models import Transfer
from funding.services import settling, transfers
from funding.statuses import TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import StaffFactory, TransferFactory
from tests.funding.conftest import listed, soon

pytestmark = pytest.mark.django_db


def lost(**columns: Any) -> Transfer:
    """A transfer that a worker claimed and never reported on."""
    transfer = TransferFactory.create(status="SUBMITTING")
    columns = {"claimed_at": transfer.created_at} | columns
    Transfer.objects.filter(pk=transfer.pk).update(**columns)
    return Transfer.objects.get(pk=transfer.pk)


def settle(transfer: Transfer, now: datetime | None = None) -> Transfer:
    return settling.settle_transfer(transfer=transfer, now=now or soon(), by=Process.SWEEP)


def attempted(transfer: Transfer, outcome: str) -> None:
    ended = None if outcome == ApiCall.Outcome.IN_FLIGHT else timezone.now()
    ApiCall.objects.create(
        call_id=uuid4(),
        method="POST",
        path="/v1/accounts/{account_id}/transfers",
        about_type=label_of(transfer),
        about_id=str(transfer.pk),
        outcome=outcome,
        finished_at=ended,
    )


def test_settle_transfers_reply_lost_adopts_the_one_at_the_broker(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    post = broker.on_account("POST", transfer.account, "transfers", body=requests.ReadTimeout())
    broker.on_account(
        "GET", transfer.account, "transfers", json=[listed(transfer, status="SENT_TO_CLEARING")]
    )
    transfers.send_transfer(transfer=transfer, now=timezone.now())
    settling.settle_transfers(now=soon())
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.SENT_TO_CLEARING
    assert post.call_count == 1


def test_settle_transfers_leaves_young_ones_alone(broker: BrokerStub) -> None:
    TransferFactory.create(status="UNKNOWN")
    settling.settle_transfers(now=timezone.now())
    assert broker.count("GET") == 0


def test_settle_transfer_never_claimed_is_sent(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    transfer = settle(transfer)
    assert transfer.status == TransferStatus.QUEUED


def test_settle_transfer_not_sent_within_a_day_is_not_made(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    transfer = settle(transfer, now=soon() + timedelta(days=1))
    assert transfer.status == TransferStatus.NOT_MADE
    assert broker.count("POST") == 0


def test_settle_transfer_died_before_the_call_is_sent_again(broker: BrokerStub) -> None:
    transfer = lost()
    broker.on_account("GET", transfer.account, "transfers", json=[])
    post = broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    transfer = settle(transfer)
    assert transfer.status == TransferStatus.QUEUED
    assert post.call_count == 1


def test_settle_transfer_claim_that_may_be_alive_is_left_alone(broker: BrokerStub) -> None:
    transfer = lost()
    broker.on_account("GET", transfer.account, "transfers", json=[])
    settling.settle_transfer(
        transfer=transfer, now=transfer.created_at + timedelta(seconds=60), by=Process.SWEEP
    )
    assert broker.count("POST") == 0


@pytest.mark.parametrize("outcome", ["IN_FLIGHT", "UNKNOWN", "OK"])
def test_settle_transfer_call_may_have_arrived_is_never_sent_again(broker: BrokerStub, outcome: str) -> None:
    transfer = lost()
    attempted(transfer, outcome)
    broker.on_account("GET", transfer.account, "transfers", json=[])
    for later in (timedelta(), timedelta(minutes=10), timedelta(days=3)):
        transfer = settle(transfer, now=soon() + later)
    assert transfer.status == TransferStatus.UNKNOWN
    assert broker.count("POST") == 0


def test_settle_transfer_in_a_list_that_cannot_all_be_read_is_not_sent_again(broker: BrokerStub) -> None:
    transfer = lost()
    odd = listed(transfer, status=None)
    broker.on_account("GET", transfer.account, "transfers", json=[odd])
    assert settle(transfer).status == TransferStatus.UNKNOWN
    assert broker.count("POST") == 0


@pytest.mark.parametrize("direction", ["INCOMING", "OUTGOING"])
@pytest.mark.parametrize("fact", [{"broker_status": "PAPER_ONLY"}, {"transfers_blocked": True}], ids=str)
def test_send_transfer_of_an_account_that_may_not_make_it_any_more(
    broker: BrokerStub, direction: str, fact: dict[str, Any]
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING", direction=direction)
    BrokerageAccount.objects.filter(pk=transfer.account_id).update(**fact)
    transfer.refresh_from_db()
    transfer = settle(transfer)
    assert transfer.status == TransferStatus.NOT_MADE
    assert transfer.status_reason.endswith("So it was not sent, and no money moved.")
    assert broker.count("POST") == 0


def test_send_transfer_asked_for_before_a_hold_that_ends_by_itself(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="SUBMITTING", direction="OUTGOING")
    post = broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    holds.place_hold(transfer.user, HoldReason.PASSWORD)
    assert settle(transfer).status == TransferStatus.QUEUED
    assert post.call_count == 1


def test_settle_transfer_unknown_stays_unknown_after_its_call_rows_are_pruned(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    broker.on_account("GET", transfer.account, "transfers", json=[])
    settle(transfer, now=soon() + timedelta(days=400))
    assert broker.count("POST") == 0


def test_settle_transfer_failed_attempt_proves_nothing_was_done(broker: BrokerStub) -> None:
    transfer = lost()
    attempted(transfer, "NOT_DONE")
    broker.on_account("GET", transfer.account, "transfers", json=[])
    broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    assert settle(transfer).status == TransferStatus.QUEUED


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "100.01"},
        {"direction": "OUTGOING"},
        {"relationship_id": str(uuid4())},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_settle_transfer_does_not_adopt_what_is_not_ours(broker: BrokerStub, other: dict[str, str]) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, **other)])
    assert settle(transfer).status == TransferStatus.UNKNOWN


def test_settle_transfer_does_not_adopt_another_rows_transfer(broker: BrokerStub) -> None:
    settled = TransferFactory.create(amount="100.00")
    transfer = TransferFactory.create(settled.account, status="UNKNOWN", amount="100.00")
    broker.on_account("GET", transfer.account, "transfers", json=[listed(settled)])
    assert settle(transfer).status == TransferStatus.UNKNOWN


def test_settle_transfer_several_fit_is_left_to_staff(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    twins = [listed(transfer, id=str(uuid4())) for _ in range(2)]
    broker.on_account("GET", transfer.account, "transfers", json=twins)
    assert settle(transfer).status == TransferStatus.UNKNOWN


def test_settle_transfer_fee_is_not_part_of_what_was_asked(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    reply = listed(transfer, amount="99.00", requested_amount="100.00", fee="1.00")
    broker.on_account("GET", transfer.account, "transfers", json=[reply])
    assert settle(transfer).status == TransferStatus.QUEUED


def test_settle_transfers_one_rows_trouble_does_not_stop_the_others(broker: BrokerStub) -> None:
    broken, fine = TransferFactory.create(status="UNKNOWN"), TransferFactory.create(status="UNKNOWN")
    broker.on_account("GET", broken.account, "transfers", json={"message": "no"}, status=403)
    broker.on_account("GET", fine.account, "transfers", json=[listed(fine)])
    settling.settle_transfers(now=soon())
    fine.refresh_from_db()
    assert fine.status == TransferStatus.QUEUED


def test_record_not_done_names_who_decided() -> None:
    ops = StaffFactory.create()
    transfer = settling.record_not_done(transfer=TransferFactory.create(status="UNKNOWN"), by=ops)
    assert transfer.status == TransferStatus.NOT_MADE
    last = list(StatusChange.objects.about(transfer))[-1]
    assert (last.actor, last.actor_id) == (ActorKind.STAFF, ops.pk)
    assert str(ops) not in transfer.status_reason


def test_record_not_done_only_for_unknown_ones() -> None:
    with pytest.raises(settling.NotUndecided):
        settling.record_not_done(transfer=TransferFactory.create(), by=StaffFactory.create())
