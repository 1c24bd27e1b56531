from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import apply_account_status
from brokerapp.workflow import state, writes
from brokerapp.workflow.state import Process
from onboarding.models import Document, KycApplication
from onboarding.services import documents, retention
from onboarding.statuses import DocumentStatus
from onboarding.tasks import drop_personal_data
from tests.factories import BrokerageAccountFactory, KycApplicationFactory, StaffFactory, account_reply

pytestmark = pytest.mark.django_db

LATER = timedelta(days=31)


def store(application: KycApplication) -> Document:
    return documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"a passport",
    )


@pytest.fixture
def document() -> Document:
    return store(BrokerageAccountFactory.create().application)


def content_of(document: Document) -> bytes:
    return bytes(Document.objects.get(pk=document.pk).content)


@pytest.mark.parametrize("status", [DocumentStatus.SENT, DocumentStatus.REFUSED])
def test_drop_documents_once_the_broker_decided_and_the_period_is_over(
    document: Document, status: str
) -> None:
    writes.conclude(document, status, reason="", request_id="")
    assert retention.drop_documents(now=timezone.now() + timedelta(days=29)) == 0
    assert content_of(document) == b"a passport"
    now = timezone.now() + LATER
    assert retention.drop_documents(now=now) == 1
    document.refresh_from_db()
    assert (content_of(document), document.dropped_at, document.status) == (b"", now, status)
    assert retention.drop_documents(now=now + LATER) == 0


def test_drop_documents_leaves_what_the_broker_does_not_have(document: Document) -> None:
    waiting = store(KycApplicationFactory.create())
    unknown = store(BrokerageAccountFactory.create().application)
    writes.conclude(unknown, DocumentStatus.UNKNOWN, reason="", request_id="")
    assert retention.drop_documents(now=timezone.now() + timedelta(days=4000)) == 0
    assert [content_of(row) for row in (document, waiting, unknown)] == [b"a passport"] * 3


def test_drop_documents_by_the_setting(document: Document, settings: Any) -> None:
    settings.DOCUMENT_RETENTION_DAYS = 0
    writes.conclude(document, DocumentStatus.SENT, reason="", request_id="")
    drop_personal_data()
    assert content_of(document) == b""


def at(account: BrokerageAccount, status: str, when: datetime) -> BrokerageAccount:
    reply = account_reply(id=str(account.broker_account_id), status=status)
    account = apply_account_status(account=account, reply=reply, asked_at=when, by=Process.POLL)
    BrokerageAccount.objects.filter(pk=account.pk).update(status_at=when)
    return account


@pytest.mark.parametrize("status", ["ACTIVE", "ACCOUNT_CLOSED"])
def test_drop_tax_ids_of_accounts_that_were_opened(status: str) -> None:
    account = at(BrokerageAccountFactory.create(status="SUBMITTED"), status, timezone.now())
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=29)) == 0
    now = timezone.now() + LATER
    assert retention.drop_tax_ids(now=now) == 1
    application = KycApplication.objects.get(account=account)
    assert (application.tax_id, application.tax_id_last4, application.tax_id_dropped_at) == ("", "4321", now)
    assert retention.drop_tax_ids(now=now + LATER) == 0


@pytest.mark.parametrize("status", ["SUBMITTED", "ACTION_REQUIRED", "REJECTED", "APPROVED"])
def test_drop_tax_ids_leaves_those_that_may_be_sent_again(status: str) -> None:
    account = BrokerageAccountFactory.create(status=status)
    draft = KycApplicationFactory.create()
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=4000)) == 0
    for application in (draft, account.application):
        assert KycApplication.objects.get(pk=application.pk).tax_id == "124554321"


def test_pages_show_the_last_four_of_a_tax_id_that_was_dropped(client: Client) -> None:
    account = BrokerageAccountFactory.create()
    retention.drop_tax_ids(now=timezone.now() + LATER)
    client.force_login(StaffFactory.create())
    page = client.get(f"/admin/onboarding/kycapplication/{account.application.pk}/change/").content.decode()
    assert "4321" in page
    assert "124554321" not in page


def test_dropped_document_is_never_sent(document: Document) -> None:
    writes.conclude(document, DocumentStatus.SENT, reason="", request_id="")
    retention.drop_documents(now=timezone.now() + LATER)
    assert not writes.waiting_to_be_sent(Document, timezone.now() + LATER).exists()
    assert not state.can_move(document, DocumentStatus.STORED)
