"""Sending documents: once, and never given up for a fault of ours. The broker is a stub here."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow import writes
from brokerapp.workflow.models import StatusChange
from onboarding.models import Document
from onboarding.services import documents
from onboarding.statuses import DocumentStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import BrokerageAccountFactory, KycApplicationFactory, StaffFactory, account_reply

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a passport"


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(status="ACTION_REQUIRED")


@pytest.fixture
def document(account: BrokerageAccount) -> Document:
    return store(account)


def store(account: BrokerageAccount, content: bytes = PDF) -> Document:
    return documents.store_document(
        application=account.application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=content,
    )


def upload_path(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}/documents/upload"


def has_documents(account: BrokerageAccount, count: int) -> dict[str, Any]:
    kept = [{"id": str(uuid4()), "document_type": "identity_verification"} for _ in range(count)]
    reply = account_reply(id=str(account.broker_account_id), documents=kept)
    return reply.model_dump(mode="json")


def account_path(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}"


def test_send_document_twice_sends_once(
    broker: BrokerStub, account: BrokerageAccount, document: Document
) -> None:
    broker.on("POST", upload_path(account), status=204)
    twin = Document.objects.get(pk=document.pk)
    for row in (document, twin):
        documents.send_document(document=row, now=timezone.now())
    assert (document.status, document.last_request_id) == (DocumentStatus.SENT, REQUEST_ID)
    assert len(broker.calls) == 1


def test_send_document_before_there_is_an_account_waits(broker: BrokerStub) -> None:
    document = documents.store_document(
        application=KycApplicationFactory.create(),
        document_type="identity_verification",
        mime_type="application/pdf",
        content=PDF,
    )
    documents.send_document(document=document, now=timezone.now())
    documents.settle_documents(now=timezone.now() + timedelta(days=1))
    document.refresh_from_db()
    assert (document.status, document.claimed_at) == (DocumentStatus.STORED, None)


def test_send_document_refused_keeps_the_brokers_words(
    broker: BrokerStub, account: BrokerageAccount, document: Document
) -> None:
    broker.on("POST", upload_path(account), status=422, json={"code": 42210000, "message": "file is damaged"})
    documents.send_document(document=document, now=timezone.now())
    assert (document.status, document.status_reason) == (DocumentStatus.REFUSED, "file is damaged")


def test_send_document_while_our_key_is_not_accepted_waits_and_is_sent_later(
    broker: BrokerStub, account: BrokerageAccount, document: Document
) -> None:
    broker.on("POST", upload_path(account), status=401, json={"message": "unauthorized."})
    documents.send_document(document=document, now=timezone.now())
    assert (document.status, document.claimed_at) == (DocumentStatus.STORED, None)
    broker.replace("POST", upload_path(account), status=204)
    documents.settle_documents(now=document.send_after)
    document.refresh_from_db()
    assert document.status == DocumentStatus.SENT


@pytest.mark.parametrize(("at_broker", "status"), [(1, "SENT"), (0, "UNKNOWN")])
def test_settle_document_after_a_lost_reply_asks_whether_it_is_there(
    broker: BrokerStub, account: BrokerageAccount, document: Document, at_broker: int, status: str
) -> None:
    broker.on("POST", upload_path(account), body=requests.ReadTimeout())
    documents.send_document(document=document, now=timezone.now())
    assert document.status == DocumentStatus.UNKNOWN
    broker.on("GET", account_path(account), json=has_documents(account, at_broker))
    documents.settle_documents(now=timezone.now() + timedelta(minutes=10))
    document.refresh_from_db()
    assert (document.status, broker.count("POST")) == (status, 1 if status == "SENT" else 2)


def test_settle_documents_of_one_type_counts_each_copy_once(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    rows = [store(account, content) for content in (PDF, PDF + b"2")]
    for row in rows:
        writes.conclude(row, DocumentStatus.UNKNOWN, reason="No reply.", request_id="")
    broker.on("GET", account_path(account), json=has_documents(account, 1))
    documents.settle_documents(now=timezone.now() + timedelta(minutes=10))
    assert sorted(Document.objects.values_list("status", flat=True)) == ["SENT", "UNKNOWN"]


def test_settle_document_asked_by_staff_says_so_in_the_history(
    broker: BrokerStub, account: BrokerageAccount, document: Document
) -> None:
    writes.conclude(document, DocumentStatus.UNKNOWN, reason="No reply.", request_id="")
    broker.on("GET", account_path(account), json=has_documents(account, 1))
    staff = StaffFactory.create()
    documents.settle_document(document=document, by=staff, now=timezone.now())
    newest = StatusChange.objects.about(document).last()
    assert newest is not None
    assert (newest.to_status, newest.actor_id) == ("SENT", staff.pk)


def test_remove_document_that_is_being_sent_is_not_possible(document: Document) -> None:
    assert writes.claim(document, now=timezone.now())
    assert not documents.remove_document(document=document)
