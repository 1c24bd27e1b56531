import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from funding import rules
from funding.models import BankLink, Transfer
from funding.services import transfers
from funding.services.applying import apply_transfer
from funding.snapshots import Snapshot
from funding.statuses import Direction, TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import BankLinkFactory, BrokerageAccountFactory, TransferFactory, transfer_reply
from tests.funding.conftest import listed, soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(cash_withdrawable=Decimal("100.00"))


@pytest.fixture
def bank(account: BrokerageAccount) -> BankLink:
    return BankLinkFactory.create(account)


def ask(bank: BankLink, amount: str = "50.00", **kwargs: Any) -> Transfer:
    values: dict[str, Any] = {
        "account": bank.account,
        "intent_id": uuid4(),
        "direction": Direction.INCOMING,
        "amount": Decimal(amount),
        "bank_link_id": str(bank.pk),
        "by": bank.user,
        "now": timezone.now(),
    }
    values |= kwargs
    return transfers.request_transfer(**values)


def test_request_transfer_writes_the_intent_and_sends_a_task(
    bank: BankLink, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        transfer = ask(bank)
    assert transfer.status == TransferStatus.SUBMITTING
    assert [callback.args[1:] for callback in callbacks] == [
        ("funding.tasks.send_transfer", {"transfer_id": transfer.pk})
    ]


def test_request_transfer_same_intent_gives_the_first_row(bank: BankLink) -> None:
    first = ask(bank)
    again = ask(bank, intent_id=first.pk)
    assert again == first
    assert Transfer.objects.count() == 1


def test_request_transfer_over_another_bank_than_reviewed_is_refused(bank: BankLink) -> None:
    with pytest.raises(rules.NoApprovedBank):
        ask(bank, bank_link_id=str(BankLinkFactory.create().pk))


def test_request_transfer_withdrawals_add_up(bank: BankLink) -> None:
    ask(bank, "60.00", direction=Direction.OUTGOING)
    with pytest.raises(rules.OverWithdrawable, match=r"\$40\.00"):
        ask(bank, "40.01", direction=Direction.OUTGOING)


def test_get_transfer_facts_leaves_out_what_the_balances_already_hold(bank: BankLink) -> None:
    now = timezone.now()
    TransferFactory.create(bank.account, direction=Direction.OUTGOING, amount="30.00", now=now)
    BrokerageAccount.objects.update(balances_at=now + timedelta(seconds=1))
    bank.account.refresh_from_db()
    facts = transfers.get_transfer_facts(account=bank.account, now=now)
    assert facts.withdrawals_unseen == 0


def test_get_transfer_facts_failed_deposits_do_not_count(bank: BankLink) -> None:
    TransferFactory.create(bank.account, amount="30.00")
    TransferFactory.create(bank.account, amount="31.00", status="REJECTED")
    facts = transfers.get_transfer_facts(account=bank.account, now=timezone.now())
    assert facts.deposits_today == Decimal("30.00")


@pytest.mark.django_db(transaction=True)
def test_request_transfer_at_the_same_moment_holds_the_limit() -> None:
    bank = BankLinkFactory.create(BrokerageAccountFactory.create(cash_withdrawable=Decimal("100.00")))
    barrier, refused = threading.Barrier(4), []

    def withdraw(amount: str) -> None:
        barrier.wait()
        try:
            ask(bank, amount, direction=Direction.OUTGOING)
        except rules.OverWithdrawable as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=withdraw, args=(f"60.0{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Transfer.objects.count(), len(refused)) == (1, 3)


def test_send_transfer_posts_once_and_takes_over_the_reply(bank: BankLink, broker: BrokerStub) -> None:
    transfer = ask(bank)
    post = broker.on_account("POST", bank.account, "transfers", json=listed(transfer))
    transfer = transfers.send_transfer(transfer=transfer, now=timezone.now())
    transfers.send_transfer(transfer=Transfer.objects.get(), now=timezone.now())
    assert post.call_count == 1
    assert transfer.status == TransferStatus.QUEUED
    assert transfer.last_request_id == "65ddd35ed1b3433dbf29d11f6d932c88"
    assert transfer.broker_transfer_id is not None
    assert ApiCall.objects.about(transfer).get().outcome == ApiCall.Outcome.OK


def test_send_transfer_claimed_by_another_worker_posts_nothing(bank: BankLink, broker: BrokerStub) -> None:
    transfer = ask(bank)
    Transfer.objects.update(claimed_at=timezone.now())
    transfers.send_transfer(transfer=transfer, now=timezone.now())
    assert broker.count("POST") == 0


def test_send_transfer_refused(bank: BankLink, broker: BrokerStub) -> None:
    body = {"code": 40310000, "message": "deposits are not permitted for this account"}
    broker.on_account("POST", bank.account, "transfers", json=body, status=403)
    transfer = transfers.send_transfer(transfer=ask(bank), now=timezone.now())
    assert transfer.status == TransferStatus.REJECTED
    assert transfer.status_reason == "Deposits are not permitted for this account."


def test_send_transfer_without_a_reply_is_unknown(bank: BankLink, broker: BrokerStub) -> None:
    broker.on_account("POST", bank.account, "transfers", body=requests.ReadTimeout())
    transfer = transfers.send_transfer(transfer=ask(bank), now=timezone.now())
    assert transfer.status == TransferStatus.UNKNOWN
    assert transfer.last_request_id == ""


def test_send_transfer_broker_busy_gives_the_claim_back(bank: BankLink, broker: BrokerStub) -> None:
    broker.on_account("POST", bank.account, "transfers", json={"message": "rate limit exceeded"}, status=429)
    transfer = transfers.send_transfer(transfer=ask(bank), now=timezone.now())
    assert (transfer.status, transfer.claimed_at) == (TransferStatus.SUBMITTING, None)
    assert "busy" in transfer.status_reason


def test_apply_transfer_stale_snapshot_loses() -> None:
    transfer = TransferFactory.create(status="COMPLETE")
    before = transfer.created_at - timedelta(seconds=1)
    reply = transfer_reply(transfer, status="QUEUED", updated_at=before.isoformat())
    apply_transfer(transfer=transfer, snapshot=Snapshot.of_transfer(reply), by=Process.EVENT)
    assert Transfer.objects.get().status == TransferStatus.COMPLETE


def test_apply_transfer_complete_can_be_returned_and_reads_balances(
    django_capture_on_commit_callbacks: Any,
) -> None:
    transfer = TransferFactory.create(status="COMPLETE")
    reply = transfer_reply(transfer, status="RETURNED", reason="R01")
    with django_capture_on_commit_callbacks() as callbacks:
        transfer = apply_transfer(transfer=transfer, snapshot=Snapshot.of_transfer(reply), by=Process.EVENT)
    assert (transfer.status, transfer.status_reason) == (TransferStatus.RETURNED, "R01")
    sent = [callback.args[1] for callback in callbacks if len(callback.args) > 1]
    assert "brokerapp.accounts.tasks.sync_balances" in sent
    assert [change.to_status for change in StatusChange.objects.about(transfer)] == [
        "SUBMITTING",
        "COMPLETE",
        "RETURNED",
    ]


@pytest.mark.parametrize("word", ["MOON_PHASE", "QUEUED"])
def test_apply_transfer_word_that_cannot_follow_is_kept_beside_ours(word: str) -> None:
    transfer = TransferFactory.create(status="COMPLETE")
    snapshot = Snapshot.of_transfer(transfer_reply(transfer, status=word))
    transfer = apply_transfer(transfer=transfer, snapshot=snapshot, by=Process.POLL)
    assert (transfer.status, transfer.broker_status) == (TransferStatus.COMPLETE, word)


def test_sync_transfers_one_list_call_per_account(account: BrokerageAccount, broker: BrokerStub) -> None:
    first, second = (TransferFactory.create(account, amount=amount) for amount in ("10.00", "20.00"))
    done = listed(second, status="COMPLETE")
    page = broker.on_account(
        "GET", account, "transfers", json=[done, listed(first, status="SENT_TO_CLEARING")]
    )
    transfers.sync_transfers(now=soon())
    assert page.call_count == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (TransferStatus.SENT_TO_CLEARING, TransferStatus.COMPLETE)
    assert second.completed_at is not None


def test_sync_transfers_one_accounts_trouble_does_not_stop_the_others(broker: BrokerStub) -> None:
    broken, fine = TransferFactory.create(), TransferFactory.create()
    broker.on_account("GET", broken.account, "transfers", json={"message": "not found"}, status=404)
    broker.on_account("GET", fine.account, "transfers", json=[listed(fine, status="COMPLETE")])
    transfers.sync_transfers(now=soon())
    fine.refresh_from_db()
    assert fine.status == TransferStatus.COMPLETE


def test_on_transfer_event_reads_the_transfer_again(broker: BrokerStub) -> None:
    transfer = TransferFactory.create()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    event = {
        "account_id": str(transfer.account.broker_account_id),
        "entity_id": str(transfer.broker_transfer_id),
        "status_to": "SENT_TO_CLEARING",
    }
    assert transfers.on_transfer_event(event) == ""
    assert Transfer.objects.get().status == TransferStatus.COMPLETE


def test_on_transfer_event_not_listed_applies_the_event(broker: BrokerStub) -> None:
    transfer = TransferFactory.create()
    broker.on_account("GET", transfer.account, "transfers", json=[])
    event = {
        "account_id": str(transfer.account.broker_account_id),
        "entity_id": str(transfer.broker_transfer_id),
        "status_to": "EXPIRED",
        "at": timezone.now().isoformat(),
    }
    transfers.on_transfer_event(event)
    assert Transfer.objects.get().status == TransferStatus.EXPIRED


def test_on_transfer_event_before_the_reply_is_too_early() -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    event = {"account_id": str(transfer.account.broker_account_id), "entity_id": str(uuid4())}
    with pytest.raises(EventTooEarly):
        transfers.on_transfer_event(event)


def test_transfer_amount_must_be_positive() -> None:
    transfer = TransferFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=transfer.pk).update(amount=0)
