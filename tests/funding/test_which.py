"""Of several transfers at the broker that can be ours, two members of staff say which it is."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts import securing
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.decisions import services as decisions
from brokerapp.decisions.models import StaffDecision
from brokerapp.workflow.state import Process
from funding.models import Transfer
from funding.services import settling, transfers
from funding.services.settling import IS_THIS, NotUndecided
from funding.statuses import Direction, TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, TransferFactory, confirm, staff_in_role
from tests.funding.conftest import listed, soon

pytestmark = pytest.mark.django_db
REASON = "Dana at the broker says that the second one has our time stamp."


def two_at_the_broker(broker: BrokerStub, transfer: Transfer) -> tuple[str, str]:
    first, second = str(uuid4()), str(uuid4())
    found = [
        listed(transfer, id=first, status="QUEUED"),
        listed(transfer, id=second, status="SENT_TO_CLEARING"),
    ]
    broker.on_account("GET", transfer.account, "transfers", json=found)
    return first, second


def browser(role: str) -> Client:
    client = Client()
    client.force_login(staff_in_role(role))
    confirm(client)
    return client


def test_two_people_choose_one_and_it_is_followed(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    _, second = two_at_the_broker(broker, transfer)
    url = reverse("admin:funding_transfer_which", args=[transfer.pk])
    operations, approver = browser("operations"), browser("approver")
    assert second in operations.get(url).content.decode()
    assert operations.post(url, {"which": second}).status_code == 422
    assert operations.post(url, {"which": str(uuid4()), "reason": REASON}).status_code == 422
    operations.post(url, {"which": second, "reason": REASON})
    decision = StaffDecision.objects.get(what=IS_THIS)
    assert decision.value == second
    page = approver.get(reverse("admin:decisions_staffdecision_change", args=[decision.pk])).content.decode()
    assert second in page
    approver.post(
        reverse("admin:decisions_staffdecision_changelist"),
        {"action": "confirm", "_selected_action": [decision.pk], "reason": "I asked Dana as well."},
    )
    transfer.refresh_from_db()
    assert str(transfer.broker_transfer_id) == second
    settled = settling.settle_transfer(transfer=transfer, now=soon(), by=Process.SWEEP)
    assert settled.status == TransferStatus.SENT_TO_CLEARING


def test_chosen_one_that_is_another_rows_by_now_is_refused() -> None:
    transfer, other = TransferFactory.create(status="UNKNOWN"), TransferFactory.create()
    decision = decisions.propose(
        what=IS_THIS,
        row=transfer,
        by=staff_in_role("operations"),
        reason=REASON,
        value=str(other.broker_transfer_id),
    )
    with pytest.raises(NotUndecided):
        decisions.confirm(decision=decision, by=staff_in_role("approver"), reason=REASON)
    transfer.refresh_from_db()
    assert transfer.broker_transfer_id is None


def test_choosing_needs_the_right_to_propose() -> None:
    url = reverse("admin:funding_transfer_which", args=[TransferFactory.create(status="UNKNOWN").pk])
    assert browser("support").get(url).status_code == 403
    assert browser("approver").get(url).status_code == 403


def asked_for(direction: str, account: BrokerageAccount) -> Transfer:
    return TransferFactory.create(account, status="SUBMITTING", direction=direction)


@pytest.mark.parametrize(
    ("direction", "sent"), [(Direction.OUTGOING, False), (Direction.INCOMING, True)], ids=["out", "in"]
)
def test_secured_account_sends_no_withdrawal_that_was_asked_for_before(
    broker: BrokerStub, direction: str, sent: bool
) -> None:
    account = BrokerageAccountFactory.create(cash_withdrawable=1000)
    transfer = asked_for(direction, account)
    post = broker.on_account("POST", account, "transfers", json=listed(transfer))
    securing.secure_account(user=account.user)

    transfers.send_transfer(transfer=transfer, now=timezone.now())

    transfer.refresh_from_db()
    assert bool(post.call_count) is sent
    assert (transfer.status == TransferStatus.NOT_MADE) is not sent
    if not sent:
        assert "You secured your account before this was sent" in transfer.status_reason


def test_secured_account_leaves_a_withdrawal_alone_that_is_under_way(broker: BrokerStub) -> None:
    account: Any = BrokerageAccountFactory.create(cash_withdrawable=1000)
    transfer = asked_for(Direction.OUTGOING, account)
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now())
    securing.secure_account(user=account.user)
    transfer.refresh_from_db()
    transfers.send_transfer(transfer=transfer, now=timezone.now())
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.SUBMITTING
