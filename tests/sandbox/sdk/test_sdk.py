"""Alpaca's Python SDK against the running process: a test for each method of ``BrokerClient``, named for it.

Accounts, documents, funding and journals here; the rest in ``test_sdk_*.py`` beside it.
"""

import base64
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from alpaca.broker.client import BrokerClient
from alpaca.broker.enums import (
    AccountEntities,
    ACHRelationshipStatus,
    BankAccountType,
    DocumentType,
    IdentifierType,
    JournalEntryType,
    JournalStatus,
    TradeDocumentType,
    TransferDirection,
    TransferStatus,
    TransferTiming,
    UploadDocumentMimeType,
)
from alpaca.broker.models import Account
from alpaca.broker.requests import (
    BatchJournalRequestEntry,
    CreateAccountRequest,
    CreateACHRelationshipRequest,
    CreateACHTransferRequest,
    CreateBankRequest,
    CreateBankTransferRequest,
    CreateBatchJournalRequest,
    CreateJournalRequest,
    CreatePlaidRelationshipRequest,
    CreateReverseBatchJournalRequest,
    GetAccountActivitiesRequest,
    GetJournalsRequest,
    GetTradeDocumentsRequest,
    GetTransfersRequest,
    ListAccountsRequest,
    ReverseBatchJournalRequestEntry,
    UpdatableContact,
    UpdateAccountRequest,
    UploadDocumentRequest,
)
from alpaca.common.enums import PaginationType
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import AccountStatus, ActivityType

from tests.sandbox.people import application, link_bank, open_account
from tests.sandbox.process import now_of
from tests.sandbox.sdk import test_sdk_events, test_sdk_rebalancing, test_sdk_trading
from tests.sandbox_process import SandboxProcess, eventually

# Methods of BrokerClient without a test, and why.
LEFT_OUT = {
    "get_cip_data_for_account_by_id": "sends nothing: its body is empty in the SDK",
    "upload_cip_data_for_account_by_id": "sends nothing: its body is empty in the SDK",
}


def test_every_method_is_driven_or_named() -> None:
    methods = {name for name in vars(BrokerClient) if not name.startswith("_")}
    modules = (globals(), *map(vars, (test_sdk_events, test_sdk_rebalancing, test_sdk_trading)))
    tests = {name.removeprefix("test_") for module in modules for name in module}

    assert methods - tests == LEFT_OUT.keys()


# Accounts


def test_create_account(sdk: BrokerClient) -> None:
    body = application(disclosures__employment_status="EMPLOYED")

    account = sdk.create_account(CreateAccountRequest(**body))

    assert (account.status, account.identity.given_name) == (AccountStatus.SUBMITTED, "Jane")


def test_get_account_by_id(sdk: BrokerClient, account_id: str) -> None:
    account = sdk.get_account_by_id(account_id)

    assert (str(account.id), account.status) == (account_id, AccountStatus.ACTIVE)


def test_get_account_by_id_unknown(sdk: BrokerClient) -> None:
    with pytest.raises(APIError) as caught:
        sdk.get_account_by_id("1f1f1f1f-0000-4000-8000-000000000000")

    assert (caught.value.status_code, caught.value.code) == (401, 40110000)


def test_update_account(sdk: BrokerClient, account_id: str) -> None:
    change = UpdateAccountRequest(contact=UpdatableContact(phone_number="555-000-1111"))

    assert sdk.update_account(account_id, change).contact.phone_number == "555-000-1111"


