"""What waits in a database that was restored is looked for at the broker before it is sent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from brokerapp.workflow import outbox
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import OutboxCursor, StatusChange
from funding.models import Transfer
from funding.services import journals, settling
from tests.broker_stub import BrokerStub
from tests.factories import (
    BrokerageAccountFactory,
    KycApplicationFactory,
    StaffFactory,
    TransferFactory,
    document_of,
)
from tests.funding.conftest import listed, soon
from tests.transactions import all_ended

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_claimed", [False, True])
def test_after_restore_sends_nothing_that_was_sent_since_the_backup(
    broker: BrokerStub, is_claimed: bool
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    if is_claimed:
        Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now())
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    call_command("after_restore")
    settling.settle_transfers(now=soon())
    transfer.refresh_from_db()
    assert transfer.status == "COMPLETE"
    assert broker.count("POST") == 0


@pytest.mark.parametrize("is_claimed", [False, True])
def test_after_restore_finds_what_was_sent_hours_before(broker: BrokerStub, is_claimed: bool) -> None:
    asked_at = timezone.now() - timedelta(hours=6)
    transfer = TransferFactory.create(status="SUBMITTING")
    Transfer.objects.filter(pk=transfer.pk).update(
        created_at=asked_at,
        status_at=asked_at,
        send_after=asked_at,
        claimed_at=asked_at if is_claimed else None,
    )
    made_at = (asked_at + timedelta(seconds=2)).isoformat()
    there = listed(transfer, status="COMPLETE", created_at=made_at, updated_at=made_at)
    broker.on_account("GET", transfer.account, "transfers", json=[there])
    call_command("after_restore")
    settling.settle_transfers(now=soon())
    transfer.refresh_from_db()
    assert transfer.status == "COMPLETE"
    assert broker.count("POST") == 0


def test_after_restore_leaves_the_papers_of_a_draft() -> None:
    application = KycApplicationFactory.create()
    paper = document_of(application)
    call_command("after_restore")
    paper.refresh_from_db()
    application.refresh_from_db()
    assert (paper.status, application.status) == ("STORED", "DRAFT")


def test_after_restore_of_an_old_backup_sends_no_journal_whose_key_may_be_forgotten(
    broker: BrokerStub, settings: Any
) -> None:
    settings.BROKER_FIRM_ACCOUNT_ID = "19a2c1a5-a1c9-4a4b-8c1c-1f5a3c6b9d22"
    journals.credit_account(
        account=BrokerageAccountFactory.create(),
        credit_id=uuid4(),
        amount=Decimal(25),
        by=StaffFactory.create(),
        now=timezone.now() - timedelta(days=3),
    )
    Transfer.objects.update(status_at=timezone.now() - timedelta(days=3))
    broker.on("GET", "/v1/journals", json=[])
    call_command("after_restore")
    settling.settle_transfers(now=soon())
    assert Transfer.objects.get().status == "UNKNOWN"
    assert broker.count("POST") == 0


@pytest.mark.django_db(transaction=True)
def test_after_restore_into_another_cluster_readers_are_told_what_they_were_not() -> None:
    """Its transactions have lower numbers than those in the backup."""
    row = KycApplicationFactory.create()
    StatusChange.record(row, "TOLD", Actor(ActorKind.POLL))
    outbox.start_reader("mails")
    StatusChange.record(row, "UNTOLD", Actor(ActorKind.POLL))
    for model in (StatusChange, OutboxCursor):
        model._default_manager.update(transaction_id=F("transaction_id") + 10**9)
    call_command("after_restore")
    StatusChange.record(row, "NEW", Actor(ActorKind.POLL))
    told: list[str] = []
    all_ended()
    outbox.read("mails", lambda changes: told.extend(change.to_status for change in changes))
    assert told == ["UNTOLD", "NEW"]
    assert outbox.count_anew() == 0
