"""What waits in a database that was restored is looked for at the broker before it is sent."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from funding.models import Transfer
from funding.services import settling
from tests.broker_stub import BrokerStub
from tests.factories import KycApplicationFactory, TransferFactory, document_of
from tests.funding.conftest import listed, soon

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


def test_after_restore_leaves_the_papers_of_a_draft() -> None:
    application = KycApplicationFactory.create()
    paper = document_of(application)
    call_command("after_restore")
    paper.refresh_from_db()
    application.refresh_from_db()
    assert (paper.status, application.status) == ("STORED", "DRAFT")