def test_list_accounts(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    entities = [AccountEntities.CONTACT, AccountEntities.IDENTITY]
    since = now_of(sandbox) - dt.timedelta(days=1)
    wanted = ListAccountsRequest(
        query="Jane", status=[AccountStatus.ACTIVE], created_after=since, entities=entities
    )

    found = {str(account.id): account for account in sdk.list_accounts(wanted)}

    assert isinstance(found[account_id], Account)
    assert found[account_id].contact.city == "San Mateo"
    assert found[account_id].disclosures is None


def test_close_account(sdk: BrokerClient, sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    sdk.close_account(account_id)

    assert sdk.get_account_by_id(account_id).status == AccountStatus.ACCOUNT_CLOSED


@pytest.mark.filterwarnings("ignore:delete_account is deprecated")
def test_delete_account(sdk: BrokerClient, sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    sdk.delete_account(account_id)

    assert sdk.get_account_by_id(account_id).status == AccountStatus.ACCOUNT_CLOSED


def test_get_trade_account_by_id(sdk: BrokerClient, account_id: str) -> None:
    account = sdk.get_trade_account_by_id(account_id)

    assert (account.cash, account.buying_power, account.equity) == ("20000",) * 3


def test_get_trade_configuration_for_account(sdk: BrokerClient, account_id: str) -> None:
    assert sdk.get_trade_configuration_for_account(account_id).suspend_trade is False


def test_update_trade_configuration_for_account(sdk: BrokerClient, account_id: str) -> None:
    configuration = sdk.get_trade_configuration_for_account(account_id)
    configuration.no_shorting = True

    assert sdk.update_trade_configuration_for_account(account_id, configuration).no_shorting is True


def test_get_account_activities(sdk: BrokerClient, account_id: str) -> None:
    wanted = GetAccountActivitiesRequest(account_id=account_id, activity_types=[ActivityType.CSD])

    [activity] = sdk.get_account_activities(wanted)

    assert (activity.net_amount, activity.status) == (20000, "executed")


def test_get_account_activities_page_by_page(sdk: BrokerClient, sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    for amount in ("1", "2", "3"):
        sandbox.deposit(account_id, amount)
    wanted = GetAccountActivitiesRequest(account_id=account_id, page_size=2)

    pages = sdk.get_account_activities(wanted, handle_pagination=PaginationType.ITERATOR)

    assert [[activity.net_amount for activity in page] for page in pages] == [[3, 2], [1]]


# Documents


def test_upload_documents_to_account(sdk: BrokerClient, account_id: str) -> None:
    document = UploadDocumentRequest(
        document_type=DocumentType.IDENTITY_VERIFICATION,
        document_sub_type=None,
        content=base64.b64encode(b"a passport").decode(),
        mime_type=UploadDocumentMimeType.PNG,
    )

    sdk.upload_documents_to_account(account_id, [document])

    [kept] = sdk.get_account_by_id(account_id).documents
    assert kept.document_type == DocumentType.IDENTITY_VERIFICATION


@pytest.fixture
def published(sandbox: SandboxProcess, account_id: str) -> str:
    """The account of a statement that is there."""
    path = "/_sandbox/scenarios/document_published"
    sandbox.request("POST", path, json={"account_id": account_id}).raise_for_status()
    return account_id


def test_get_trade_documents_for_account(sdk: BrokerClient, published: str) -> None:
    wanted = GetTradeDocumentsRequest(start="2020-01-01", type=TradeDocumentType.ACCOUNT_STATEMENT)

    found = sdk.get_trade_documents_for_account(published, wanted)

    assert {document.type for document in found} == {TradeDocumentType.ACCOUNT_STATEMENT}


def test_get_trade_document_for_account_by_id(sdk: BrokerClient, published: str) -> None:
    listed = sdk.get_trade_documents_for_account(published)[0]

    assert sdk.get_trade_document_for_account_by_id(published, listed.id) == listed


def test_download_trade_document_for_account_by_id(sdk: BrokerClient, published: str, tmp_path: Path) -> None:
    document = sdk.get_trade_documents_for_account(published)[0]

    sdk.download_trade_document_for_account_by_id(published, document.id, str(tmp_path / "statement.pdf"))

    assert (tmp_path / "statement.pdf").read_bytes().startswith(b"%PDF-")


# Funding


def ach(name: str = "Jane Doe") -> CreateACHRelationshipRequest:
    return CreateACHRelationshipRequest(
        account_owner_name=name,
        bank_account_type=BankAccountType.CHECKING,
        bank_account_number="32131231abc",
        bank_routing_number="121000358",
        nickname="Bank of America Checking",
    )


def test_create_ach_relationship_for_account(sdk: BrokerClient, account_id: str) -> None:
    link = sdk.create_ach_relationship_for_account(account_id, ach())

    assert (link.status, link.nickname) == (ACHRelationshipStatus.QUEUED, "Bank of America Checking")


def test_create_ach_relationship_for_account_by_token(sdk: BrokerClient, account_id: str) -> None:
    token = CreatePlaidRelationshipRequest(processor_token="processor-sandbox-0asd1")

    assert sdk.create_ach_relationship_for_account(account_id, token).status == ACHRelationshipStatus.QUEUED


def test_get_ach_relationships_for_account(
    sdk: BrokerClient, sandbox: SandboxProcess, account_id: str
) -> None:
    link_id = link_bank(sandbox, account_id)

    [link] = sdk.get_ach_relationships_for_account(account_id, [ACHRelationshipStatus.APPROVED])

    assert str(link.id) == link_id


def test_delete_ach_relationship_for_account(
    sdk: BrokerClient, sandbox: SandboxProcess, account_id: str
) -> None:
    sdk.delete_ach_relationship_for_account(account_id, link_bank(sandbox, account_id))

    assert sdk.get_ach_relationships_for_account(account_id, [ACHRelationshipStatus.APPROVED]) == []


def recipient_bank(sdk: BrokerClient, account_id: str) -> Any:
    request = CreateBankRequest(
        name="Chase", bank_code_type=IdentifierType.ABA, bank_code="123456789", account_number="1234567890"
    )
    return sdk.create_bank_for_account(account_id, request)


def test_create_bank_for_account(sdk: BrokerClient, account_id: str) -> None:
    assert recipient_bank(sdk, account_id).bank_code == "123456789"


def test_get_banks_for_account(sdk: BrokerClient, account_id: str) -> None:
    bank = recipient_bank(sdk, account_id)

    assert [found.id for found in sdk.get_banks_for_account(account_id)] == [bank.id]


def test_delete_bank_for_account(sdk: BrokerClient, account_id: str) -> None:
    bank = recipient_bank(sdk, account_id)

    sdk.delete_bank_for_account(account_id, bank.id)

    assert [found.id for found in sdk.get_banks_for_account(account_id) if found.status != "CANCELED"] == []


def ach_transfer(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> Any:
    request = CreateACHTransferRequest(
        amount="10",
        direction=TransferDirection.INCOMING,
        timing=TransferTiming.IMMEDIATE,
        relationship_id=link_bank(sandbox, account_id),
    )
    return sdk.create_transfer_for_account(account_id, request)


def test_create_transfer_for_account(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    transfer = ach_transfer(sdk, sandbox, account_id)

    assert (transfer.amount, transfer.status) == ("10", TransferStatus.QUEUED)


def test_create_transfer_for_account_by_wire(sdk: BrokerClient, account_id: str) -> None:
    bank = recipient_bank(sdk, account_id)
    eventually(lambda: sdk.get_banks_for_account(account_id)[0].status == "APPROVED", what="approved bank")
    request = CreateBankTransferRequest(
        amount="50", direction=TransferDirection.OUTGOING, timing=TransferTiming.IMMEDIATE, bank_id=bank.id
    )

    assert sdk.create_transfer_for_account(account_id, request).bank_id == bank.id


def test_get_transfers_for_account(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    transfer = ach_transfer(sdk, sandbox, account_id)

    found = sdk.get_transfers_for_account(
        account_id, GetTransfersRequest(direction=TransferDirection.INCOMING, limit=3)
    )

    assert [each.id for each in found] == [transfer.id]


def test_cancel_transfer_for_account(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    transfer = ach_transfer(sdk, sandbox, account_id)

    sdk.cancel_transfer_for_account(account_id, transfer.id)

    assert sdk.get_transfers_for_account(account_id)[0].status == TransferStatus.CANCELED


# Journals


def cash_journal(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str, **members: Any) -> Any:
    request = CreateJournalRequest(
        entry_type=JournalEntryType.CASH,
        from_account=sandbox.firm_account_id,
        to_account=account_id,
        **{"amount": 5, **members},
    )
    return sdk.create_journal(request)


def test_create_journal(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    journal = cash_journal(sdk, sandbox, account_id)

    assert (journal.net_amount, journal.entry_type) == (5, JournalEntryType.CASH)


def test_create_batch_journal(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    request = CreateBatchJournalRequest(
        entry_type=JournalEntryType.CASH,
        from_account=sandbox.firm_account_id,
        entries=[BatchJournalRequestEntry(to_account=account_id, amount=2)],
    )

    [journal] = sdk.create_batch_journal(request)

    assert (str(journal.to_account), journal.error_message) == (account_id, "")


def test_create_reverse_batch_journal(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    request = CreateReverseBatchJournalRequest(
        entry_type=JournalEntryType.CASH,
        to_account=sandbox.firm_account_id,
        entries=[ReverseBatchJournalRequestEntry(from_account=account_id, amount=2)],
    )

    [journal] = sdk.create_reverse_batch_journal(request)

    assert str(journal.from_account) == account_id


def test_get_journals(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    journal = cash_journal(sdk, sandbox, account_id)
    wanted = GetJournalsRequest(to_account=account_id, entry_type=JournalEntryType.CASH)

    assert [found.id for found in sdk.get_journals(wanted)] == [journal.id]


def test_get_journal_by_id(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    journal = cash_journal(sdk, sandbox, account_id)

    assert sdk.get_journal_by_id(journal.id).net_amount == 5


def test_cancel_journal_by_id(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    journal = cash_journal(sdk, sandbox, account_id, amount=60)  # above the limit: it waits
    eventually(lambda: sdk.get_journal_by_id(journal.id).status == JournalStatus.PENDING, what="pending")

    sdk.cancel_journal_by_id(journal.id)

    assert sdk.get_journal_by_id(journal.id).status == JournalStatus.CANCELED
