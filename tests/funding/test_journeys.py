"""Funding against the sandbox process: whole journeys, and replies that get lost on the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from brokerapp.ui.links import account_url
from funding.models import BankLink, Transfer
from funding.services import banks, settling, transfers
from funding.statuses import BankLinkStatus, TransferStatus
from funding.tasks import send_transfer
from tests.account_pages import AccountClient, short
from tests.factories import BANK
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=10)


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    return open_account_at(sandbox)


@pytest.fixture
def client(account: BrokerageAccount) -> AccountClient:
    """The person's browser, confirmed just now, as a bank and a withdrawal ask for it."""
    return AccountClient(account)


@pytest.fixture
def bank(account: BrokerageAccount) -> BankLink:
    link = banks.link_bank(account=account, details=BANK, by=account.user)
    return approve(link)


def approve(link: BankLink) -> BankLink:
    now = timezone.now()

    def approved() -> bool:
        nonlocal now
        now += LATER  # past the pause after each read
        banks.sync_bank_links(now=now)
        link.refresh_from_db()
        return link.is_approved

    eventually(approved, what="approval of the bank")
    return link


def finish(transfer: Transfer, status: str = TransferStatus.COMPLETE) -> Transfer:
    def finished() -> bool:
        transfers.sync_account_transfers(account=transfer.account, now=timezone.now())
        transfer.refresh_from_db()
        return transfer.status == status

    eventually(finished, what=status)
    return transfer


def ask(client: Client, amount: str, page: str = "deposit") -> Transfer:
    """Ask for a transfer as a browser does, the impatient double click included."""
    review = client.post(short(f"funding:{page}"), {"amount": amount}).url
    first, again = client.post(review), client.post(review)
    transfer = Transfer.objects.latest("created_at")
    assert first.url == again.url == account_url(transfer.account, "funding:transfer", transfer.pk)
    return transfer


def at_broker(sandbox: SandboxProcess, account: BrokerageAccount) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get(f"/v1/accounts/{account.broker_account_id}/transfers")
    return found


def test_link_deposit_withdraw_and_unlink(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    client.post(short("funding:link_bank"), BANK)
    link = approve(BankLink.objects.get())

    deposit = ask(client, "1,234.56")
    send_transfer(transfer_id=str(deposit.pk))
    send_transfer(transfer_id=str(deposit.pk))
    finish(deposit)
    assert [row["amount"] for row in at_broker(sandbox, account)] == ["1234.56"]
    assert sync_balances(account=account).cash == Decimal("1234.56")
    receipt = client.get(short("funding:transfer", deposit.pk)).content.decode()
    assert deposit.last_request_id in receipt

    sync_balances(account=account)
    withdrawal = ask(client, "200.00", "withdraw")
    send_transfer(transfer_id=str(withdrawal.pk))
    finish(withdrawal)
    assert sync_balances(account=account).cash == Decimal("1034.56")
    assert banks.unlink_bank(link=link, by=link.user).status == BankLinkStatus.CANCELED


def test_deposit_reply_lost_makes_exactly_one_transfer(
    client: Client, bank: BankLink, sandbox: SandboxProcess
) -> None:
    sandbox.fail_next("POST", f"/v1/accounts/{bank.account.broker_account_id}/transfers", "drop_reply")
    deposit = ask(client, "50.00")
    send_transfer(transfer_id=str(deposit.pk))
    deposit.refresh_from_db()
    assert deposit.status == TransferStatus.UNKNOWN
    for _ in range(2):
        settling.settle_transfers(now=timezone.now() + LATER)
    finish(deposit)
    assert len(at_broker(sandbox, bank.account)) == 1


def test_deposit_connection_refused_before_acting_stays_unknown_until_staff_decide(
    client: Client, bank: BankLink, sandbox: SandboxProcess
) -> None:
    sandbox.fail_next("POST", f"/v1/accounts/{bank.account.broker_account_id}/transfers", "refuse")
    deposit = ask(client, "50.00")
    send_transfer(transfer_id=str(deposit.pk))
    settling.settle_transfers(now=timezone.now() + LATER)
    deposit.refresh_from_db()
    assert deposit.status == TransferStatus.UNKNOWN
    assert at_broker(sandbox, bank.account) == []
    settling.record_not_done(transfer=deposit, by=bank.user)
    assert ask(client, "50.00").pk != deposit.pk


def test_deposit_broker_down_is_sent_once_it_is_back(
    client: Client, bank: BankLink, sandbox: SandboxProcess
) -> None:
    deposit = ask(client, "50.00")
    sandbox.kill()
    send_transfer(transfer_id=str(deposit.pk))
    deposit.refresh_from_db()
    assert (deposit.status, deposit.claimed_at) == (TransferStatus.SUBMITTING, None)
    sandbox.start()
    settling.settle_transfers(now=timezone.now() + LATER)
    finish(deposit)
    assert len(at_broker(sandbox, bank.account)) == 1


def test_deposit_returned_after_completion(client: Client, bank: BankLink, sandbox: SandboxProcess) -> None:
    deposit = ask(client, "75.00")
    send_transfer(transfer_id=str(deposit.pk))
    finish(deposit)
    sandbox.return_transfer(str(deposit.broker_transfer_id))
    event = {
        "account_id": str(bank.account.broker_account_id),
        "entity_id": str(deposit.broker_transfer_id),
        "status_to": "RETURNED",
    }
    transfers.on_transfer_event(event)
    deposit.refresh_from_db()
    assert deposit.status == TransferStatus.RETURNED
    assert "R01" in deposit.status_reason
    sync_balances(account=bank.account)
    page = " ".join(client.get(short("funding:transfers")).content.decode().split())
    assert "deposit of $75.00 was returned by your bank" in page


def test_link_bank_reply_lost_makes_exactly_one_link(
    client: Client, account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    path = f"/v1/accounts/{account.broker_account_id}/ach_relationships"
    sandbox.fail_next("POST", path, "drop_reply")
    client.post(short("funding:link_bank"), BANK)
    link = BankLink.objects.get()
    assert link.status == BankLinkStatus.UNKNOWN
    banks.settle_bank_links(now=timezone.now() + LATER)
    approve(link)
    assert [row["id"] for row in sandbox.get(path)] == [str(link.relationship_id)]


def test_unlink_bank_reply_lost_ends_unlinked(bank: BankLink, sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{bank.account.broker_account_id}/ach_relationships"
    sandbox.fail_next("DELETE", f"{path}/{bank.relationship_id}", "drop_reply")
    assert banks.unlink_bank(link=bank, by=bank.user).status == BankLinkStatus.CANCEL_REQUESTED
    banks.settle_bank_links(now=timezone.now() + LATER)
    bank.refresh_from_db()
    assert bank.status == BankLinkStatus.CANCELED
    assert sandbox.get(path) == []
