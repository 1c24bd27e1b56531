"""Transfers that cannot be found at the broker: into the queue of staff, and out of the sums."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.ui.links import account_url
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from funding import rules
from funding.models import Transfer
from funding.services import banks, settling, transfers
from funding.statuses import TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, TransferFactory
from tests.funding.conftest import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(broker: BrokerStub) -> Transfer:
    """A deposit that the broker answered with 503 and has not made."""
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("POST", transfer.account, "transfers", json={"message": "down"}, status=503)
    broker.on_account("GET", transfer.account, "transfers", json=[])
    transfer = transfers.send_transfer(transfer=transfer, now=transfer.created_at)
    assert transfer.status == TransferStatus.UNKNOWN
    return transfer


def sweep(transfer: Transfer, *minutes: float) -> Transfer:
    for minute in minutes:
        Transfer.objects.filter(pk=transfer.pk).update(due_at=None)
        settling.settle_transfers(now=transfer.created_at + timedelta(minutes=minute))
    transfer.refresh_from_db()
    return transfer


def test_settle_transfers_not_found_waits_for_staff_after_a_while(lost: Transfer) -> None:
    lost = sweep(lost, 1, 2, 14)
    assert not lost.is_undecided
    lost = sweep(lost, 16)
    assert lost.is_undecided
    assert lost.status == TransferStatus.UNKNOWN
    assert "our staff are looking into it" in lost.status_reason
    assert list(Transfer.objects.undecided()) == [lost]


def test_settle_transfers_one_look_is_not_enough(lost: Transfer) -> None:
    assert not sweep(lost, 60).is_undecided
    assert sweep(lost, 61).is_undecided


def test_settle_transfers_a_setting_says_how_long(lost: Transfer, settings: Any) -> None:
    settings.TRANSFER_UNDECIDED_AFTER_SECONDS = 7200
    assert not sweep(lost, 60, 61).is_undecided
    assert sweep(lost, 121).is_undecided


def test_settle_transfers_the_history_says_since_when_staff_look(lost: Transfer) -> None:
    lost = sweep(lost, 16, 17, 18)
    asked = StatusChange.objects.about(lost).filter(from_status="UNKNOWN", to_status="UNKNOWN").get()
    assert asked.actor == ActorKind.SWEEP


def test_get_transfer_facts_and_pages_do_not_count_it_as_on_its_way(lost: Transfer) -> None:
    lost = sweep(lost, 16, 17)
    client = Client()
    client.force_login(lost.user)
    page = " ".join(client.get(account_url(lost.account, "funding:transfers")).content.decode().split())
    assert "<dt>Deposits on their way</dt><dd>$0.00</dd>" in page
    assert "Could not be confirmed" in page
    receipt = client.get(account_url(lost.account, "funding:transfer", lost.pk)).content.decode()
    assert "Nothing of it is counted as on its way" in receipt


def test_request_transfer_of_the_same_amount_is_blocked_and_explained(lost: Transfer) -> None:
    lost = sweep(lost, 16, 17)
    facts = transfers.get_transfer_facts(account=lost.account, now=timezone.now())
    with pytest.raises(rules.SameTransferUnsettled, match="our staff are looking into it"):
        rules.check_transfer(lost.account, lost.bank_link, lost.direction, lost.amount, facts)


def test_settle_transfers_found_after_all_needs_no_decision(lost: Transfer, broker: BrokerStub) -> None:
    lost = sweep(lost, 16, 17)
    broker.mock.reset()
    broker.on_account("GET", lost.account, "transfers", json=[listed(lost, status="COMPLETE")])
    lost = sweep(lost, 30)
    assert (lost.status, lost.needs_decision_at) == (TransferStatus.COMPLETE, None)


def test_unlink_bank_still_waits_for_what_is_undecided(lost: Transfer) -> None:
    lost = sweep(lost, 16, 17)
    assert lost.bank_link is not None
    with pytest.raises(banks.CannotUnlink):
        banks.unlink_bank(link=lost.bank_link, by=lost.user)


def withdrawn(needs_decision_at: datetime, balances_at: datetime) -> Decimal:
    account = BrokerageAccountFactory.create(cash_withdrawable=Decimal(100))
    TransferFactory.create(account, status="UNKNOWN", direction="OUTGOING", amount="60.00")
    Transfer.objects.update(needs_decision_at=needs_decision_at)
    account.balances_at = balances_at
    return transfers.get_transfer_facts(account=account, now=timezone.now()).withdrawals_unseen


def test_get_transfer_facts_undecided_withdrawal_counts_until_balances_are_read_without_it() -> None:
    now = timezone.now()
    assert withdrawn(now, now - timedelta(minutes=1)) == Decimal("60.00")


def test_get_transfer_facts_undecided_withdrawal_is_not_in_later_balances() -> None:
    now = timezone.now()
    assert withdrawn(now - timedelta(minutes=1), now) == Decimal("0.00")


def test_settle_transfers_refused_before_acting_none_stays_for_good(
    broker: BrokerStub,
) -> None:
    account = BrokerageAccountFactory.create()
    broker.on_account("GET", account, "transfers", json=[])
    rows = [TransferFactory.create(account, status="UNKNOWN", amount=f"1.{n:02}") for n in range(14)]
    for minute in (1, 5, 16, 17):
        Transfer.objects.update(due_at=None)
        settling.settle_transfers(now=timezone.now() + timedelta(minutes=minute))
    assert Transfer.objects.undecided().count() == len(rows)
    assert not Transfer.objects.on_the_way().exists()


def test_request_transfer_another_amount_is_open(lost: Transfer) -> None:
    lost = sweep(lost, 16, 17)
    assert lost.bank_link is not None
    again = transfers.request_transfer(
        account=lost.account,
        intent_id=uuid4(),
        direction="INCOMING",
        amount=Decimal("100.01"),
        bank_link_id=str(lost.bank_link.pk),
        by=lost.user,
        now=timezone.now(),
    )
    assert again.status == TransferStatus.SUBMITTING
